/** A client over TCP or TLS, or a Unix socket. */
import {
  Client,
  type Handlers,
  type ReconnectingOptions,
  resolveCompression,
  Scope,
  startLater,
  type WebSocketConnection,
  type WithCompression,
} from '@sockless/adapter';
import type { WebSocketUri } from '@sockless/core';
import { zlib } from '@sockless/deflate/zlib';
import { drive } from './attach.ts';
import { captureContext } from './context.ts';

/** How to connect, and the options of the connection. */
export interface ConnectOptions extends WithCompression<ReconnectingOptions> {
  /** What `Deno.connectTls` takes besides hostname and port: `caCerts`, `cert` and `key`. */
  readonly tls?: Partial<Deno.ConnectTlsOptions & Deno.TlsCertifiedKeyPem> | undefined;
  /** A Unix socket to connect to, without TLS; the URL then only gives the Host and the resource. */
  readonly socketPath?: string | undefined;
  /**
   * Returns the transport instead, or a promise of it: through a proxy, for instance. When it throws or rejects, that is
   * the `cause` of the try's `end`; a connection that comes too late is closed.
   */
  readonly createConn?: ((uri: WebSocketUri) => Deno.Conn | PromiseLike<Deno.Conn>) | undefined;
}

/** How a transport is opened. */
type Dialling = Pick<ConnectOptions, 'createConn' | 'socketPath' | 'tls'>;

/**
 * Connects to a WebSocket server. Returns at once; `opened` says how it went. Needs `--allow-net`, and for a
 * Unix socket `--allow-read` and `--allow-write` as well.
 *
 * Without a `message` or `fragment` handler messages wait to be iterated over, up to 1 MiB; then they are dropped.
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
  const scope = new Scope(handlers, settled, captureContext());
  return new Client(url, settled, scope, (client, uri, connection) => {
    // What was meant to be encrypted is not to be sent in clear.
    if (uri.secure && settled.socketPath !== undefined && settled.createConn === undefined) {
      throw new TypeError('socketPath: Deno has no TLS on a Unix socket, so the URL is a ws: URL');
    }
    const trial = new AbortController();
    startLater(
      client as WebSocketConnection<never>,
      scope as Scope<never>,
      connection,
      dial(uri, settled, trial.signal),
      {
        open: (conn, startedAt) => drive(client, scope, conn, connection, startedAt),
        discard: (conn) => conn.close(),
        giveUp: () => trial.abort(),
      },
    );
  });
}

/** An `async` function, so that what is thrown here is the end of this try like all that goes wrong later. */
async function dial(
  uri: WebSocketUri,
  { createConn, socketPath, tls }: Dialling,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  if (createConn !== undefined) return await createConn(uri);
  if (socketPath !== undefined) return await Deno.connect({ transport: 'unix', path: socketPath });
  const where = { hostname: uri.host.replace(/^\[|\]$/g, ''), port: uri.port };
  if (!uri.secure) return await Deno.connect({ ...where, signal });
  const secure = { alpnProtocols: ['http/1.1'], ...tls, ...where };
  // Only this takes a certificate of the client's, and no signal.
  if (tls?.cert !== undefined || tls?.key !== undefined) return await Deno.connectTls(secure);
  const conn = await Deno.connect({ ...secure, signal });
  try {
    return await Deno.startTls(conn, secure);
  } catch (error) {
    // Certificates that are none, for instance.
    conn.close();
    throw error;
  }
}
