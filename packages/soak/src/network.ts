/**
 * The network between the clients and the server. It cuts the stream into other chunks, is slow at times, and acts on a
 * connection as its plan says. The target of the request is the id of the plan.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { below, type Fate, planOf, type Random, randomOf } from './plan.ts';

/** How long a silent network keeps the sockets, in milliseconds: longer than any deadline. */
const KEPT = 60_000;

/** The actions of the network for each {@link Fate}. */
const DEEDS: { readonly [Name in Fate]?: (link: Link) => unknown } = {
  'the network resets both': ({ client, server }) => [client.resetAndDestroy(), server.resetAndDestroy()],
  'the network resets the client': ({ client, server }) => [client.resetAndDestroy(), server.destroy()],
  'the network resets the server': ({ client, server }) => [client.destroy(), server.resetAndDestroy()],
  'the network ends': ({ client, server }) => [client.end(), server.end()],
  'the network drops all': (link) => (link.carries = 'nothing'),
  'the network stands still': (link) => (link.carries = 'still'),
};

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  carries: 'all' | 'nothing' | 'still';
}

/** A port that forwards to another one. */
export interface Network {
  readonly port: number;
  /** The port that it forwards to. */
  target: number;
  close(): void;
}

/** Creates a network that follows the plans of this seed. */
export async function startNetwork(seed: number): Promise<Network> {
  const open = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    open.add(socket);
    // `pump` sees the error as well, and destroys the other socket.
    socket.on('error', () => undefined).on('close', () => open.delete(socket));
    return socket.setNoDelay(true);
  };
  const network = { port: 0, target: 0, close: (): void => undefined };
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    const dial = (): Socket => keep(connect({ host: '127.0.0.1', port: network.target, allowHalfOpen: true }));
    // A client that has gone before its request needs no connection to the server.
    carry(keep(client), seed, dial).catch(() => undefined);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  network.port = (listener.address() as AddressInfo).port;
  network.close = () => {
    listener.close();
    for (const socket of open) socket.destroy();
  };
  return network;
}

async function carry(client: Socket, seed: number, dial: () => Socket): Promise<void> {
  const first = await Promise.race([once(client, 'data'), once(client, 'close').then(() => [])]);
  const head = first[0] as Buffer | undefined;
  if (head === undefined) return;
  client.pause();
  const id = Number(/^GET \/(\d+) /.exec(head.toString('latin1', 0, 32))?.[1]);
  const { fate, after } = planOf(seed, id);
  const server = dial();
  if (fate === 'the network resets the handshake') {
    server.write(head.subarray(0, after % head.length));
    await delay(after % 100);
    client.resetAndDestroy();
    server.resetAndDestroy();
    return;
  }
  const link: Link = { client, server, carries: 'all' };
  const timer = setTimeout(() => DEEDS[fate]?.(link), after);
  server.write(head);
  await Promise.all([
    pump(client, server, link, randomOf(seed, id, 1)),
    pump(server, client, link, randomOf(seed, id, 2)),
  ]);
  clearTimeout(timer);
}

/** Forwards one direction: cuts every chunk anew, and delays some. */
async function pump(from: Socket, to: Socket, link: Link, random: Random): Promise<void> {
  const isSlow = random() < 0.1;
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (link.carries === 'still') await Promise.race([delay(KEPT, undefined, { ref: false }), once(to, 'close')]);
      if (link.carries !== 'all') continue;
      const cut = random() < 0.5 ? chunk.length : below(random, chunk.length);
      for (const part of [chunk.subarray(0, cut), chunk.subarray(cut)]) {
        if (isSlow) await delay(below(random, 20));
        if (part.length > 0 && to.writable && !to.write(part)) {
          await Promise.race([once(to, 'drain'), once(to, 'close')]);
        }
      }
    }
    to.end();
  } catch {
    // A reset of one socket becomes a reset of the other.
    to.resetAndDestroy();
  }
}
