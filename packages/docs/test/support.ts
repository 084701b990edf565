/** Helpers of the tests of documents: their programs as processes. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { edit, programFolder, programIn } from '../programs.ts';

type Child = ChildProcessByStdio<null, Readable, null>;

/** A running program. */
export interface Program {
  readonly child: Child;
  /** Resolves with its first `count` lines of output, or with all of them when it has ended. */
  lines(count?: number): Promise<string[]>;
  /** Resolves with its exit code, or with the signal that ended it. */
  readonly ended: Promise<number | string>;
}

const folder = programFolder(new URL('..', import.meta.url));
process.on('exit', () => folder.remove());

/** Runs the program of a document that contains these words, with parts of its text replaced, against the built packages. */
export function run(document: string, words: string, parts: Readonly<Record<string, string>> = {}): Program {
  const text = edit(programIn(new URL(document, import.meta.url), words), parts);
  const path = folder.write(words.replace(/\W+/g, '-'), text, 'mjs');
  return watch(spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'inherit'] }));
}

/** Imports such a program instead of running it. */
export function load<Exports>(document: string, words: string): Promise<Exports> {
  const text = programIn(new URL(document, import.meta.url), words);
  return import(folder.write(words.replace(/\W+/g, '-'), text, 'mjs'));
}

function watch(child: Child): Program {
  let text = '';
  const printed = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
    for (const look of printed) look();
  });
  const closed = once(child, 'close');
  return {
    child,
    ended: closed.then(() => child.signalCode ?? child.exitCode ?? 'nothing'),
    lines: (count = Infinity) =>
      new Promise((resolve) => {
        const look = (): void => {
          const lines = text.split('\n').slice(0, -1);
          if (lines.length >= count) resolve(lines.slice(0, count));
        };
        printed.add(look);
        look();
        void closed.then(() => resolve(text.trimEnd().split('\n')));
      }),
  };
}
