// The tests' knowledge of Node's own sockets and servers. The tests of another adapter replace this file and run the rest
// unchanged.
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Handlers, upgrade, type WebSocketConnection } from '../src/index.ts';
import type { Bench } from './support.ts';

/** Node's names for errors of the operating system: the peer has reset, nothing listens, something already listens. */
export const RESET = /ECONNRESET|EPIPE/;
export const REFUSED = /ECONNREFUSED/;
export const TAKEN = /EADDRINUSE/;

const socketOf = ({ socket }: { readonly socket: unknown }): Duplex => socket as Duplex;

export const isGone = (ws: { readonly socket: unknown }): boolean => socketOf(ws).destroyed;

export const isPaused = (ws: WebSocketConnection): Promise<boolean> => Promise.resolve(socketOf(ws).isPaused());

/** Destroys the socket without telling its connection. */
export const cut = (ws: WebSocketConnection, error?: Error): void => void socketOf(ws).destroy(error);

/** Counts how often a socket writes to the operating system, below its own buffering. */
export function countWrites(ws: WebSocketConnection): () => number {
  let writes = 0;
  const socket = socketOf(ws);
  for (const name of ['_write', '_writev'] as const) {
    const original = socket[name] as (...args: unknown[]) => unknown;
    socket[name] = (...args: unknown[]): void => {
      writes++;
      original.apply(socket, args);
    };
  }
  return () => writes;
}

/** Starts a server that takes over every request of an HTTP server; returns its port. */
export function upgrading(
  bench: Bench,
  handlers: Handlers,
  options: Parameters<typeof upgrade>[3] = {},
): Promise<number> {
  const server = createServer();
  server.on('upgrade', (request, socket, head) => upgrade(request, socket, head, options, handlers));
  return bench.listen(server);
}
