// Finds the programs of runtimes that are npm packages, without running their install scripts.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * A runtime whose program is in an npm package for each platform. Most of these are dependencies of another package.
 * @typedef {object} Runtime
 * @property {string} name
 * @property {string} [parent] the package that depends on them; by default the caller's package
 * @property {string[]} packages those that may fit this platform, in order of preference
 * @property {string[]} files the path of the program in such a package
 */

const { platform, arch } = process;
const system = platform === 'win32' ? 'windows' : platform;
const bun = `@oven/bun-${system}-${arch === 'arm64' ? 'aarch64' : arch}`;
const deno = `@deno/${platform}-${arch}`;

/** @type {Runtime} */
export const BUN = { name: 'bun', parent: 'bun', packages: [bun, `${bun}-musl`], files: ['bin/bun', 'bin/bun.exe'] };

/** @type {Runtime} */
export const DENO = { name: 'deno', parent: 'deno', packages: [`${deno}-glibc`, deno], files: ['deno', 'deno.exe'] };

/** @type {Runtime} */
export const NEWEST_NODE = {
  name: 'node',
  packages: [`node-${platform}-${arch}`, `node-bin-${platform}-${arch}`],
  files: ['bin/node'],
};

/** @type {Runtime} */
export const WORKERD = {
  name: 'workerd',
  parent: 'workerd',
  packages: [`@cloudflare/workerd-${system}-${arch === 'x64' ? '64' : arch}`],
  files: ['bin/workerd', 'bin/workerd.exe'],
};

/** The environment for Deno: it makes no network requests of its own. */
export const DENO_ENV = { DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1', NO_COLOR: '1' };

/**
 * @param {string} from the URL of the calling module, whose package depends on the parent or on the platforms' packages
 * @param {Runtime} runtime
 * @returns {string | undefined} the path of the program, if it is installed
 */
export function findProgram(from, { parent, packages, files }) {
  const inside = parent === undefined ? from : requireFrom(from, `${parent}/package.json`);
  if (inside === undefined) return undefined;
  for (const each of packages) {
    const found = requireFrom(inside, `${each}/package.json`);
    const program = found && files.map((file) => join(dirname(found), file)).find(existsSync);
    if (program) return program;
  }
  return undefined;
}

/**
 * Resolves a file of a package from another file.
 * @param {string} from its URL or path
 * @param {string} request
 * @returns {string | undefined} its path; `undefined` if the package is not installed
 */
export function requireFrom(from, request) {
  try {
    return createRequire(from).resolve(request);
  } catch {
    return undefined;
  }
}
