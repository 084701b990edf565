/** The programs in documents: each block of Markdown that is marked `ts` is one, and tests run its very text. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tsBlankSpace from 'ts-blank-space';

/** Returns all programs of a document. */
export function programsIn(document: URL): string[] {
  return [...readFileSync(document, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
}

/** Returns the one program of a document that contains these words, such as `await serve(`. */
export function programIn(document: URL, words: string): string {
  const [program, ...others] = programsIn(document).filter((text) => text.includes(words));
  if (program === undefined || others.length > 0) {
    throw new Error(`${document.pathname} has ${others.length + (program ? 1 : 0)} programs that say ${words}`);
  }
  return program;
}

/** Replaces parts of a program, each of which it must have exactly once. */
export function edit(program: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [from, to]) => {
    const [before = '', after, ...more] = text.split(from);
    if (after === undefined || more.length > 0) throw new Error(`the program should say ${from} once:\n${text}`);
    return before + to + after;
  }, program);
}

/** A folder for programs, inside of a package so that they find what that package depends on. */
export interface ProgramFolder {
  /** Writes a program as TypeScript, or for Node without its types, and returns its path. */
  write(name: string, program: string, as: 'ts' | 'mjs'): string;
  remove(): void;
}

/** Makes a folder for programs in the `dist` folder of a package, which neither git nor the tools look into. */
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
