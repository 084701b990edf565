/** A client over TCP or TLS, or a Unix socket. */
import {
  Client,
  type Handlers,
  RECONNECTING_OPTIONS,
  type ReconnectingOptions,
  resolveCompression,
  type WebSocketConnection,
  type WithCompression,
} from '@sockless/adapter';
import { checkNames, type Names, type WebSocketUri } from '@sockless/core';
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
  /**
   * Whether `createConn` may return a connection without TLS for wss:, where TLS ends elsewhere. Else it must be a
   * `Deno.TlsConn`. Default: false.
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
  checkNames(options, CONNECT_OPTIONS);
  checkTransport(options);
  // A snapshot: every try is made with the same options.
  const settled = resolveCompression({ ...options }, zlib);
  return new Client(url, settled, handlers, (client, uri, connection) => {
    // No option that asks for TLS is passed over.
    if (settled.tls !== undefined && !uri.secure) throw new TypeError('tls: the URL is ws:, which has no TLS');
    if (settled.socketPath !== undefined && uri.secure) {
      throw new TypeError('socketPath: Deno has no TLS over a Unix socket, and the URL is wss:');
    }
    const trial = new AbortController();
    drive(client, createConn(uri, settled, trial.signal), connection, () => trial.abort());
  });
}

type Transport = Pick<ConnectOptions, 'createConn' | 'insecure' | 'socketPath' | 'tls'>;

/** @throws {TypeError} when options contradict each other */
function checkTransport({ tls, socketPath, createConn: create, insecure = false }: Transport): void {
  if (create !== undefined && typeof create !== 'function') throw new TypeError('createConn: a function');
  if (typeof insecure !== 'boolean') throw new TypeError('insecure: true or false');
  if (create === undefined) {
    if (insecure) throw new TypeError('insecure: only with createConn');
    return;
  }
  if (tls !== undefined) throw new TypeError('tls: createConn makes the transport, and its TLS');
  if (socketPath !== undefined) throw new TypeError('socketPath: createConn makes the transport');
}

/** An `async` function, so that what is thrown here is the end of this try like all that goes wrong later. */
async function createConn(
  uri: WebSocketUri,
  { createConn: create, insecure, socketPath, tls }: Transport,
  signal: AbortSignal,
): Promise<Deno.Conn> {
  if (create !== undefined) {
    const conn = await create(uri);
    if (!uri.secure || insecure || typeof (conn as Partial<Deno.TlsConn>).handshake === 'function') return conn;
    conn.close();
    throw new TypeError('createConn returned a connection without TLS for wss:; `insecure: true` allows that');
  }
  if (socketPath !== undefined) return await Deno.connect({ transport: 'unix', path: socketPath });
  const where = { hostname: uri.host.replace(/^\[|\]$/g, ''), port: uri.port };
  if (!uri.secure) return await Deno.connect({ ...where, signal });
  return await Deno.connectTls({ alpnProtocols: ['http/1.1'], ...tls, ...where });
}
