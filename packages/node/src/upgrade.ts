/** An upgrade request that an HTTP server of Node's has read: `http`, `https`, Express, Fastify and their like. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  type AdapterOptions,
  type Handlers,
  resolveCompression,
  Scope,
  WebSocketConnection,
  type WithCompression,
} from '@sockless/adapter';
import {
  Connection,
  type HeaderField,
  type ResolvedServerOptions,
  resolveServerOptions,
  type ServerOptions,
} from '@sockless/core';
import { zlib } from '@sockless/deflate/zlib';
import { drive } from './attach.ts';
import { captureContext } from './context.ts';
import { endOf } from './socket-driver.ts';

/**
 * Takes over a request from a server's `upgrade` event; a request that is not fit is refused with the right status. If the
 * client has gone meanwhile, there is no request to decide, and the connection ends.
 *
 * @param head the bytes that arrived behind the request
 * @param options what `resolveServerOptions` of core gives for them spares the work, and memory for idle connections
 * @throws {TypeError | RangeError} when an option is not valid
 * @example
 * ```ts
 * server.on('upgrade', (request, socket, head) => {
 *   upgrade(request, socket, head, {}, { message: (ws, data) => ws.send(data) });
 * });
 * ```
 */
export function upgrade<Data = unknown>(
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  options: (WithCompression<ServerOptions> | ResolvedServerOptions) & AdapterOptions = {},
  handlers: Handlers<Data> = {},
): WebSocketConnection<Data> {
  const scope = new Scope(handlers, options, captureContext(false));
  const ws = new WebSocketConnection(scope);
  takeOver(ws, scope, request, socket, head, resolveServerOptions(resolveCompression(options, zlib)));
  return ws;
}

/** {@link upgrade} for a connection that is there already. */
export function takeOver<Data>(
  ws: WebSocketConnection<Data>,
  scope: Scope<Data>,
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  options: ResolvedServerOptions,
  startedAt?: number,
): void {
  const connection = Connection.server(options);
  const { rawHeaders, httpVersionMajor, httpVersionMinor } = request;
  const headers: HeaderField[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.push([(rawHeaders[at] as string).toLowerCase(), rawHeaders[at + 1] as string]);
  }
  if (endOf(socket) === undefined) {
    connection.receiveRequest({
      method: request.method ?? '',
      target: request.url ?? '',
      version: 10 * httpVersionMajor + httpVersionMinor,
      headers,
    });
    if (head.length > 0) connection.receive(head);
  }
  drive(ws, scope, socket, connection, startedAt);
}
