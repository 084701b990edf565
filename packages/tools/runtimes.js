// Installs, builds, and runs the expectations of core and deflate in every runtime.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { Failure, ROOT } from './workspace.js';

export const help = `npm run runtimes [-- FILTER…]

Bundles one list of expectations from the sources of core and deflate, runs it in every runtime, and prints a table.
The runtimes are this Node, the newest one, Deno, Bun, workerd, Chromium (a page and a worker) and QuickJS, each with its own
globals and with those of ECMAScript alone. Then it runs the built @sockless/node over sockets in the newest Node and in Bun,
and the example of a Worker over TCP in workerd. All must produce the same digest of events and bytes.

  FILTER  run only runtimes whose names begin with one of these: npm run runtimes -- bun deno

Chromium comes from Debian, the other runtimes from npm. A missing runtime is skipped; if CI is set, it is a failure.`;

/**
 * @param {string[]} args
 * @returns {number} the exit code
 */
export function command(args) {
  const unknown = args.find((arg) => arg.startsWith('-'));
  if (unknown !== undefined) {
    throw new Failure(`${unknown} is not an option.\n\n${help}`);
  }
  install(ROOT, 'all');
  build(ROOT, ['@sockless/runtimes']);
  const run = ['--import', 'tsx', 'packages/runtimes/src/run.ts', ...args];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
