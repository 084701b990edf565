/** Upgrade requests that an HTTP server of Node's has read: `http`, `https`, Express, Fastify and the like. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  ADAPTER_OPTIONS,
  type AdapterOptions,
  type Handlers,
  resolveCompression,
  Scope,
  startLater,
  WebSocketConnection,
  type WithCompression,
} from '@sockless/adapter';
import {
  Connection,
  type HeaderField,
  type RequestHead,
  type ResolvedServerOptions,
  resolveServerOptions,
  type ServerOptions,
} from '@sockless/core';
import { zlib } from '@sockless/deflate/zlib';
import { drive } from './attach.ts';
import { captureContext } from './context.ts';
import { endOf } from './socket-driver.ts';

/**
 * Takes over a request from a server's `upgrade` event. An invalid request is refused with the right status. If the
 * client has gone meanwhile, there is no request to decide, and the connection ends. If the server has not answered an
 * earlier request on this socket yet, that answer is written first. To await something before this call, call {@link
 * guard} first.
 *
 * @param head the bytes that arrived behind the request
 * @param options pass the result of core's `resolveServerOptions` to save its work for each request, and memory for
 * idle connections
 * @throws {TypeError | RangeError} when an option is not valid
 * @throws {TypeError} when this socket has been taken over already, by another listener for instance
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
  const resolved = resolveServerOptions(resolveCompression(options, zlib), ADAPTER_OPTIONS);
  const scope = new Scope(handlers, options, captureContext(false));
  claim(socket);
  const ws = new WebSocketConnection(scope);
  takeOver(ws, scope, request, socket, head, resolved);
  return ws;
}

/** The sockets that `upgrade` has taken over. */
const claimed = new WeakSet<Duplex>();

/** @throws {TypeError} when the socket was taken over already: two connections would write into each other's frames */
export function claim(socket: Duplex): void {
  if (claimed.has(socket)) throw new TypeError('upgrade: this socket has been taken over already');
  claimed.add(socket);
}

/**
 * Prevents a client that goes away from ending the process: until `upgrade` listens, an error of the socket would be
 * uncaught. Call it in an `upgrade` listener before you await anything. If the socket has ended when `upgrade` is
 * called, the connection ends at once.
 */
export function guard(socket: Duplex): void {
  socket.on('error', ignore);
}

const ignore = (): void => undefined;

/** Does {@link upgrade} for a connection that exists already. */
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
  const open = (startedOn?: number): void => {
    if (endOf(socket) === undefined) {
      connection.receiveRequest(headOf(request, socket));
      if (head.length > 0) connection.receive(head);
    }
    drive(ws, socket, connection, startedOn);
  };
  // RFC 9112 9.3.2: a server "MUST send the corresponding responses in the same order that the requests were received".
  // The rest of an earlier response would be written between our frames.
  if (responseOn(socket) === undefined) open(startedAt);
  else {
    startLater(ws, scope, connection, untilAnswered(socket), {
      open: (_, startedOn) => open(startedOn),
      discard: () => void socket.destroy(),
      giveUp: () => void socket.destroy(),
    });
  }
}

/** Returns the head of the request, as Node has read it. */
function headOf(request: IncomingMessage, socket: Duplex): RequestHead {
  const { rawHeaders, httpVersionMajor, httpVersionMinor } = request;
  const headers: HeaderField[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    headers.push([(rawHeaders[at] as string).toLowerCase(), rawHeaders[at + 1] as string]);
  }
  return {
    method: request.method ?? '',
    target: request.url ?? '',
    version: 10 * httpVersionMajor + httpVersionMinor,
    headers,
    // Without `maxHeadersCount` Node drops the fields beyond 1,000; core refuses that many anyway.
    truncated: headers.length >= maxFields(socket),
  };
}

/** Returns the number of header fields beyond which Node drops them silently. The Origin may be among them. */
export const maxFields = (socket: Duplex): number => (socket as ServerSocket).server?.maxHeadersCount || Infinity;

/** The undocumented members of a socket that a server of Node's has accepted. */
interface ServerSocket extends Duplex {
  readonly server?: Pick<Server, 'maxHeadersCount'> | undefined;
  /** The response that is being written to it. When it has finished, the next one takes its place at once. */
  readonly _httpMessage?: ServerResponse | null;
}

/** Returns the response to an earlier request that is not finished. Node has no public way to ask for it. */
export const responseOn = (socket: ServerSocket): ServerResponse | undefined => socket._httpMessage ?? undefined;

/** Resolves when all earlier requests have been answered, or the socket has closed. */
export async function untilAnswered(socket: Duplex): Promise<void> {
  // Node has removed its own error listener by now.
  guard(socket);
  for (let response = responseOn(socket); response !== undefined && !socket.destroyed; response = responseOn(socket)) {
    const { promise, resolve } = deferred();
    response.once('close', resolve);
    socket.once('close', resolve);
    await promise;
    response.off('close', resolve);
    socket.off('close', resolve);
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
