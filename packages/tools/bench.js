// Installs, builds and runs the benchmarks.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = readFileSync(new URL('../../benchmarks/help.txt', import.meta.url), 'utf8').trimEnd();

/**
 * @param {string[]} args are passed to the benchmarks
 * @returns {number} the exit code
 */
export function command(args) {
  install(ROOT, 'all');
  build(ROOT, ['@sockless/benchmarks']);
  const run = ['--import', 'tsx', 'benchmarks/src/run.ts', ...args];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
