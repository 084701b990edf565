// The workspace as the commands see it: its packages, its files, and what was last installed and built.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this repository. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** An error whose message is all that a user needs to see. */
export class Failure extends Error {}

/**
 * @typedef {object} Package
 * @property {string} name as in its package.json
 * @property {string} folder relative to the root
 * @property {string[]} needs names of the packages of the workspace that it depends on
 */

/**
 * Returns all packages, dependencies first.
 * @param {string} root
 * @returns {Package[]}
 */
export function packages(root) {
  const folders = readdirSync(join(root, 'packages')).map((name) => `packages/${name}`);
  const found = [...folders, 'benchmarks', 'fuzz'].flatMap((folder) => readPackage(root, folder));
  return closure(found, found);
}

/**
 * Returns the chosen packages and their dependencies, dependencies first.
 * @param {Package[]} all
 * @param {Package[]} chosen
 * @returns {Package[]}
 */
export function closure(all, chosen) {
  return [
    ...new Set(
      chosen.flatMap((item) => [
        ...closure(
          all,
          all.filter((other) => item.needs.includes(other.name)),
        ),
        item,
      ]),
    ),
  ];
}

/**
 * @param {string} root
 * @param {string} folder
 * @returns {Package[]}
 */
function readPackage(root, folder) {
  const path = join(root, folder, 'package.json');
  if (!existsSync(path)) {
    return [];
  }
  const { name, dependencies, devDependencies } = JSON.parse(readFileSync(path, 'utf8'));
  const ranges = Object.entries({ ...dependencies, ...devDependencies });
  return [{ name, folder, needs: ranges.filter(([, range]) => range.startsWith('workspace:')).map(([need]) => need) }];
}

/**
 * @typedef {object} Entry one subpath export
 * @property {string} types
 * @property {string} default
 */

/**
 * Returns the subpaths that a package exports, without `./package.json`.
 * @param {{ exports: Record<string, string | Entry> }} manifest
 * @returns {[subpath: string, entry: Entry][]}
 */
export function entryPoints({ exports }) {
  return Object.entries(exports).flatMap(([subpath, entry]) => (typeof entry === 'object' ? [[subpath, entry]] : []));
}

/**
 * Returns the files below a folder, sorted, without installed or built ones.
 * @param {string} root
 * @param {string} folder relative to the root
 * @returns {string[]} paths relative to the root
 */
export function files(root, folder) {
  if (!existsSync(join(root, folder))) {
    return [];
  }
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? files(root, path) : path;
    });
}

/**
 * Returns one hash of names and contents.
 * @param {string} root
 * @param {string[]} paths relative to the root
 * @param {string[]} [more] further text to include
 */
export function hash(root, paths, more = []) {
  const sum = createHash('sha256').update(JSON.stringify(more));
  for (const path of paths) {
    const content = readFileSync(join(root, path));
    sum.update(JSON.stringify([path, content.length])).update(content);
  }
  return sum.digest('hex');
}

/**
 * What was last installed and built. It is stored in node_modules, so that it disappears with them.
 * @typedef {object} Stamps
 * @property {{ hash: string, scope: string } | undefined} [install]
 * @property {Record<string, string | undefined>} [build] by package
 */

/**
 * @param {string} root
 * @returns {Stamps}
 */
export function readStamps(root) {
  const path = stampsPath(root);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
}

/**
 * @param {string} root
 * @param {Stamps} changed
 */
export function writeStamps(root, changed) {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stampsPath(root), JSON.stringify({ ...readStamps(root), ...changed }, null, 2));
}

/** @param {string} root */
function stampsPath(root) {
  return join(root, 'node_modules/.sockless.json');
}
