/** What the tests of Node's adapter know of its sockets, here of Deno's: see `packages/node/test/sockets.ts`. */
import type { Bench } from '../../../node/test/support.ts';
import type { Handlers, ServeOptions, WebSocketConnection } from '../../src/index.ts';

export const RESET = /ConnectionReset|BrokenPipe/;
export const REFUSED = /Connection refused/;
export const TAKEN = /Address already in use/;

const connOf = ({ socket }: { readonly socket: unknown }): Deno.TcpConn => socket as Deno.TcpConn;

/** Deno tells that a connection is closed only to who wants something of it. */
export function isGone(ws: { readonly socket: unknown }): boolean {
  try {
    connOf(ws).setNoDelay(true);
    return false;
  } catch {
    return true;
  }
}

/** A connection of Deno's cannot be asked: those that are being read from, as counted from the outside. */
const read: WeakMap<Deno.Conn, number> = new WeakMap();

/** Counts the reads that are under way on all connections. */
async function countReads(): Promise<void> {
  const listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const conn = await Deno.connect({ hostname: '127.0.0.1', port: listener.addr.port });
  (await listener.accept()).close();
  conn.close();
  listener.close();
  let proto: Deno.Conn = conn;
  while (!Object.hasOwn(proto, 'read')) proto = Object.getPrototypeOf(proto) as Deno.Conn;
  const original = proto.read;
  proto.read = async function (this: Deno.Conn, into: Uint8Array): Promise<number | null> {
    read.set(this, (read.get(this) ?? 0) + 1);
    try {
      return await original.call(this, into);
    } finally {
      read.set(this, (read.get(this) ?? 0) - 1);
    }
  };
}

await countReads();

/** Whether nothing reads from it, not even in the next turns: between two reads others have theirs. */
export async function isPaused(ws: WebSocketConnection): Promise<boolean> {
  for (let turn = 0; turn < 3; turn++) {
    if (isGone(ws) || (read.get(connOf(ws)) ?? 0) > 0) return false;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return true;
}

/** Closes the connection of Deno's behind the back of its driver. Why is not to be said. */
export async function cut(ws: WebSocketConnection): Promise<void> {
  while (ws.socket === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
  connOf(ws).close();
}

export function countWrites(ws: WebSocketConnection): () => number {
  let writes = 0;
  const conn = connOf(ws);
  const original = conn.write;
  conn.write = (bytes) => {
    writes++;
    return original.call(conn, bytes);
  };
  return () => writes;
}

/** There is no HTTP server here whose requests could be taken over. */
export async function upgrading(bench: Bench, handlers: Handlers, options: ServeOptions = {}): Promise<number> {
  const { port } = await bench.serve(handlers as never, options as never);
  return port;
}
