// Builds packages with rollup, dependencies first, unless nothing has changed since the last build.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, posix } from 'node:path';
import { install } from './install.js';
import { Failure, files, hash, packages, ROOT, readStamp, runNode, writeStamp } from './workspace.js';

export const help = `npm run build

Builds every package into its dist folder: ES modules, declarations and source maps.`;

/** @returns {number} the exit code */
export function command() {
  install(ROOT, 'all');
  build(ROOT);
  return 0;
}

/**
 * @param {string} root
 * @param {string[]} [names] packages to build, with their dependencies; without names, all packages
 */
export function build(root, names) {
  const shared = hash(root, ['tsconfig.base.json', 'pnpm-lock.yaml', 'packages/tools/rollup.js']);
  /** @type {Record<string, string>} */
  const hashes = {};
  for (const { name, folder, needs } of packages(root, names)) {
    const sources = files(root, folder).filter((path) => !(path.startsWith(`${folder}/test/`) || path.endsWith('.md')));
    sources.push(...bundled(root, sources));
    const current = hash(root, sources, [shared, ...needs.map((need) => hashes[need] ?? '')]);
    hashes[name] = current;
    if (!existsSync(join(root, folder, 'rollup.config.js'))) continue;
    const dist = join(root, folder, 'dist');
    if (readStamp(root, folder) === current && existsSync(dist)) {
      console.log(`build: ${name} is up to date`);
      continue;
    }
    const started = Date.now();
    rmSync(dist, { recursive: true, force: true });
    const rollup = join(root, 'packages/tools/node_modules/rollup/dist/bin/rollup');
    if (!runNode([rollup, '--config', '--silent', '--failAfterWarnings'], join(root, folder))) {
      throw new Failure(`build: ${name} failed`);
    }
    writeStamp(root, folder, current);
    console.log(`build: ${name} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
}

/**
 * Returns the files of other packages that sources import by their paths, since these become part of the build.
 * @param {string} root
 * @param {string[]} sources
 * @returns {string[]}
 */
function bundled(root, sources) {
  const found = sources
    .filter((path) => path.includes('/src/') && path.endsWith('.ts'))
    .flatMap((path) =>
      [...readFileSync(join(root, path), 'utf8').matchAll(/ from '(\.\.\/[^']*\bpackages\/[^']+)'/g)].map(
        ([, specifier = '']) => posix.join(posix.dirname(path), specifier),
      ),
    );
  return [...new Set(found)].filter((path) => existsSync(join(root, path))).sort();
}
