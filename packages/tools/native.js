// Finds the programs of runtimes that are npm packages. The packages `deno` and `bun` have launchers, but Bun's does nothing without its
// install script, and Deno's stays between us and Deno: a signal ends the launcher alone.
import { createRequire } from 'node:module';

/**
 * A runtime whose program is in an npm package for each platform. Most of these are dependencies of another package.
 * @typedef {object} Runtime
 * @property {string} name
 * @property {string} [parent] the package that depends on them; by default the caller's package
 * @property {string[]} packages those that may fit this platform, in order of preference
 * @property {string} file the path of the program in such a package
 */

const { platform, arch } = process;
const [system, end] = platform === 'win32' ? ['windows', '.exe'] : [platform, ''];
const bun = `@oven/bun-${system}-${arch === 'arm64' ? 'aarch64' : arch}`;
const deno = `@deno/${platform}-${arch}`;
const workerd = `@cloudflare/workerd-${system}-${arch === 'x64' ? '64' : arch}`;
const node = `${platform}-${arch}`;

/** @type {Runtime} */
export const BUN = { name: 'bun', parent: 'bun', packages: [bun, `${bun}-musl`], file: `bin/bun${end}` };
/** @type {Runtime} */
export const DENO = { name: 'deno', parent: 'deno', packages: [`${deno}-glibc`, deno], file: `deno${end}` };
/** @type {Runtime} */
export const NEWEST_NODE = { name: 'node', packages: [`node-${node}`, `node-bin-${node}`], file: 'bin/node' };
/** @type {Runtime} */
export const WORKERD = { name: 'workerd', parent: 'workerd', packages: [workerd], file: `bin/workerd${end}` };

/** The environment for Deno: it makes no network requests of its own. */
export const DENO_ENV = { DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1', NO_COLOR: '1' };

/**
 * @param {string} from the URL of the calling module, whose package depends on the parent or on the platforms' packages
 * @param {Runtime} runtime
 * @returns {string | undefined} the path of the program, if it is installed
 */
export function findProgram(from, { parent, packages, file }) {
  const inside = parent === undefined ? from : requireFrom(from, `${parent}/package.json`);
  const found = packages.map((name) => inside && requireFrom(inside, `${name}/${file}`));
  return found.find(Boolean);
}

/**
 * @param {string} from the URL or path of a file
 * @param {string} request a file of a package, as that file may require it
 * @returns {string | undefined} its path; `undefined` if the package is not installed
 */
export function requireFrom(from, request) {
  try {
    return createRequire(from).resolve(request);
  } catch {
    return undefined;
  }
}
