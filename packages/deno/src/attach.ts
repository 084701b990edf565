/**
 * A connection of core on a connection of Deno's: the contract of core and little else. After every call that changes the
 * connection, drain the events, then the bytes, then look at `transport` and `deadline`.
 */
import {
  ADAPTER_OPTIONS,
  type AdapterOptions,
  type Handlers,
  Scope,
  start,
  WebSocketConnection,
} from '@sockless/adapter';
import { type Connection, checkNames } from '@sockless/core';
import { ConnDriver } from './conn-driver.ts';
import { captureContext } from './context.ts';

/**
 * Attaches a connection to a `Deno.Conn`. The time of the connection begins now, so create it without a `now`. If a TCP
 * connection was closed before, the connection ends. For any other `Deno.Conn` the first read, which follows at once,
 * finds that out.
 *
 * @throws {TypeError | RangeError} when an option is not valid, or `conn` is not a `Deno.Conn`
 */
export function attach<Data = unknown>(
  conn: Deno.Conn,
  connection: Connection,
  handlers: Handlers<Data> = {},
  options: AdapterOptions = {},
): WebSocketConnection<Data> {
  checkNames(options, ADAPTER_OPTIONS);
  const scope = new Scope(handlers, options, captureContext());
  const ws = new WebSocketConnection(scope);
  drive(ws, scope, conn, connection);
  return ws;
}

/**
 * Starts `ws` with a connection on a `Deno.Conn`.
 *
 * @param startedAt when the time of the connection began, on the clock of `scope`
 */
export function drive<Data>(
  ws: WebSocketConnection<Data>,
  scope: Scope<Data>,
  conn: Deno.Conn,
  connection: Connection,
  startedAt: number = scope.clock.now(),
): void {
  start(ws, connection, new ConnDriver(conn, connection, ws as WebSocketConnection<never>, scope, startedAt));
}
