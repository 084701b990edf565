/** What a contestant's file exports: a codec, a server, or both. BENCHMARKS.md has an example. */
import { statSync } from 'node:fs';
import { basename, dirname, extname } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Who receives or sends: a server receives masked frames, a client sends them. */
export type Role = 'server' | 'client';

/** A message: text as a string. */
export type Message = string | Uint8Array;

/** The exports of a file. */
export interface Own {
  /** The name in tables. Default: that of the file. */
  readonly name?: string;
  /**
   * For `decode` and `utf8`: returns a function that receives the chunks of one open connection and passes each whole message
   * to `deliver`, at once or later. Returns `undefined` for a role that the library does not have.
   */
  readonly decoder?: (role: Role, deliver: (message: Message) => void) => ((chunk: Buffer) => unknown) | undefined;
  /**
   * For `encode`: returns a function that sends messages on one open connection: it passes the bytes of one frame to `write`,
   * in one or several parts, before it returns. Returns `undefined` for a role that the library does not have.
   */
  readonly encoder?: (role: Role, write: (bytes: Uint8Array) => void) => ((message: Message) => unknown) | undefined;
  /** For `echo`, `latency` and `connect`: starts an echo server without compression on any free port of this host. */
  readonly server?: (host: string) => OwnServer | Promise<OwnServer>;
}

/** A running server. */
export interface OwnServer {
  readonly port: number;
  /** For `idle`: returns the number of its connections. */
  readonly connections?: () => number;
  /** For `broadcast`: sends a message to all connections. */
  readonly broadcast?: (message: Message) => void;
}

/** What a file offers; each suite needs one of these. */
export type Part = 'decoder' | 'encoder' | 'server' | 'connections' | 'broadcast';

/** A fault of a contestant's file, told in one message. */
export class OwnError extends Error {}

/**
 * Loads a file, in the process that runs it.
 *
 * @throws {OwnError} when it cannot be loaded, or does not export what it should
 */
export async function loadOwn(path: string): Promise<Own & { readonly name: string }> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) throw new OwnError('there is no such file');
  // As if it had been started in its own folder.
  process.chdir(dirname(path));
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    throw new OwnError(`it cannot be loaded. ${error instanceof Error ? error.message : error}`, { cause: error });
  }
  // The exports of a CommonJS module may be properties of its default export.
  const own = { ...(module.default as object | undefined), ...module } as Own;
  for (const part of ['decoder', 'encoder', 'server'] as const) {
    const kind = typeof own[part];
    if (kind !== 'function' && kind !== 'undefined') throw new OwnError(`"${part}" must be a function, not a ${kind}`);
  }
  if (own.decoder === undefined && own.encoder === undefined && own.server === undefined) {
    const exported = Object.keys(module).filter((name) => !['default', '__esModule', 'module.exports'].includes(name));
    const found = exported.length === 0 ? 'nothing' : exported.join(', ');
    throw new OwnError(`it must export decoder, encoder or server, and exports ${found}`);
  }
  const { name = basename(path, extname(path)) } = own;
  if (typeof name !== 'string' || name === '') throw new OwnError('"name" must be a string that is not empty');
  return { ...own, name };
}
