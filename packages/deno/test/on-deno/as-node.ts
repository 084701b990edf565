/** The Deno adapter under the names of Node's, so that the tests of Node's adapter can run on it. */
import type { Duplex } from 'node:stream';
import type { Connection, WebSocketUri } from '@sockless/core';
import {
  type AdapterOptions,
  attach as attachOnDeno,
  type ConnectOptions,
  connect as connectOnDeno,
  type Fresh,
  type Handlers,
  type ServeOptions,
  type Server,
  serve as serveOnDeno,
  type WebSocketConnection,
} from '../../src/index.ts';
import { connOver, isDuplex } from './conn-over.ts';

export type {
  AdapterOptions,
  Clock,
  Compression,
  Decision,
  Group,
  Handlers,
  ReconnectPolicy,
  Timer,
  WebSocketConnection,
} from '../../src/index.ts';
export { accept, ConnectionEndedError, Groups, prepare, reject, zlib } from '../../src/index.ts';

/** Options of Node's `ServeOptions` that the tests use and that have other names here. */
export interface ServeAsNode extends ServeOptions {
  readonly host?: string | undefined;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly http?: unknown;
}

/** Rejects where this adapter throws, as Node's does. */
export function serve<Data>(options: ServeAsNode, handlers?: Handlers<Data>): Promise<ServerAsNode<Data>> {
  const { host, tls, ...others } = options;
  const where = { ...others, ...tls, ...(host !== undefined && { hostname: host }) };
  return new Promise((resolve) => resolve(serveOnDeno(where, handlers) as ServerAsNode<Data>));
}

/** Only tests that are left out use the HTTP server. */
export type ServerAsNode<Data = unknown> = Server<Data> & { readonly http: never };

/** Options of Node's `ConnectOptions` that the tests use and that have other names here. */
export interface ConnectAsNode extends Omit<ConnectOptions, 'tls'> {
  readonly tls?: { readonly ca?: string } | undefined;
  readonly createSocket?: ((uri: WebSocketUri, signal: AbortSignal) => Duplex | PromiseLike<Duplex>) | undefined;
}

export function connect<Data>(
  url: Fresh<string | URL>,
  options: ConnectAsNode = {},
  handlers?: Handlers<Data>,
): WebSocketConnection<Data> {
  const { tls, createSocket, ...others } = options;
  return connectOnDeno(
    url,
    {
      ...others,
      ...(tls !== undefined && { tls: { caCerts: tls.ca === undefined ? [] : [tls.ca] } }),
      ...(createSocket !== undefined && { createConn: (uri, signal) => connOf(createSocket(uri, signal)) }),
    },
    handlers,
  );
}

function connOf(socket: Duplex | PromiseLike<Duplex>): Deno.Conn | PromiseLike<Deno.Conn> {
  if (isDuplex(socket)) return connOver(socket);
  return Promise.resolve(socket).then((it) => (isDuplex(it) ? connOver(it) : it));
}

export function attach<Data = unknown>(
  socket: Duplex | Deno.Conn,
  connection: Connection,
  handlers?: Handlers<Data>,
  options?: AdapterOptions,
): WebSocketConnection<Data> {
  return attachOnDeno(isDuplex(socket) ? connOver(socket) : socket, connection, handlers, options);
}

/** Deno does not expose the connection of a request. */
export function upgrade(): never {
  throw new Error('there is no upgrade on Deno');
}

export type { ConnectAsNode as ConnectOptions, ServeAsNode as ServeOptions, ServerAsNode as Server };
