// Finds the programs of runtimes that come as npm packages, without their install scripts.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * A runtime whose program is in one of the packages that its own package on npm depends on, one for each platform.
 * @typedef {object} Runtime
 * @property {string} name of its own package
 * @property {string[]} packages those that may fit this platform, in the order of preference
 * @property {string[]} files where the program is in such a package
 */

const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
const bun = `@oven/bun-${process.platform === 'win32' ? 'windows' : process.platform}-${arch}`;
const deno = `@deno/${process.platform}-${process.arch}`;

/** @type {Runtime} */
export const BUN = { name: 'bun', packages: [bun, `${bun}-musl`], files: ['bin/bun', 'bin/bun.exe'] };

/** @type {Runtime} */
export const DENO = { name: 'deno', packages: [`${deno}-glibc`, deno], files: ['deno', 'deno.exe'] };

/** For Deno: nothing is looked up or asked for that a program does not ask for itself. */
export const DENO_ENV = { DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1', NO_COLOR: '1' };

/**
 * @param {string} from the URL of the module that needs it, whose package names the runtime's
 * @param {Runtime} runtime
 * @returns {string | undefined} the path of its program, if that is installed
 */
export function findProgram(from, { name, packages, files }) {
  const inside = resolved(from, `${name}/package.json`);
  if (inside === undefined) return undefined;
  for (const each of packages) {
    const found = resolved(inside, `${each}/package.json`);
    const program = found && files.map((file) => join(dirname(found), file)).find(existsSync);
    if (program) return program;
  }
  return undefined;
}

/**
 * Where a file of a package is, as seen from another file.
 * @param {string} from
 * @param {string} request
 */
function resolved(from, request) {
  try {
    return createRequire(from).resolve(request);
  } catch {
    return undefined;
  }
}
