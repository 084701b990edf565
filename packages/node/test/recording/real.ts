// A situation with a real socket.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { CERTIFICATE, KEY } from '../certificate.ts';
import { Bench, deferred, delay } from '../support.ts';
import type { SITUATIONS } from './situations.ts';
import { type Kind, type Peer, Stage } from './stage.ts';

/** Plays a situation with a socket of this Node. */
export async function playReally({ play, ...kind }: (typeof SITUATIONS)[number]): Promise<readonly string[]> {
  const bench = new Bench();
  try {
    const stage = await makeStage(bench, kind);
    await play(stage);
    return [...stage.notes];
  } finally {
    await bench.clear();
  }
}

const quiet = (): Promise<void> => delay(5);
const ignore = (): void => undefined;

async function makeStage(bench: Bench, kind: Kind): Promise<Stage> {
  const arrived = deferred<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, arrived.resolve);
  const port = await bench.listen(server);
  const where = { host: '127.0.0.1', port };
  if (kind.connecting) {
    const peer = new RealPeer();
    const found = deferred<() => void>();
    const socket = connect({
      ...{ port, host: 'localhost', autoSelectFamily: false },
      lookup: (_, __, call) => found.resolve(() => call(null, '127.0.0.1', 4)),
    });
    bench.after(() => socket.destroy());
    void arrived.promise.then((other) => peer.has(bench, other));
    const go = (): void => void found.promise.then((call) => call());
    return new Stage(socket, peer, { connect: go, refuse: () => void server.close(go), secure: ignore }, quiet);
  }
  const peer = new RealPeer();
  if (kind.tls) {
    const socket = connectTls({ ...where, ca: CERTIFICATE, servername: 'localhost' });
    bench.after(() => socket.destroy());
    await once(socket, 'connect');
    const other = await arrived.promise;
    peer.has(bench, other, false);
    const secure = (): void => {
      const greeted = new TLSSocket(other, { isServer: true, key: KEY, cert: CERTIFICATE });
      peer.has(bench, greeted as Socket);
    };
    return new Stage(socket, peer, { connect: ignore, refuse: ignore, secure }, quiet);
  }
  const socket = connect({ ...where, allowHalfOpen: kind.allowHalfOpen === true });
  bench.after(() => socket.destroy());
  await once(socket, 'connect');
  peer.has(bench, await arrived.promise, kind.deaf !== true);
  return new Stage(socket, peer, { connect: ignore, refuse: ignore, secure: ignore }, quiet);
}

class RealPeer implements Peer {
  read = 0;
  ended = false;
  #socket: Socket | undefined;

  has(bench: Bench, socket: Socket, reads = true): void {
    this.#socket = socket;
    bench.after(() => socket.destroy());
    socket.on('error', ignore);
    if (!reads) return;
    socket.on('data', ({ length }) => {
      this.read += length;
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.resume();
  }

  write(length: number): void {
    this.#socket?.write(new Uint8Array(length));
  }
  end(): void {
    this.#socket?.end();
  }
  reset(): void {
    this.#socket?.resetAndDestroy();
  }
  close(): void {
    this.#socket?.destroy();
  }
  hold(): void {
    // Node reads ahead until it has enough, so a stage that must not read at all does not ask for data.
    this.#socket?.pause();
    this.#socket?.removeAllListeners('data');
  }
  release(): void {
    this.#socket?.on('data', ({ length }) => {
      this.read += length;
    });
    this.#socket?.resume();
  }
}
