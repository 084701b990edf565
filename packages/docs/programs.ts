/** The programs in documents: each block of Markdown marked `ts` is a program, and tests run it unchanged. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tsBlankSpace from 'ts-blank-space';

/** Returns all programs of a document. */
export function programsIn(document: URL): string[] {
  return [...readFileSync(document, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
}

/** Returns the only program of a document that contains these words, such as `await serve(`. */
export function programIn(document: URL, words: string): string {
  const [program, ...others] = programsIn(document).filter((text) => text.includes(words));
  if (program === undefined || others.length > 0) {
    throw new Error(`${document.pathname} has ${others.length + (program ? 1 : 0)} programs that say ${words}`);
  }
  return program;
}

/** Replaces parts of a program, each of which must occur exactly once. */
export function edit(program: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [from, to]) => {
    const [before = '', after, ...more] = text.split(from);
    if (after === undefined || more.length > 0) throw new Error(`the program should say ${from} once:\n${text}`);
    return before + to + after;
  }, program);
}

/** A folder for programs, inside a package so that the package's dependencies can be resolved. */
export interface ProgramFolder {
  /** Writes a program, as TypeScript or without its types, and returns its path. */
  write(name: string, program: string, as: 'ts' | 'mjs'): string;
  remove(): void;
}

/** Creates a folder for programs in the `dist` folder of a package, which git and the tools ignore. */
export function programFolder(packageFolder: URL): ProgramFolder {
  const dist = fileURLToPath(new URL('dist/', packageFolder));
  mkdirSync(dist, { recursive: true });
  const folder = mkdtempSync(join(dist, 'programs-'));
  return {
    write(name, program, as) {
      const path = join(folder, `${name}.${as}`);
      writeFileSync(path, as === 'ts' ? program : tsBlankSpace(program));
      return path;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
