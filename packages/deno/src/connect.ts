/** A client over TCP or TLS, or a Unix socket. */
import {
  Client,
  type Fresh,
  type Handlers,
  RECONNECTING_OPTIONS,
  type ReconnectingOptions,
  resolveCompression,
  Scope,
  startLater,
  type WebSocketConnection,
  type WithCompression,
} from '@sockless/adapter';
import { checkNames, type Names, type WebSocketUri } from '@sockless/core';
import { zlib } from '@sockless/deflate/zlib';
import { drive } from './attach.ts';
import { captureContext } from './context.ts';

/** How to connect, and the options of the connection. */
export interface ConnectOptions extends WithCompression<ReconnectingOptions> {
  /** What `Deno.connectTls` takes besides hostname and port: `caCerts`, `cert` and `key`. */
  readonly tls?: Partial<Deno.ConnectTlsOptions & Deno.TlsCertifiedKeyPem> | undefined;
  /** A Unix socket to connect to, without TLS. The URL is then used only for the Host field and the resource. */
  readonly socketPath?: string | undefined;
  /**
   * Returns the transport to use, or a promise of it: for example, a connection through a proxy. If the function throws
   * or rejects, the error is the `cause` of the attempt's `end`; a connection that comes too late is closed. The signal is
   * aborted when the attempt ends before the connection is open.
   */
  readonly createConn?: ((uri: WebSocketUri, signal: AbortSignal) => Deno.Conn | PromiseLike<Deno.Conn>) | undefined;
  /**
   * Whether `createConn` may return a connection without TLS for wss:, because TLS ends elsewhere. Otherwise it must be
   * a `Deno.TlsConn`. Default: false.
   */
  readonly insecure?: boolean | undefined;
}

const CONNECT_OPTIONS: Names<ConnectOptions> = {
  ...RECONNECTING_OPTIONS,
  tls: true,
  socketPath: true,
  createConn: true,
  insecure: true,
};

/** How a transport is opened. */
type Dialling = Pick<ConnectOptions, 'createConn' | 'insecure' | 'socketPath' | 'tls'>;

/**
 * Connects to a WebSocket server. Returns at once; `opened` resolves or rejects later. `url`, like the options
 * `headers` and `subprotocols`, may be a function, which is called for each attempt. Needs `--allow-net`, and for a Unix
 * socket `--allow-read` and `--allow-write` as well.
 *
 * Without a `message` or `fragment` handler, up to 1 MiB of messages waits to be iterated over; then messages are
 * dropped.
 *
 * @throws {SyntaxError} when `url` is neither a WebSocket URI nor a function
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
  url: Fresh<string | URL>,
  options: ConnectOptions = {},
  handlers: Handlers<Data> = {},
): WebSocketConnection<Data> {
  checkNames(options, CONNECT_OPTIONS);
  checkTransport(options);
  // A snapshot: every attempt is made with the same options.
  const settled = resolveCompression({ ...options }, zlib);
  const scope = new Scope(handlers, settled, captureContext());
  return new Client(url, settled, scope, (client, { uri, connection, startedAt, signal }) => {
    // An option that asks for TLS is never ignored.
    if (settled.tls !== undefined && !uri.secure) throw new TypeError('tls: the URL is ws:, which has no TLS');
    if (settled.socketPath !== undefined && uri.secure) {
      throw new TypeError('socketPath: Deno has no TLS over a Unix socket, and the URL is wss:');
    }
    startLater(
      client,
      scope,
      connection,
      dial(uri, settled, signal as AbortSignal),
      {
        open: (conn) => drive(client, scope, conn, connection, startedAt),
        discard,
      },
      startedAt,
    );
  });
}

/** Closes a connection that has come too late, if it is open. */
function discard(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** @throws {TypeError} when options contradict each other */
function checkTransport({ tls, socketPath, createConn, insecure = false }: Dialling): void {
  if (createConn !== undefined && typeof createConn !== 'function') throw new TypeError('createConn: a function');
  if (typeof insecure !== 'boolean') throw new TypeError('insecure: true or false');
  if (createConn === undefined) {
    if (insecure) throw new TypeError('insecure: only with createConn');
    return;
  }
  if (tls !== undefined) throw new TypeError('tls: createConn makes the transport, and its TLS');
  if (socketPath !== undefined) throw new TypeError('socketPath: createConn makes the transport');
}

/** Opens the transport. It is `async`, so that an error thrown here ends this attempt, like errors that come later. */
async function dial(
  uri: WebSocketUri,
  { createConn, insecure, socketPath, tls }: Dialling,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  if (createConn !== undefined) {
    const conn = await createConn(uri, signal);
    if (!uri.secure || insecure || typeof (conn as Partial<Deno.TlsConn>).handshake === 'function') return conn;
    conn.close();
    throw new TypeError('createConn returned a connection without TLS for wss:; `insecure: true` allows that');
  }
  if (socketPath !== undefined) return await Deno.connect({ transport: 'unix', path: socketPath });
  const where = { hostname: uri.host.replace(/[[\]]/g, ''), port: uri.port };
  if (!uri.secure) return await Deno.connect({ ...where, signal });
  const secure = { alpnProtocols: ['http/1.1'], ...tls, ...where };
  // Only `Deno.connectTls` takes a client certificate; it does not take a signal.
  if (tls?.cert !== undefined || tls?.key !== undefined) return await Deno.connectTls(secure);
  const conn = await Deno.connect({ ...secure, signal });
  try {
    return await Deno.startTls(conn, secure);
  } catch (error) {
    // For example, the certificates are not valid.
    conn.close();
    throw error;
  }
}
