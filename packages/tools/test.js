// Installs, builds, runs the tests of one package after the other, and adds up.
import { build } from './build.js';
import { startCoverage } from './coverage.js';
import { install } from './install.js';
import { add, runTests } from './test-process.js';
import { Failure, files, packages, ROOT } from './workspace.js';

export const help = `npm test [-- [--coverage] [--timeout SECONDS] [FILTER…]]

Installs, builds and runs every *.test.ts of packages/*/test, benchmarks and fuzz.

  FILTER      run only the files whose path contains one of these
  --coverage  print how much of packages/core its own tests reach; less than 100 % is a failure (unless filtered)
  --timeout   how long one file may take before its process is killed (default: 120)`;

const COVERED = 'packages/core';

/** @typedef {{ coverage: boolean, timeout: number, filters: string[] }} Options */
/** @typedef {{ name: string, folder: string, paths: string[] }} Group the test files of a package */

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export function command(args) {
  const options = parse(args);
  const groups = testFiles(ROOT, options.filters);
  if (groups.length === 0) {
    throw new Failure(`There is no test file ${options.filters.join(' or ')}.`);
  }
  install(ROOT, 'all');
  const names = groups.map(({ name }) => name);
  build(ROOT, options.filters.length > 0 ? names : undefined);
  return runGroups(ROOT, groups, options);
}

/**
 * @param {string[]} args
 * @returns {Options}
 */
function parse(args) {
  const options = { coverage: false, timeout: 120, filters: /** @type {string[]} */ ([]) };
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--coverage') {
      options.coverage = true;
    } else if (arg === '--timeout' && Number(rest[0]) > 0) {
      options.timeout = Number(rest.shift());
    } else if (arg.startsWith('-')) {
      throw new Failure(`${arg} is not understood.\n\n${help}`);
    } else {
      options.filters.push(arg);
    }
  }
  return options;
}

/**
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
    .filter(({ paths }) => paths.length > 0);
}

/**
 * Runs test files and prints the closing line.
 * @param {string} root
 * @param {Group[]} groups
 * @param {Options} options
 * @returns {Promise<number>} the exit code
 */
export async function runGroups(root, groups, { coverage, timeout, filters }) {
  const measure = coverage ? startCoverage(root, COVERED) : undefined;
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const { folder, paths } of groups) {
    add(total, await runTests(root, folder, paths, timeout, folder === COVERED ? measure : undefined));
  }
  const covered = measure?.report(filters.length === 0) ?? true;
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && covered ? 0 : 1;
}
