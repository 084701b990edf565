// Runs Deno's checks on the packages that support it: types, lint, documentation, and a dry run of publishing.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DENO, DENO_ENV, findProgram } from './native.js';
import { files, packages } from './workspace.js';

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
  const sources = denoPackages(root).flatMap((folder) => {
    const { exports } = JSON.parse(readFileSync(join(root, folder, 'deno.json'), 'utf8'));
    return Object.values(exports).map((path) => join(folder, path));
  });
  const tests = files(root, 'packages/deno/test/on-deno').filter((path) => path.endsWith('.ts'));
  const results = [
    ['check', '--import-map', 'packages/deno/test/on-deno/import-map.json', ...tests],
    ['lint'],
    ['doc', '--lint', ...sources],
    // Of the whole workspace. It checks the types of the sources as well.
    ['publish', '--dry-run', '--allow-dirty'],
  ].map((args) => {
    const env = { ...process.env, ...DENO_ENV };
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8', env });
    // `deno doc` prints the documentation there.
    const output = args[0] === 'doc' ? stderr : stdout + stderr;
    console.log(status === 0 ? `deno: ${args[0]}` : `deno: ${args[0]} failed\n${output}`);
    return status === 0;
  });
  return results.every(Boolean);
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
