// Finds the programs of runtimes that come as npm packages, without their install scripts.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * A runtime whose program is in an npm package, one for each platform; most are found from a package that depends on it.
 * @typedef {object} Runtime
 * @property {string} name
 * @property {string} [parent] the package that depends on those of the platforms; without it, who asks does
 * @property {string[]} packages those that may fit this platform, in the order of preference
 * @property {string[]} files where the program is in such a package
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

/** For Deno: nothing is looked up or asked for that a program does not ask for itself. */
export const DENO_ENV = { DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1', NO_COLOR: '1' };

/**
 * @param {string} from the URL of the module that needs it, whose package names the parent's or those of the platforms
 * @param {Runtime} runtime
 * @returns {string | undefined} the path of its program, if that is installed
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
 * Where a file of a package is, as seen from another file.
 * @param {string} from its URL or path
 * @param {string} request
 * @returns {string | undefined} `undefined` where the package is not installed
 */
export function requireFrom(from, request) {
  try {
    return createRequire(from).resolve(request);
  } catch {
    return undefined;
  }
}
