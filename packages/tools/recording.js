// Records the behaviour of real sockets, to compare the simulated ones with.
import { spawnSync } from 'node:child_process';
import { install } from './install.js';
import { DENO, DENO_ENV, findProgram } from './native.js';
import { ROOT } from './workspace.js';

export const help = `node packages/tools/run.js recording

Plays the situations of packages/node/test/recording with real sockets of the current Node, and writes what happened to
recording.json there (recording-since-22.json has the differences of Node 22 and later). Then it does the same for Deno with the
situations of packages/deno/test/on-deno/recording.`;

const ON_DENO = ['run', '--allow-all', '--no-check', '--import-map', 'packages/deno/test/on-deno/import-map.json'];

/** @returns {number} the exit code */
export function command() {
  install(ROOT, 'all');
  const deno = findProgram(import.meta.url, DENO);
  const runs = [
    [process.execPath, '--import', 'tsx', 'packages/node/test/recording/main.ts', '--write'],
    ...(deno === undefined ? [] : [[deno, ...ON_DENO, 'packages/deno/test/on-deno/recording/main.ts', '--write']]),
  ];
  const codes = runs.map(([program = '', ...args]) => {
    return spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...DENO_ENV } }).status ?? 1;
  });
  return Math.max(...codes);
}
