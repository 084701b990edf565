/** The servers that are measured: how to start each, or why it cannot be started. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  BUN as BUN_RUNTIME,
  DENO as DENO_RUNTIME,
  findProgram,
  type Runtime,
  requireFrom,
} from '../../../packages/tools/native.js';
import { nodeProgram, type Program } from './companion.ts';

/** A server to be measured. */
export interface ServerProgram {
  readonly name: string;
  readonly program: Program;
  /** Whether it returns the bytes that it reads, masked as they are. Default: it is a WebSocket server. */
  readonly unchanged?: boolean;
  /** Why it cannot be started. */
  readonly missing?: string | undefined;
}

/** Lets Node collect garbage on request. */
export const NODE_FLAGS = ['--expose-gc'];

const DENO_FLAGS = ['run', '--quiet', '--no-lock', '--allow-net', '--allow-env', '--allow-sys', '--allow-read'];

/** ws without native add-ons. */
export const NO_ADD_ONS = { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' };

/** `serve` of `@sockless/node`, with its defaults. */
export const SERVE = node('sockless', 'sockless.ts', ['serve']);
/** `serve` without timers, like ws: no heartbeat, no idle timeout. */
export const SERVE_WITHOUT_TIMERS = node('sockless, no timers', 'sockless.ts', ['serve', 'without-timers']);
/** Core and `attach` on `node:net`, without `node:http`. */
export const CORE_ON_NET = node('sockless, core on node:net', 'sockless.ts', ['net']);
/** {@link CORE_ON_NET} without timers. */
export const CORE_WITHOUT_TIMERS = node('sockless, core, no timers', 'sockless.ts', ['net', 'without-timers']);
/** {@link SERVE} with an application that lends the messages it sends; only if {@link knowsLoans}. */
export const SERVE_LENDING = node('sockless, lending', 'sockless.ts', ['serve', 'lending']);
/** {@link SERVE} without limits on sizes. */
export const SERVE_LARGE = node('sockless', 'sockless.ts', ['serve', 'large']);

/** {@link SERVE} with a heartbeat, whose interval in milliseconds is an additional argument. */
export const SERVE_HEARTBEAT = node('sockless', 'sockless.ts', ['serve', 'heartbeat']);

/** ws with the heartbeat from its documentation, whose interval in milliseconds is an additional argument. */
export const WS_HEARTBEAT = node('ws', 'ws.ts', ['heartbeat'], NO_ADD_ONS);

/** ws with its defaults. */
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
/** The package `websocket`, which includes bufferutil. */
export const WEBSOCKET = node('websocket', 'websocket.ts');
/** The Node adapter of crossws, which includes a copy of ws. */
export const CROSSWS = node('crossws', 'crossws.ts', [], NO_ADD_ONS);
/** Bun's own server. */
export const BUN = native('bun', BUN_RUNTIME, ['bun.ts']);
/** {@link SERVE} run by Bun. */
export const SERVE_ON_BUN = native('sockless on Bun', BUN_RUNTIME, ['sockless.ts', 'serve']);
/** Deno's own server. */
export const DENO = native('deno', DENO_RUNTIME, ['deno.ts'], [...DENO_FLAGS, '--no-config']);
/** `serve` of `@sockless/deno`, with its defaults. */
export const SERVE_ON_DENO = native('sockless on Deno', DENO_RUNTIME, ['sockless-deno.ts'], DENO_FLAGS);
/** `serve` with its defaults and compression, which broadcasts. */
export const BROADCAST = node('sockless', 'broadcast-sockless.ts');
/** {@link BROADCAST} with a loop of `send` instead. */
export const BROADCAST_LOOP = node('sockless, a loop of send', 'broadcast-sockless.ts', ['loop']);
/** ws that sends a string to each. */
export const BROADCAST_WS = node('ws', 'broadcast-ws.ts', [], NO_ADD_ONS);
/** ws that sends one Buffer to each, marked as text if it is text. */
export const BROADCAST_WS_BUFFER = node('ws, one Buffer', 'broadcast-ws.ts', ['buffer'], NO_ADD_ONS);
/** Bun's `publish`. */
export const BROADCAST_BUN = native('bun, publish', BUN_RUNTIME, ['broadcast-bun.ts']);
/** A loop of `socket.write` of one frame. */
export const BROADCAST_BARE = node('bare loop of socket.write', 'broadcast-bare.ts');
/** {@link BROADCAST_BARE} with the sockets of Node's HTTP server. */
export const BROADCAST_BARE_HTTP = node('bare loop, sockets of node:http', 'broadcast-bare.ts', ['http']);

/** Bare sockets of Node's. */
export const BARE = node('bare net.Socket', 'bare.ts');

/** A server that returns what Node's sockets read, without parsing frames: close to the limit of Node. */
export const LIMIT: ServerProgram = { ...node('bare node:net', 'as-read.ts'), unchanged: true };

function node(
  name: string,
  file: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): ServerProgram {
  return { name, program: { ...nodeProgram(`servers/${file}`, args, NODE_FLAGS), env } };
}

/** Returns our server as built in the folder `root`. */
export function serverAt(server: ServerProgram, root: string): ServerProgram {
  return { ...server, program: { ...server.program, env: { ...server.program.env, SOCKLESS_ROOT: root } } };
}

/** Returns a server of this folder, with its arguments, run by another runtime. */
export function native(
  name: string,
  runtime: Runtime,
  [file = '', ...args]: readonly string[],
  flags: readonly string[] = [],
): ServerProgram {
  const command = findProgram(import.meta.url, runtime);
  const path = fileURLToPath(new URL(`servers/${file}`, import.meta.url));
  return {
    name,
    program: {
      command: command ?? runtime.name,
      args: [...flags, path, ...args],
      env: { DENO_NO_PACKAGE_JSON: '1', DENO_NO_UPDATE_CHECK: '1', DO_NOT_TRACK: '1' },
    },
    missing: command === undefined ? `none of ${runtime.packages.join(', ')} is installed` : undefined,
  };
}

/** bufferutil silently falls back to JavaScript when it has no add-on for the platform. */
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
