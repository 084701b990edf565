/** Runtimes that are programs: they run a file, and print JSON. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as native from '../../tools/native.js';
import { bundleExpectations } from './bundle.ts';
import type { Report } from './inside.ts';
import { type Runtime, reports, TIMEOUT, whyMissing } from './runtime.ts';

const execute = promisify(execFile);

/** The program of a runtime, from the npm packages that may contain it. */
interface Program {
  readonly path: string | undefined;
  readonly args?: readonly string[];
}

const NODE: Program = { path: process.execPath };
const NEWEST_NODE: Program = { path: native.findProgram(import.meta.url, native.NEWEST_NODE) };
const DENO: Program = {
  path: native.findProgram(import.meta.url, native.DENO),
  args: ['run', '--quiet', '--no-lock', '--no-config'],
};
const BUN: Program = { path: native.findProgram(import.meta.url, native.BUN) };

/** Runs a file and returns its output. */
async function output({ path = '', args = [] }: Program, file: string): Promise<string> {
  const options = { env: { ...process.env, ...native.DENO_ENV }, timeout: TIMEOUT, maxBuffer: 2 ** 26 };
  return (await execute(path, [...args, file], options)).stdout;
}

function runtime(name: string, program: Program, run: (bare: boolean) => Promise<string>): Runtime {
  return {
    name,
    missing: whyMissing(program.path),
    async run(bare) {
      const reports = JSON.parse(await run(bare)) as Report[];
      const version = await output({ path: program.path }, '--version');
      return { version: /\d+(\.\d+)+/.exec(version)?.[0] ?? version, reports };
    },
  };
}

/** The expectations as a file. */
const expectations = (name: string, program: Program): Runtime =>
  runtime(name, program, async (bare) => {
    const folder = await mkdtemp(join(tmpdir(), 'sockless-'));
    try {
      const file = join(folder, 'expectations.mjs');
      await writeFile(file, `${await bundleExpectations()}\nconsole.log(JSON.stringify(${reports(bare)}));`);
      return await output(program, file);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

/** The built `@sockless/node`. */
const adapter = (name: string, program: Program): Runtime =>
  runtime(name, program, () => output(program, fileURLToPath(new URL('adapter.ts', import.meta.url))));

/** Node, Deno and Bun; the newer versions run TypeScript unchanged. */
export const PROGRAMS: readonly Runtime[] = [
  expectations('node', NODE),
  expectations('node-newest', NEWEST_NODE),
  expectations('deno', DENO),
  expectations('bun', BUN),
  adapter('node-newest+@sockless/node', NEWEST_NODE),
  adapter('bun+@sockless/node', BUN),
];
