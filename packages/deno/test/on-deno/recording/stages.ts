/** A situation with a real connection of this Deno, and with a simulated one. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { SimulatedConn, VirtualClock, WireEnd } from '@sockless/adapter/testing';
import { type Peer, simulatedPeer } from '../../../../adapter/test/recording.ts';
import { CERTIFICATE, KEY } from '../../../../node/test/certificate.ts';
import { Bench, deferred, delay } from '../../../../node/test/support.ts';
import { type SITUATIONS, Stage } from './situations.ts';

type Situation = (typeof SITUATIONS)[number];

const ignore = (): void => undefined;

/** Plays a situation with a real connection. */
export async function playReally({ play, tls = false }: Situation): Promise<readonly string[]> {
  const bench = new Bench();
  try {
    const stage = await (tls ? greeting(bench) : open(bench));
    bench.after(() => {
      try {
        stage.conn.close();
      } catch {
        // The situation has closed it already.
      }
    });
    await play(stage);
    return [...stage.notes];
  } finally {
    await bench.clear();
  }
}

/** Plays a situation with a simulated connection. */
export async function playSimulated({ play, tls = false }: Situation): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  near.capacity = far.capacity = 1_000_000;
  const conn = new SimulatedConn(near, { tls });
  const stage = new Stage(
    conn,
    simulatedPeer(far),
    () => conn.secured(),
    () => clock.pass(1),
  );
  let over = false;
  // Promises of a simulated connection settle only when the clock moves.
  const passing = (async () => {
    while (!over) await clock.pass(1);
  })();
  await play(stage);
  over = true;
  await passing;
  return stage.notes;
}

const quiet = (): Promise<void> => delay(5);

async function open(bench: Bench): Promise<Stage> {
  using listener = Deno.listen({ hostname: '127.0.0.1', port: 0 });
  const socket = connect({ host: '127.0.0.1', port: listener.addr.port, allowHalfOpen: true });
  const peer = new RealPeer(bench, socket);
  const [conn] = await Promise.all([listener.accept(), once(socket, 'connect')]);
  return new Stage(conn as Deno.TcpConn, peer, ignore, quiet);
}

async function greeting(bench: Bench): Promise<Stage> {
  const arrived = deferred<Socket>();
  const server = createServer({ allowHalfOpen: true }, arrived.resolve);
  const port = await bench.listen(server);
  const tcp = await Deno.connect({ hostname: '127.0.0.1', port });
  const conn = await Deno.startTls(tcp, { hostname: 'localhost', caCerts: [CERTIFICATE] });
  const other = await arrived.promise;
  const peer = new RealPeer(bench, other, false);
  const secure = (): void => {
    const greeted = new TLSSocket(other, { isServer: true, key: KEY, cert: CERTIFICATE });
    peer.listen(bench, greeted as unknown as Socket);
  };
  return new Stage(conn as unknown as Stage['conn'], peer, secure, quiet);
}

class RealPeer implements Peer {
  read = 0;
  ended = false;
  #socket: Socket;

  constructor(bench: Bench, socket: Socket, reads = true) {
    this.#socket = socket;
    bench.after(() => void socket.destroy());
    socket.on('error', ignore);
    if (reads) this.listen(bench, socket);
  }

  listen(bench: Bench, socket: Socket): void {
    this.#socket = socket;
    bench.after(() => void socket.destroy());
    socket.on('error', ignore);
    socket.on('data', ({ length }: Uint8Array) => {
      this.read += length;
    });
    socket.on('end', () => {
      this.ended = true;
    });
  }

  write(length: number): void {
    this.#socket.write(new Uint8Array(length));
  }
  end(): void {
    this.#socket.end();
  }
  reset(): void {
    this.#socket.resetAndDestroy();
  }
  close(): void {
    this.#socket.destroy();
  }
  hold(): void {
    this.#socket.pause();
  }
  release(): void {
    this.#socket.resume();
  }
}
