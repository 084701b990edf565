/** What the tests of Node's adapter need to know about its sockets, for Deno's: see `packages/node/test/sockets.ts`. */
import type { Bench } from '../../../node/test/support.ts';
import type { Handlers, ServeOptions, WebSocketConnection } from '../../src/index.ts';

export const RESET = /ConnectionReset|BrokenPipe/;
export const REFUSED = /Connection refused/;
export const TAKEN = /Address already in use/;

const connOf = ({ socket }: { readonly socket: unknown }): Deno.TcpConn => socket as Deno.TcpConn;

/** Deno reports that a connection is closed only when an operation is attempted. */
export function isGone(ws: { readonly socket: unknown }): boolean {
  try {
    connOf(ws).setNoDelay(true);
    return false;
  } catch {
    return true;
  }
}

/** The connections with a read in progress, counted from outside, since a Deno connection cannot be asked. */
const read: WeakMap<Deno.Conn, number> = new WeakMap();

/** Counts the reads in progress on all connections. */
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

/** Tells whether nothing reads from it, even after some turns of the event loop, since between two reads others have their turn. */
export async function isPaused(ws: WebSocketConnection): Promise<boolean> {
  for (let turn = 0; turn < 3; turn++) {
    if (isGone(ws) || (read.get(connOf(ws)) ?? 0) > 0) return false;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return true;
}

/** Closes Deno's connection without telling its driver. The cause of the end is then unknown. */
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

/** There is no HTTP server whose requests could be taken over. */
export async function upgrading(bench: Bench, handlers: Handlers, options: ServeOptions = {}): Promise<number> {
  const { port } = await bench.serve(handlers as never, options as never);
  return port;
}
