// Installs, builds, runs the tests of all packages, and adds up the results.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.js';
import { install } from './install.js';
import { findNode, NODES } from './nodes.js';
import { runFile, running } from './test-process.js';
import { Failure, files, packages, ROOT, runNode } from './workspace.js';

/** The packages that support every Node; the others are tested only on the current one. */
const ON_EVERY_NODE = ['packages/core', 'packages/adapter', 'packages/deflate', 'packages/node'];
const COVERED = 'packages/core';

export const help = `npm test [-- [--all] [--node MAJOR] [--coverage] [--times] [--timeout SECONDS] [FILTER…]]

Installs, builds and runs every *.test.ts of packages/*/test, benchmarks and fuzz, one file more at a time than there are cores.

  FILTER      run only the files whose path contains one of these
  --all       run long tests in full, as npm run test:all does
  --node      run the tests of ${ON_EVERY_NODE.map((folder) => folder.replace('packages/', '')).join(', ')} on another Node, \
which is installed from npm: ${NODES.join(', ')}
  --coverage  print the coverage of packages/core by its own tests; without FILTER, less than 100 % is a failure
  --times     print how many seconds each file took, slowest first
  --timeout   how many seconds a file may take before its process is killed (default: 300; with --all 900)

Tests that need a missing Debian package are skipped and name it; if CI is set they fail.
SOCKLESS_HIDE_TOOLS=all, or =chromium,nginx and so on, hides these packages.`;

/** @typedef {{ name: string, folder: string, path: string }} TestFile with the name and the folder of its package */
/** @typedef {{ [Flag in 'all' | 'coverage' | 'times']?: boolean } & { timeout?: string, node?: string }} Options */

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export function command(args) {
  const flag = /** @type {const} */ ({ type: 'boolean' });
  const text = /** @type {const} */ ({ type: 'string' });
  const known = { all: flag, coverage: flag, times: flag, timeout: text, node: text };
  const { values, positionals: filters } = parseArgs({ args, allowPositionals: true, options: known });
  const { timeout, node } = values;
  if (timeout !== undefined && !(Number(timeout) > 0))
    throw new Failure(`--timeout ${timeout} is no number of seconds`);
  if (node !== undefined && !NODES.includes(node)) throw new Failure(`--node ${node} is none of ${NODES.join(', ')}`);
  const found = testFiles(ROOT, filters).filter(({ folder }) => node === undefined || ON_EVERY_NODE.includes(folder));
  if (found.length === 0) throw new Failure(`No test file has a path that contains ${filters.join(' or ')}.`);
  install(ROOT, node === undefined ? 'all' : 'nodes');
  build(ROOT, filters.length > 0 ? found.map(({ name }) => name) : undefined);
  return runFiles(ROOT, found, values, filters.length === 0);
}

/**
 * Returns the test files. Packages with long files come first and core, with its short ones, last, so that no processor core
 * waits long for another at the end.
 * @param {string} root
 * @param {string[]} filters
 * @returns {TestFile[]}
 */
export function testFiles(root, filters) {
  const wanted = (/** @type {string} */ path) => filters.length === 0 || filters.some((part) => path.includes(part));
  const folders = packages(root).map(({ name, folder }) => {
    const paths = files(root, folder.startsWith('packages/') ? `${folder}/test` : folder);
    return paths.filter((path) => path.endsWith('.test.ts') && wanted(path)).map((path) => ({ name, folder, path }));
  });
  return folders.reverse().flat();
}

/**
 * Runs test files and prints the closing line.
 * @param {string} root
 * @param {TestFile[]} chosen
 * @param {Options} [options]
 * @param {boolean} [judged] whether less than all coverage is a failure
 * @returns {Promise<number>} the exit code
 */
export async function runFiles(root, chosen, { all, coverage, times, node, timeout } = {}, judged = false) {
  const { default: pMap } = await import('p-map');
  const temporary = mkdtempSync(join(tmpdir(), 'sockless-test-'));
  process.once('exit', () => {
    for (const end of running) end();
    rmSync(temporary, { recursive: true, force: true });
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  const how = {
    program: node === undefined ? process.execPath : findNode(node),
    loader: 'tsx',
    env: all ? { SOCKLESS_TEST_ALL: '1' } : {},
    timeout: Number(timeout ?? (all ? 900 : 300)),
  };
  const v8 = join(temporary, 'v8');
  // This loader replaces types by spaces, so that V8 counts in the source itself; tsx minifies, which hides uncovered lines.
  const measured = { ...how, loader: 'ts-blank-space/register', env: { ...how.env, NODE_V8_COVERAGE: v8 } };
  const results = await pMap(
    chosen,
    (file, index) => {
      const each = coverage && file.folder === COVERED ? measured : how;
      return runFile(root, file, { ...each, output: join(temporary, String(index)) });
    },
    { concurrency: availableParallelism() + 1 }, // many tests wait for sockets and other programs
  );

  const sources = ['--all', '--src', join(root, COVERED, 'src'), '--include', `${COVERED}/src/**`];
  const judge = judged ? ['--check-coverage', '--100'] : [];
  const c8 = ['node_modules/c8/bin/c8.js', 'report', '--temp-directory', v8, ...sources, ...judge];
  const covered = !coverage || runNode(c8, root);
  if (times) {
    console.log('\nseconds  file');
    for (const { path, seconds } of results.toSorted((a, b) => b.seconds - a.seconds)) {
      console.log(`${seconds.toFixed(1).padStart(7)}  ${path}`);
    }
  }
  const sum = (/** @type {'passed' | 'failed' | 'skipped'} */ key) =>
    results.reduce((total, each) => total + each[key], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  return sum('failed') === 0 && covered ? 0 : 1;
}
