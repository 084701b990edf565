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
  scopeOf,
  start,
  WebSocketConnection,
} from '@sockless/adapter';
import { type Connection, checkNames } from '@sockless/core';
import { captureContext } from './context.ts';
import { SocketDriver } from './socket-driver.ts';

/**
 * Attaches a connection to a socket, whatever the socket's state is. The time of the connection begins now, so create
 * it without a `now`. If the socket has ended already, the connection ends.
 *
 * @throws {TypeError | RangeError} when an option is not valid, or `socket` is not a stream of bytes
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
  drive(ws, socket, connection);
  return ws;
}

/**
 * Starts `ws` with a connection on a socket.
 *
 * @param startedAt when the time of the connection began, on its clock
 */
export function drive<Data>(
  ws: WebSocketConnection<Data>,
  socket: Duplex,
  connection: Connection,
  startedAt: number = scopeOf(ws).clock.now(),
): void {
  start(ws, connection, new SocketDriver(socket, connection, ws as WebSocketConnection<never>, startedAt));
}
