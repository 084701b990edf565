/** The servers that are measured: how to start each, and why one cannot be. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { nodeProgram, type Program } from './companion.ts';

/** A server to be measured. */
export interface ServerProgram {
  readonly name: string;
  readonly program: Program;
  /** Why it cannot be started, if it cannot. */
  readonly missing?: string | undefined;
}

/** Lets Node's programs collect their garbage when they are asked to. */
const NODE_FLAGS = ['--expose-gc'];

/** ws without native add-ons. */
export const NO_ADD_ONS = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' };

/** `serve` of `@sockless/node`, with its defaults. */
export const SERVE = node('sockless', 'sockless.ts', ['serve']);
/** `serve` without what runs by the clock, which ws does not have: no heartbeat, no idle timeout. */
export const SERVE_WITHOUT_TIMERS = node('sockless, no timers', 'sockless.ts', ['serve', 'without-timers']);
/** Core and `attach` on `node:net`: without `node:http`. */
export const CORE_ON_NET = node('sockless, core on node:net', 'sockless.ts', ['net']);
/** {@link CORE_ON_NET} without what runs by the clock. */
export const CORE_WITHOUT_TIMERS = node('sockless, core, no timers', 'sockless.ts', ['net', 'without-timers']);
/** {@link SERVE} without limits on sizes. */
export const SERVE_LARGE = node('sockless', 'sockless.ts', ['serve', 'large']);

/** ws as it comes. */
export const WS = node('ws', 'ws.ts', [], NO_ADD_ONS);
/** ws with its native add-on for masking. */
export const WS_BUFFERUTIL: ServerProgram = {
  ...node('ws + bufferutil', 'ws.ts', [], { WS_NO_BUFFER_UTIL: '', WS_NO_UTF_8_VALIDATE: '1' }),
  missing: whyNoBufferUtil(),
};
/** ws whose application corks the socket for each chunk. */
export const WS_CORKED = node('ws corked by hand', 'ws.ts', ['corked'], NO_ADD_ONS);
/** websocket-driver behind `node:http`. */
export const WEBSOCKET_DRIVER = node('websocket-driver', 'websocket-driver.ts');
/** The package `websocket`, which brings bufferutil. */
export const WEBSOCKET = node('websocket', 'websocket.ts');
/** Bun's own server. */
export const BUN = native('bun', bunPackages(), ['bin/bun', 'bin/bun.exe'], []);
/** Deno's own server. */
export const DENO = native(
  'deno',
  denoPackages(),
  ['deno', 'deno.exe'],
  ['run', '--quiet', '--no-lock', '--no-config', '--allow-net', '--allow-env', '--allow-sys', '--allow-read'],
);
/** A socket of Node's and nothing else. */
export const BARE = node('bare net.Socket', 'bare.ts');

function node(
  name: string,
  file: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): ServerProgram {
  return { name, program: { ...nodeProgram(`servers/${file}`, args, NODE_FLAGS), env } };
}

/** A server of ours as it is in another tree, built in the folder `root`. */
export function serverAt(server: ServerProgram, root: string): ServerProgram {
  return { ...server, program: { ...server.program, env: { ...server.program.env, SOCKLESS_ROOT: root } } };
}

/**
 * A runtime whose program is in one of the packages that its own package on npm depends on, one for each platform; so
 * it is found without the install script of either.
 *
 * @param packages those that may fit this platform, in the order of preference
 * @param files where the program is in such a package
 */
export function native(
  name: string,
  packages: readonly string[],
  files: readonly string[],
  flags: readonly string[],
): ServerProgram {
  const [file] = nodeProgram(`servers/${name}.ts`).args.slice(-1) as [string];
  const command = findProgram(name, packages, files);
  return {
    name,
    program: {
      command: command ?? name,
      args: [...flags, file],
      env: { DENO_NO_PACKAGE_JSON: '1', DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' },
    },
    missing: command === undefined ? `none of ${packages.join(', ')} is installed` : undefined,
  };
}

function findProgram(name: string, packages: readonly string[], files: readonly string[]): string | undefined {
  const inside = requireFrom(import.meta.url, `${name}/package.json`);
  if (inside === undefined) return undefined;
  for (const each of packages) {
    const found = requireFrom(inside, `${each}/package.json`);
    const program = found && files.map((file) => join(dirname(found), file)).find(existsSync);
    if (program) return program;
  }
  return undefined;
}

/** Where a file of a package is, as seen from another file. */
function requireFrom(from: string, request: string): string | undefined {
  try {
    return createRequire(from).resolve(request);
  } catch {
    return undefined;
  }
}

/** bufferutil falls back to JavaScript in silence when there is no add-on for the platform. */
function whyNoBufferUtil(): string | undefined {
  const found = requireFrom(import.meta.url, 'bufferutil/package.json');
  if (found === undefined) return 'bufferutil is not installed';
  try {
    const require = createRequire(found);
    const load = require('node-gyp-build') as (folder: string) => unknown;
    load(dirname(found));
    return undefined;
  } catch {
    return 'bufferutil has no add-on for this platform';
  }
}

function bunPackages(): string[] {
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  const platform = `@oven/bun-${process.platform === 'win32' ? 'windows' : process.platform}-${arch}`;
  return [platform, `${platform}-musl`];
}

function denoPackages(): string[] {
  const platform = `@deno/${process.platform}-${process.arch}`;
  return [`${platform}-glibc`, platform];
}
