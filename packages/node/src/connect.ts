/** A client over `net` or `tls`, or a Unix socket. */
import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
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
import { endOf } from './socket-driver.ts';

/** How to connect, and the options of the connection. */
export interface ConnectOptions extends WithCompression<ReconnectingOptions> {
  /** What `tls.connect` takes besides host and port: `ca`, `cert`, `key`, `rejectUnauthorized`. */
  readonly tls?: TlsOptions | undefined;
  /** A Unix socket to connect to; the URL then only gives the Host and the resource. */
  readonly socketPath?: string | undefined;
  /**
   * Returns the transport instead, or a promise of it: through a proxy, for instance. It may still be connecting. When it
   * throws or rejects, that is the `cause` of the try's `end`; a socket that comes too late is destroyed.
   */
  readonly createSocket?: ((uri: WebSocketUri) => Duplex | PromiseLike<Duplex>) | undefined;
}

/**
 * Connects to a WebSocket server. Returns at once; `opened` says how it went.
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
  const { createSocket } = settled;
  const scope = new Scope(handlers, settled, captureContext(createSocket === undefined));
  return new Client(url, settled, scope, (client, uri, connection) => {
    const socket = attemptTo(() => (createSocket === undefined ? dial(uri, settled) : createSocket(uri)));
    if (isDuplex(socket) && endOf(socket) === undefined) {
      drive(client, scope, socket, connection);
      return;
    }
    startLater(client as WebSocketConnection<never>, scope as Scope<never>, connection, Promise.resolve(socket), {
      open: (it, startedAt) => drive(client, scope, it, connection, startedAt),
      discard: (it) => void it.destroy(),
    });
  });
}

/** What is thrown here is the end of this try, like all that goes wrong later. */
function attemptTo<T>(open: () => T): T | Promise<never> {
  try {
    return open();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Whether it is there already; of one that has ended, the caller of `connect` hears when it has returned. */
function isDuplex(socket: Duplex | PromiseLike<Duplex>): socket is Duplex {
  if (typeof (socket as Partial<Duplex> | undefined)?.on !== 'function') return false;
  (socket as Duplex).on('error', ignore);
  return true;
}

const ignore = (): void => undefined;

function dial(uri: WebSocketUri, options: Pick<ConnectOptions, 'socketPath' | 'tls'>): Duplex {
  const host = uri.host.replace(/^\[|\]$/g, '');
  const where = options.socketPath === undefined ? { host, port: uri.port } : { path: options.socketPath };
  if (!uri.secure) return connectTcp(where);
  // 4.1: "Clients MUST use the Server Name Indication extension in the TLS handshake"; an address is no server name.
  const servername = isIP(host) === 0 ? host : '';
  return connectTls({ ALPNProtocols: ['http/1.1'], servername, ...options.tls, ...where });
}
