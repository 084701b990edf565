// Installs, builds, runs the tests of all packages, and adds up the results.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from './build.js';
import { startCoverage } from './coverage.js';
import { install } from './install.js';
import { findNode, NODES } from './nodes.js';
import { runTests } from './test-process.js';
import { Failure, files, packages, ROOT } from './workspace.js';

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

/** @typedef {import('./test-process.js').Group} Group */
/**
 * @typedef {object} Options
 * @property {string[]} filters
 * @property {number} [timeout]
 * @property {boolean} [all]
 * @property {boolean} [coverage]
 * @property {boolean} [times]
 * @property {string} [node]
 */

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export function command(args) {
  const options = parse(args);
  const groups = testFiles(ROOT, options.filters).filter(
    ({ folder }) => options.node === undefined || ON_EVERY_NODE.includes(folder),
  );
  if (groups.length === 0) {
    throw new Failure(`No test file has a path that contains ${options.filters.join(' or ')}.`);
  }
  install(ROOT, options.node === undefined ? 'all' : 'nodes');
  const names = groups.map(({ name }) => name);
  build(ROOT, options.filters.length > 0 ? names : undefined);
  return runGroups(ROOT, groups, options);
}

/**
 * @param {string[]} args
 * @returns {Options}
 */
function parse(args) {
  const flag = /** @type {const} */ ({ type: 'boolean' });
  const text = /** @type {const} */ ({ type: 'string' });
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { all: flag, coverage: flag, times: flag, timeout: text, node: text },
  });
  const { timeout = '', node, ...flags } = values;
  if (timeout !== '' && !(Number(timeout) > 0)) throw new Failure(`--timeout ${timeout} is no number of seconds`);
  if (node !== undefined && !NODES.includes(node)) throw new Failure(`--node ${node} is none of ${NODES.join(', ')}`);
  return { ...flags, ...(node && { node }), ...(timeout && { timeout: Number(timeout) }), filters: positionals };
}

/**
 * Returns the test files grouped by package. Packages with long files come first and core, with its short ones, last, so that
 * no processor core waits long for another at the end.
 * @param {string} root
 * @param {string[]} filters
 * @returns {Group[]}
 */
export function testFiles(root, filters) {
  const wanted = (/** @type {string} */ path) =>
    path.endsWith('.test.ts') && (filters.length === 0 || filters.some((part) => path.includes(part)));
  return packages(root)
    .map(({ name, folder }) => ({
      name,
      folder,
      paths: files(root, folder.startsWith('packages/') ? `${folder}/test` : folder).filter(wanted),
    }))
    .filter(({ paths }) => paths.length > 0)
    .reverse();
}

/**
 * Runs test files and prints the closing line.
 * @param {string} root
 * @param {Group[]} groups
 * @param {Options} options
 * @returns {Promise<number>} the exit code
 */
export async function runGroups(root, groups, { filters, all, coverage, times, node, timeout = all ? 900 : 300 }) {
  const measure = coverage ? startCoverage(root, COVERED) : undefined;
  const total = await runTests(root, groups, {
    program: node === undefined ? process.execPath : findNode(node),
    timeout,
    workers: availableParallelism() + 1, // many tests wait for sockets and other programs
    env: all ? { SOCKLESS_TEST_ALL: '1' } : {},
    measure: (folder) => (folder === COVERED ? measure : undefined),
  });
  const covered = measure?.report(filters.length === 0) ?? true;
  if (times) {
    console.log('\nseconds  file');
    for (const { path, seconds } of total.times.sort((a, b) => b.seconds - a.seconds)) {
      console.log(`${seconds.toFixed(1).padStart(7)}  ${path}`);
    }
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && covered ? 0 : 1;
}
