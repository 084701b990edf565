/** A client over TCP or TLS, or a Unix socket. */
import {
  Client,
  type Handlers,
  type ReconnectingOptions,
  resolveCompression,
  type WebSocketConnection,
  type WithCompression,
} from '@sockless/adapter';
import type { WebSocketUri } from '@sockless/core';
import { zlib } from '@sockless/deflate/zlib';
import { drive } from './attach.ts';

/** How to connect, and the options of the connection. */
export interface ConnectOptions extends WithCompression<ReconnectingOptions> {
  /** What `Deno.connectTls` takes besides hostname and port: `caCerts`, `cert` and `key`. */
  readonly tls?: Partial<Deno.ConnectTlsOptions & Deno.TlsCertifiedKeyPem> | undefined;
  /** A Unix socket to connect to; the URL then only gives the Host and the resource. */
  readonly socketPath?: string | undefined;
  /** Gives the transport instead: through a proxy, for instance. */
  readonly createConn?: ((uri: WebSocketUri) => Promise<Deno.Conn>) | undefined;
}

/**
 * Connects to a WebSocket server. Returns at once; `opened` says how it went. Needs `--allow-net`, and for a
 * Unix socket `--allow-read` and `--allow-write` as well.
 *
 * Without a `message` or `fragment` handler messages wait to be iterated over, and while one waits no more is read.
 *
 * @throws {SyntaxError} when `url` is not a WebSocket URI
 * @throws {TypeError | RangeError} when an option is not valid; and the reason of `signal` when that is aborted already
 * @example
 * ```ts
 * const ws = connect('wss://example.com/chat');
 * await ws.opened;
 * ws.send('hello');
 * for await (const message of ws) console.log(message);
 * ```
 */
export function connect<Data = unknown>(
  url: string | URL,
  options: ConnectOptions = {},
  handlers: Handlers<Data> = {},
): WebSocketConnection<Data> {
  // A snapshot: every try is made with the same options.
  const settled = resolveCompression({ ...options }, zlib);
  return new Client(url, settled, handlers, (client, uri, connection) => {
    const trial = new AbortController();
    drive(client, createConn(uri, settled, trial.signal), connection, () => trial.abort());
  });
}

/** An `async` function, so that what is thrown here is the end of this try like all that goes wrong later. */
async function createConn(
  uri: WebSocketUri,
  { createConn: create, socketPath, tls }: Pick<ConnectOptions, 'createConn' | 'socketPath' | 'tls'>,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  if (create !== undefined) return await create(uri);
  if (socketPath !== undefined) return await Deno.connect({ transport: 'unix', path: socketPath });
  const where = { hostname: uri.host.replace(/^\[|\]$/g, ''), port: uri.port };
  if (!uri.secure) return await Deno.connect({ ...where, signal });
  return await Deno.connectTls({ alpnProtocols: ['http/1.1'], ...tls, ...where });
}
