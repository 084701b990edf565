/** An upgrade request that an HTTP server of Node's has read: `http`, `https`, Express, Fastify and their like. */
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
 * Takes over a request from a server's `upgrade` event; a request that is not fit is refused with the right status. If the
 * client has gone meanwhile, there is no request to decide, and the connection ends. Where the server has not yet answered
 * an earlier request on this socket, the answer leaves first. Whoever awaits something before calls {@link guard} at once.
 *
 * @param head the bytes that arrived behind the request
 * @param options what `resolveServerOptions` of core gives for them spares the work, and memory for idle connections
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

/** The sockets that have been taken over. */
const claimed = new WeakSet<Duplex>();

/** @throws {TypeError} when it is the second time for this socket: two would write into each other's frames */
export function claim(socket: Duplex): void {
  if (claimed.has(socket)) throw new TypeError('upgrade: this socket has been taken over already');
  claimed.add(socket);
}

/**
 * Keeps a client that goes away from ending the process: an error of the socket would be uncaught until `upgrade` listens. Call it in
 * an `upgrade` listener before anything is awaited; a socket that has ended meanwhile is a connection that ends at once.
 */
export function guard(socket: Duplex): void {
  socket.on('error', ignore);
}

const ignore = (): void => undefined;

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
  const open = (startedOn?: number): void => {
    if (endOf(socket) === undefined) {
      connection.receiveRequest(headOf(request, socket));
      if (head.length > 0) connection.receive(head);
    }
    drive(ws, scope, socket, connection, startedOn);
  };
  // RFC 9112 9.3.2: a server "MUST send the corresponding responses in the same order that the requests were received".
  // What it still writes of an earlier one would stand in the midst of our frames.
  if (responseOn(socket) === undefined) open(startedAt);
  else {
    startLater(ws, scope, connection, untilAnswered(socket), {
      open: (_, startedOn) => open(startedOn),
      discard: () => void socket.destroy(),
      giveUp: () => void socket.destroy(),
    });
  }
}

/** The head of the request, as Node has read it. */
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
    // Where nothing is set Node drops those beyond 1,000, and core refuses so many in any case.
    truncated: headers.length >= maxFields(socket),
  };
}

/** Node drops header fields beyond this number without a word: the Origin may be among them. */
export const maxFields = (socket: Duplex): number => (socket as ServerSocket).server?.maxHeadersCount || Infinity;

/** What a socket that a server of Node's has accepted knows, though its types do not say so. */
interface ServerSocket extends Duplex {
  readonly server?: Pick<Server, 'maxHeadersCount'> | undefined;
  /** The response that is being written to it; the next one takes its place in the same moment. */
  readonly _httpMessage?: ServerResponse | null;
}

/** The response to an earlier request that has not left whole. There is no public way to ask for it. */
export const responseOn = (socket: ServerSocket): ServerResponse | undefined => socket._httpMessage ?? undefined;

/** Resolves when all earlier requests have been answered, or the socket has closed. */
export async function untilAnswered(socket: Duplex): Promise<void> {
  // Node has taken its own listener away by now.
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
