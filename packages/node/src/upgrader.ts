/** The connections of an HTTP server of your own: kept in one set, and closed together. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  ADAPTER_OPTIONS,
  type AdapterOptions,
  type BaseServer,
  type CloseOptions,
  checkCloseOptions,
  type Handlers,
  resolveCompression,
  Scope,
  ServedConnections,
  type WebSocketConnection,
  type WithCompression,
} from '@sockless/adapter';
import { resolveServerOptions, type ServerOptions } from '@sockless/core';
import { zlib } from '@sockless/deflate/zlib';
import { captureContext } from './context.ts';
import { claim, takeOver } from './upgrade.ts';

/** Upgrades the requests of an HTTP server of your own. It has what the result of `serve` has, without the server. */
export interface Upgrader<Data = unknown> extends Omit<BaseServer<Data>, 'port' | 'url' | 'close'> {
  /**
   * Does `upgrade` with the common options and handlers. After `close` it refuses requests with 503.
   *
   * @param head the bytes that arrived behind the request
   * @throws {TypeError} when this socket has been taken over already, by another listener for instance
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): WebSocketConnection<Data>;
  /**
   * Closes every connection with 1001, waits, and destroys those that do not answer. It does not close the HTTP server.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Returns an object that upgrades the requests of an HTTP server of your own, knows their connections, and closes them.
 *
 * @throws {TypeError | RangeError} when an option is not valid
 * @example
 * ```ts
 * const chat = upgrader({}, { message: (ws, data) => ws.send(data) });
 * server.on('upgrade', chat.upgrade);
 * process.on('SIGTERM', async () => {
 *   server.close();
 *   await chat.close();
 * });
 * ```
 */
export function upgrader<Data = unknown>(
  options: WithCompression<ServerOptions> & AdapterOptions = {},
  handlers: Handlers<Data> = {},
): Upgrader<Data> {
  const resolved = resolveServerOptions(resolveCompression(options, zlib), ADAPTER_OPTIONS);
  const connections = new ServedConnections(new Scope(handlers, options, captureContext(false)));
  const close = async (how: CloseOptions = {}): Promise<void> => {
    checkCloseOptions(how);
    await connections.close(how);
  };
  return Object.assign(connections.doors(), {
    upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array) {
      claim(socket);
      // The handlers run in the context of the call of `upgrader`.
      const { ws, scope } = connections.add(undefined, new Scope(handlers, options, captureContext(false)));
      takeOver(ws, scope, request, socket, head, resolved);
      return ws;
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  });
}
