// The workspace as the commands see it: its packages, its files, and what was last installed and built.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
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
 * Returns packages and those that they depend on, dependencies first.
 * @param {string} root
 * @param {string[]} [names] default: all
 * @returns {Package[]}
 */
export function packages(root, names) {
  const folders = [...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`), 'benchmarks', 'fuzz'];
  const all = folders
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .map((folder) => {
      const { name, dependencies, devDependencies } = JSON.parse(
        readFileSync(join(root, folder, 'package.json'), 'utf8'),
      );
      const ranges = Object.entries({ ...dependencies, ...devDependencies });
      const needs = ranges.filter(([, range]) => range.startsWith('workspace:')).map(([need]) => need);
      return { name, folder, needs };
    });
  /** @type {Set<Package>} */
  const chosen = new Set();
  const choose = (/** @type {string[]} */ wanted) => {
    for (const item of all.filter(({ name }) => wanted.includes(name))) {
      choose(item.needs);
      chosen.add(item);
    }
  };
  choose(names ?? all.map(({ name }) => name));
  return [...chosen];
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
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules' && name !== 'dist')
    .map((entry) => ({ entry, path: `${folder}/${entry.name}` }))
    .flatMap(({ entry, path }) => (entry.isDirectory() ? files(root, path) : path))
    .sort();
}

/**
 * Returns one hash of names and contents.
 * @param {string} root
 * @param {string[]} paths relative to the root
 * @param {string[]} [more] further text to include
 */
export function hash(root, paths, more = []) {
  const contents = paths.map((path) => [path, readFileSync(join(root, path), 'latin1')]);
  return createHash('sha256')
    .update(JSON.stringify([more, contents]))
    .digest('hex');
}

/**
 * Notes what was installed, or built from which sources. The stamps are in node_modules, so that they disappear with it.
 * @param {string} root
 * @param {string} of `install`, or the folder of a package
 * @param {string} text
 */
export function writeStamp(root, of, text) {
  mkdirSync(dirname(stampPath(root, of)), { recursive: true });
  writeFileSync(stampPath(root, of), text);
}

/** @type {(root: string, of: string) => string} */
export const readStamp = (root, of) =>
  existsSync(stampPath(root, of)) ? readFileSync(stampPath(root, of), 'utf8') : '';

/** @type {(root: string, of: string) => string} */
const stampPath = (root, of) => join(root, 'node_modules/.sockless', basename(of));

/**
 * Runs a program for Node, which prints here.
 * @param {string[]} args
 * @param {string} [cwd]
 * @returns {boolean} whether it succeeded
 */
export const runNode = (args, cwd = ROOT) => spawnSync(process.execPath, args, { cwd, stdio: 'inherit' }).status === 0;
