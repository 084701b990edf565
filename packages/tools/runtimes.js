// Installs, builds, and runs what core and deflate must fulfil in every runtime.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { Failure, ROOT } from './workspace.js';

export const help = `npm run runtimes [-- FILTER…]

Runs one list of expectations, bundled once from the sources of core and deflate, in every runtime, and prints a table:
this Node, the newest one, Deno, Bun, workerd, Chromium (a page and a worker) and QuickJS; each with what it offers and
with nothing but ECMAScript. Then the built @sockless/node over sockets in the newest Node and in Bun, and the example
of a Worker over TCP in workerd. All must come to the same digest of events and bytes.

  FILTER  run only those whose name begins with one of these: npm run runtimes -- bun deno

Chromium is Debian's; the others come from npm. What is missing is skipped, and a failure where CI is set.`;

/**
 * @param {string[]} args
 * @returns {number} the exit code
 */
export function command(args) {
  const unknown = args.find((arg) => arg.startsWith('-'));
  if (unknown !== undefined) {
    throw new Failure(`${unknown} is not understood.\n\n${help}`);
  }
  install(ROOT, 'all');
  build(ROOT, ['@sockless/runtimes']);
  const run = ['--import', 'tsx', 'packages/runtimes/src/run.ts', ...args];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
