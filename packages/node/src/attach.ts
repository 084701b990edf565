/**
 * A connection of core on a socket of Node's: the contract of core and little else. After every call that changes the
 * connection, drain the events, then the bytes, then look at `transport` and `deadline`.
 */
import type { Duplex } from 'node:stream';
import {
  ADAPTER_OPTIONS,
  type AdapterOptions,
  type Handlers,
  Scope,
  start,
  WebSocketConnection,
} from '@sockless/adapter';
import { type Connection, checkNames } from '@sockless/core';
import { captureContext } from './context.ts';
import { SocketDriver } from './socket-driver.ts';

/**
 * Plugs a connection into a socket, in whatever state that is; from here on they belong together, and the time of the
 * connection begins: make it without one. If the socket has ended already, so has the connection.
 *
 * @throws {TypeError | RangeError} when an option is not valid, or `socket` is no stream of bytes
 */
export function attach<Data = unknown>(
  socket: Duplex,
  connection: Connection,
  handlers: Handlers<Data> = {},
  options: AdapterOptions = {},
): WebSocketConnection<Data> {
  checkNames(options, ADAPTER_OPTIONS);
  const scope = new Scope(handlers, options, captureContext(false));
  const ws = new WebSocketConnection(scope);
  drive(ws, scope, socket, connection);
  return ws;
}

/**
 * Lets `ws` work with a connection on a socket.
 *
 * @param startedAt when the time of the connection began, on the clock of `scope`
 */
export function drive<Data>(
  ws: WebSocketConnection<Data>,
  scope: Scope<Data>,
  socket: Duplex,
  connection: Connection,
  startedAt: number = scope.clock.now(),
): void {
  start(ws, connection, new SocketDriver(socket, connection, ws as WebSocketConnection<never>, scope, startedAt));
}
