// Open connections of ours, each with a raw peer.
import type { ConnectOptions, Handlers, ServeOptions, Server, WebSocketConnection } from '../src/index.ts';
import { openServer, rawClient, type Wire } from './raw.ts';
import { type Bench, deferred } from './support.ts';

/** Returns an open client, and the raw server that it is connected to. */
export async function openClient(
  bench: Bench,
  handlers: Handlers = {},
  options: ConnectOptions = {},
): Promise<{ ws: WebSocketConnection; wire: Wire }> {
  const peer = deferred<Wire>();
  const ws = bench.connect(await openServer(bench, peer.resolve), handlers, options);
  await ws.opened;
  return { ws, wire: await peer.promise };
}

/** Returns an open connection of a server, its raw client, and the server. */
export async function openConnection(
  bench: Bench,
  handlers: Handlers = {},
  options: ServeOptions = {},
): Promise<{ ws: WebSocketConnection; wire: Wire; server: Server }> {
  const opened = deferred<WebSocketConnection>();
  const open: Handlers['open'] = (ws, event) => {
    opened.resolve(ws);
    return handlers.open?.(ws, event);
  };
  const server = await bench.serve({ ...handlers, open }, options);
  const wire = await rawClient(bench, server.port);
  return { ws: await opened.promise, wire, server };
}

/** Like {@link openConnection}, with a client that reads only when told to. */
export async function slowClient(...args: Parameters<typeof openConnection>): ReturnType<typeof openConnection> {
  const connection = await openConnection(...args);
  connection.wire.socket.pause();
  return connection;
}
