// What the tests know of Node's own sockets and servers. The tests of another adapter put their own in this place, and
// run the rest as it is.
import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Handlers, upgrade, type WebSocketConnection } from '../src/index.ts';
import type { Bench } from './support.ts';

/** What the operating system says, in Node's words: the peer has reset, nobody listens, somebody listens already. */
export const RESET = /ECONNRESET|EPIPE/;
export const REFUSED = /ECONNREFUSED/;
export const TAKEN = /EADDRINUSE/;

const socketOf = ({ socket }: { readonly socket: unknown }): Duplex => socket as Duplex;

export const isGone = (ws: { readonly socket: unknown }): boolean => socketOf(ws).destroyed;

export const isPaused = (ws: WebSocketConnection): Promise<boolean> => Promise.resolve(socketOf(ws).isPaused());

/** Destroys the socket without a word to its connection. */
export const cut = (ws: WebSocketConnection, error?: Error): void => void socketOf(ws).destroy(error);

/** Counts how many times a socket hands something to the operating system, below its own buffering. */
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

/** A server that takes over all the requests that an HTTP server reads; gives its port. */
export function upgrading(
  bench: Bench,
  handlers: Handlers,
  options: Parameters<typeof upgrade>[3] = {},
): Promise<number> {
  const server = createServer();
  server.on('upgrade', (request, socket, head) => upgrade(request, socket, head, options, handlers));
  return bench.listen(server);
}
