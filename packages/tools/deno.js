// Runs Deno's checks on the packages that support it: types, lint, documentation, and a dry run of publishing.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DENO, DENO_ENV, findProgram } from './native.js';
import { entryPoints, files, packages } from './workspace.js';

/**
 * @param {string} root
 * @returns {boolean} whether Deno reports nothing. If Deno is missing that is printed, and is a failure if CI is set
 */
export function checkDeno(root) {
  const program = findProgram(import.meta.url, DENO);
  if (program === undefined) {
    console.log(`deno: skipped, because none of ${DENO.packages.join(', ')} is installed`);
    return process.env.CI === undefined;
  }
  const folders = denoPackages(root);
  const entries = folders.map((folder) => Object.values(sourcesOf(root, folder)).map((path) => join(folder, path)));
  const tests = files(root, 'packages/deno/test/on-deno').filter((path) => path.endsWith('.ts'));
  const map = ['--import-map', 'packages/deno/test/on-deno/import-map.json'];
  const results = [
    ...folders.flatMap((folder) => differences(root, folder)).map((difference) => said(difference)),
    run('check', entries.flat()),
    run('check', [...map, ...tests]),
    run('lint', []),
    ...entries.map((paths) => run('doc', ['--lint', ...paths])),
    ...folders.map((folder) => run('publish', ['--dry-run', '--allow-dirty'], folder)),
  ];
  return results.every(Boolean);

  /**
   * @param {string} command
   * @param {string[]} args
   * @param {string} [folder]
   */
  function run(command, args, folder = '.') {
    const { status, stdout, stderr } = spawnSync(program ?? '', [command, ...args], {
      cwd: join(root, folder),
      encoding: 'utf8',
      env: { ...process.env, ...DENO_ENV },
    });
    const what = `deno: ${command} ${folder === '.' ? (args[1] ?? '') : folder}`.trimEnd();
    if (status === 0) console.log(what);
    else console.log(`${what} failed\n${command === 'doc' ? '' : stdout}${stderr}`);
    return status === 0;
  }
}

/** @param {string} difference */
function said(difference) {
  console.log(`deno: ${difference}`);
  return false;
}

/**
 * @param {string} root
 * @returns {string[]} the folders of the packages that have a deno.json
 */
export function denoPackages(root) {
  return packages(root)
    .map(({ folder }) => folder)
    .filter((folder) => existsSync(join(root, folder, 'deno.json')));
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {Record<string, string>} the exports of a deno.json
 */
function sourcesOf(root, folder) {
  const { exports } = JSON.parse(readFileSync(join(root, folder, 'deno.json'), 'utf8'));
  return typeof exports === 'string' ? { '.': exports } : exports;
}

/**
 * Returns the differences between a deno.json and the package.json beside it.
 * @param {string} root
 * @param {string} folder
 * @returns {string[]}
 */
export function differences(root, folder) {
  const read = (/** @type {string} */ name) => JSON.parse(readFileSync(join(root, folder, name), 'utf8'));
  const [npm, deno] = [read('package.json'), read('deno.json')];
  const sources = Object.fromEntries(
    entryPoints(npm).map(([subpath, { default: built }]) => [
      subpath,
      built.replace(/^\.\/dist\/(.+)\.js$/, './src/$1.ts'),
    ]),
  );
  const pairs = [
    ...['name', 'version', 'license'].map((key) => [key, npm[key], deno[key]]),
    ['exports', JSON.stringify(sources), JSON.stringify(sourcesOf(root, folder))],
  ];
  return pairs
    .filter(([, one, other]) => one !== other)
    .map(([key, one, other]) => `${folder}: ${key} is ${one} in package.json and ${other} in deno.json`);
}
