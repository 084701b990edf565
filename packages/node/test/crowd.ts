// A server, some clients, and what each of them has received: for tests of sending to many.
import type { Handlers, ServeOptions, Server, WebSocketConnection } from '../src/index.ts';
import { type Bench, until } from './support.ts';

export interface Crowd {
  readonly server: Server;
  /** The server's connections, in the order in which they opened. */
  readonly all: WebSocketConnection[];
  /** The same connections at their other ends, and what each has received. */
  readonly clients: WebSocketConnection[];
  readonly received: (string | Uint8Array)[][];
}

/** Starts a server and connects clients to it, one after the other. */
export async function crowd(
  bench: Bench,
  count: number,
  handlers: Handlers = {},
  options: ServeOptions = {},
): Promise<Crowd> {
  const all: WebSocketConnection[] = [];
  const server = await bench.serve(
    {
      ...handlers,
      open(ws, event) {
        all.push(ws);
        return handlers.open?.(ws, event);
      },
    },
    options,
  );
  const received: (string | Uint8Array)[][] = [];
  const clients: WebSocketConnection[] = [];
  for (let n = 0; n < count; n++) {
    const mine: (string | Uint8Array)[] = [];
    received.push(mine);
    const client = bench.connect(server.url, { message: (_, data) => void mine.push(data) });
    await client.opened;
    await until(() => all.length === n + 1);
    clients.push(client);
  }
  return { server, all, clients, received };
}

/** Returns the number of messages that each client has received. */
export const sizes = (received: readonly unknown[][]): number[] => received.map(({ length }) => length);
