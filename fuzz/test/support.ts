/** Runs the command `npm run fuzz`, in this process, without what it installs. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { OURS } from '../ours/command.ts';
import { main } from '../src/main.ts';

/** The exit code of a command, and all that it printed. */
export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the command; only one at a time, since it takes all output of this process. */
export async function run(...args: string[]): Promise<Ran> {
  const { log, error } = console;
  const { write } = process.stdout;
  let output = '';
  const take = (text: unknown): boolean => {
    output += text;
    return true;
  };
  console.log = console.error = (text) => take(`${text}\n`);
  process.stdout.write = take as typeof write;
  try {
    return { code: await main(args, OURS), output };
  } finally {
    Object.assign(console, { log, error });
    process.stdout.write = write;
  }
}

/** Returns the path of a file of this package. */
export const ours = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Runs a program in a process of its own. */
export function runProgram(...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      output += data;
    });
  }
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
}
