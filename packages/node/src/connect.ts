/** A client over `net` or `tls`, or a Unix socket. */
import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
import {
  Client,
  type Fresh,
  type Handlers,
  type HostAbortSignal,
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
import { endOf } from './socket-driver.ts';

/** How to connect, and the options of the connection. */
export interface ConnectOptions extends WithCompression<ReconnectingOptions> {
  /** What `tls.connect` takes besides host and port: `ca`, `cert`, `key`, `rejectUnauthorized`. */
  readonly tls?: TlsOptions | undefined;
  /** A Unix socket to connect to. The URL is then used only for the Host field and the resource. */
  readonly socketPath?: string | undefined;
  /**
   * Returns the transport to use, or a promise of it: for example, a socket through a proxy. It may still be
   * connecting. If the function throws or rejects, the error is the `cause` of the attempt's `end`; a socket that comes too
   * late is destroyed. The signal is aborted when the attempt ends before the connection is open.
   */
  readonly createSocket?: ((uri: WebSocketUri, signal: HostAbortSignal) => Duplex | PromiseLike<Duplex>) | undefined;
  /**
   * Whether `createSocket` may return a stream without TLS for wss:, because TLS ends elsewhere. Otherwise the stream's
   * `encrypted` must be true, as it is for a `tls.TLSSocket`. Default: false.
   */
  readonly insecure?: boolean | undefined;
}

const CONNECT_OPTIONS: Names<ConnectOptions> = {
  ...RECONNECTING_OPTIONS,
  tls: true,
  socketPath: true,
  createSocket: true,
  insecure: true,
};

/**
 * Connects to a WebSocket server. Returns at once; `opened` resolves or rejects later. `url`, like the options
 * `headers` and `subprotocols`, may be a function, which is called for each attempt.
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
  const { createSocket } = settled;
  const scope = new Scope(handlers, settled, captureContext(createSocket === undefined));
  return new Client(url, settled, scope, (client, attempt) => {
    const { uri, connection, startedAt } = attempt;
    // An option that asks for TLS is never ignored.
    if (settled.tls !== undefined && !uri.secure) throw new TypeError('tls: the URL is ws:, which has no TLS');
    const socket = attemptTo(() => {
      if (createSocket === undefined) return dial(uri, settled);
      const made = createSocket(uri, attempt.signal);
      if (!uri.secure || settled.insecure) return made;
      return isStream(made) ? encrypted(made) : Promise.resolve(made).then(encrypted);
    });
    // A stream that has ended goes the way of a promise, so that `end` comes after `connect` has returned.
    if (isDuplex(socket) && endOf(socket) === undefined) {
      drive(client, socket, connection, startedAt);
      return;
    }
    startLater(
      client,
      scope,
      connection,
      Promise.resolve(socket),
      {
        open: (it) => drive(client, it, connection, startedAt),
        discard: (it) => void it.destroy(),
      },
      startedAt,
    );
  });
}

/** @throws {TypeError} when options contradict each other */
function checkTransport({ tls, socketPath, createSocket, insecure = false }: ConnectOptions): void {
  if (createSocket !== undefined && typeof createSocket !== 'function') throw new TypeError('createSocket: a function');
  if (typeof insecure !== 'boolean') throw new TypeError('insecure: true or false');
  if (createSocket === undefined) {
    if (insecure) throw new TypeError('insecure: only with createSocket; `tls` has rejectUnauthorized');
    return;
  }
  if (tls !== undefined) throw new TypeError('tls: createSocket makes the transport, and its TLS');
  if (socketPath !== undefined) throw new TypeError('socketPath: createSocket makes the transport');
}

/**
 * Returns the stream if it is encrypted, else destroys it.
 *
 * @throws {TypeError} when it is not encrypted
 */
function encrypted(socket: Duplex): Duplex {
  if ((socket as { encrypted?: unknown }).encrypted === true) return socket;
  if (isStream(socket)) {
    socket.on('error', ignore);
    socket.destroy();
  }
  throw new TypeError('createSocket returned a stream without TLS for wss:; `insecure: true` allows that');
}

/** Turns an error that `open` throws into a rejection: it ends this attempt, like errors that come later. */
function attemptTo<T>(open: () => T): T | Promise<never> {
  try {
    return open();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Whether it is a stream, not a promise of one. From here on its errors cannot end the process. */
function isDuplex(socket: Duplex | PromiseLike<Duplex>): socket is Duplex {
  if (!isStream(socket)) return false;
  socket.on('error', ignore);
  return true;
}

const isStream = (socket: unknown): socket is Duplex =>
  typeof (socket as Partial<Duplex> | undefined)?.on === 'function';

const ignore = (): void => undefined;

function dial(uri: WebSocketUri, options: Pick<ConnectOptions, 'socketPath' | 'tls'>): Duplex {
  const host = uri.host.replace(/[[\]]/g, '');
  const where = options.socketPath === undefined ? { host, port: uri.port } : { host, path: options.socketPath };
  if (!uri.secure) return connectTcp(where);
  // Over a Unix socket, too, the certificate is for `host`; Node verifies against it if there is no servername. 4.1:
  // "Clients MUST use the Server Name Indication extension in the TLS handshake"; an address is not a server name.
  const servername = isIP(host) === 0 ? host : '';
  return connectTls({ ALPNProtocols: ['http/1.1'], servername, ...options.tls, ...where });
}
