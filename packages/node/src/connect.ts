/** A client over `net` or `tls`, or a Unix socket. */
import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
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
  /** What `tls.connect` takes besides host and port: `ca`, `cert`, `key`, `rejectUnauthorized`. */
  readonly tls?: TlsOptions | undefined;
  /** A Unix socket to connect to; the URL then only gives the Host and the resource. */
  readonly socketPath?: string | undefined;
  /** Gives the transport instead: through a proxy, for instance. It may still be connecting. */
  readonly createSocket?: ((uri: WebSocketUri) => Duplex) | undefined;
}

/**
 * Connects to a WebSocket server. Returns at once; `opened` says how it went.
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
    drive(client, createSocket(uri, settled), connection);
  });
}

function createSocket(uri: WebSocketUri, options: Pick<ConnectOptions, 'createSocket' | 'socketPath' | 'tls'>): Duplex {
  if (options.createSocket !== undefined) return options.createSocket(uri);
  const host = uri.host.replace(/^\[|\]$/g, '');
  const where = options.socketPath === undefined ? { host, port: uri.port } : { path: options.socketPath };
  if (!uri.secure) return connectTcp(where);
  // 4.1: "Clients MUST use the Server Name Indication extension in the TLS handshake"; an address is no server name.
  const servername = isIP(host) === 0 ? host : '';
  return connectTls({ ALPNProtocols: ['http/1.1'], servername, ...options.tls, ...where });
}
