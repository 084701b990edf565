// Runs the benchmarks.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { Failure, files, ROOT } from './workspace.js';

export const help = `npm run bench [-- FILTER…]

Runs the files of benchmarks/ itself (not of its folders), each in a process of its own.

  FILTER  run only the files whose path contains one of these`;

/**
 * @param {string[]} filters
 * @returns {number} the exit code
 */
export function command(filters) {
  const paths = files(ROOT, 'benchmarks')
    .filter((path) => /^benchmarks\/[^/]+\.ts$/.test(path) && !path.endsWith('.test.ts'))
    .filter((path) => filters.length === 0 || filters.some((part) => path.includes(part)));
  if (paths.length === 0) {
    throw new Failure('There is no such benchmark.');
  }
  install(ROOT, 'all');
  build(ROOT, ['@sockless/benchmarks']);
  const failed = paths.filter((path) => {
    console.log(`\n${path}`);
    return spawnSync(process.execPath, ['--import', 'tsx', path], { cwd: ROOT, stdio: 'inherit' }).status !== 0;
  });
  return failed.length === 0 ? 0 : 1;
}
