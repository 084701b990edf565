// The sockets under test, in Node's words. The tests of another adapter put their own in this place.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { CERTIFICATE, KEY } from '../certificate.ts';
import { frame } from '../raw.ts';
import { type Bench, deferred, soon, until } from '../support.ts';
import type { Event, Order, State } from './names.ts';
import { Peer } from './peer.ts';

/** What an error is called that a test gives to a socket. */
export const CABLE_CUT = new Error('the cable was cut');

/** What an adapter passes on as the cause of an end, in a word or two. */
export function causeOf(cause: unknown): string {
  if (cause === CABLE_CUT) return 'the error';
  if (cause === undefined) return 'the peer ended';
  const text = String(cause);
  const [, words] = CAUSES.find(([pattern]) => pattern.test(text)) ?? [];
  return words ?? text;
}

const CAUSES: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/ECONNREFUSED/, 'refused'],
  [/ECONNRESET|EPIPE/, 'reset'],
  [/disconnected before secure TLS connection/, 'the peer ended'],
  [/wrong version number/, 'no TLS'],
  [/terminate was called/, 'terminated'],
  [/socket had been destroyed before/, 'was destroyed'],
  [/peer had ended the socket before/, 'the peer had ended'],
  [/writable side of the socket had ended/, 'we had ended'],
];

/** The runtime whose sockets these are. */
export const RUNTIME = 'Node';

/** A socket, and all that can happen to it. */
export class Transport {
  readonly socket: Socket;
  /** The other end, once there is one. */
  peer: Peer | undefined;
  /** Lets the transport finish what it is at: to connect, or the TLS handshake. */
  readonly ready: () => unknown;
  /** The peer resets, or refuses. */
  readonly reset: () => unknown;
  /** The peer sends. */
  readonly data: () => unknown;
  /** The peer ends. */
  readonly end: () => unknown;

  constructor(
    socket: Socket,
    peer: Peer | undefined,
    acts: Partial<Pick<Transport, 'ready' | 'reset' | 'data' | 'end'>> = {},
  ) {
    this.socket = socket;
    this.peer = peer;
    this.ready = acts.ready ?? (() => undefined);
    this.reset = acts.reset ?? (() => this.peer?.reset());
    this.data = acts.data ?? (() => this.peer?.text('hello'));
    this.end = acts.end ?? (() => this.peer?.end());
  }

  get isGone(): boolean {
    return this.socket.destroyed;
  }

  /** The socket errors, as it does when the operating system reports one. */
  fail(): void {
    this.socket.destroy(CABLE_CUT);
  }

  /** What else than the state and the event holds up what comes of them; a socket of Node's says at once what it is in. */
  hindrance(_order: Order, _state: State, _event: Event): string | undefined {
    return undefined;
  }

  // What the owner of a socket may have done before an adapter gets it.

  /** Listens to errors, which end the process where nobody does. An adapter's own listener must be enough. */
  own(): void {
    this.socket.on('error', () => undefined);
  }

  pause(): void {
    this.socket.pause();
  }

  endOurHalf(): void {
    if (this.peer !== undefined) this.peer.polite = false;
    this.socket.end();
  }

  /** Waits until the socket has noticed what happened, if it does without an adapter. */
  async noticed(state: State, event: Event): Promise<void> {
    const { socket } = this;
    if (event === 'FIN') await until(() => socket.readableEnded || socket.destroyed);
    // Once the peer has ended, Node does not read any more.
    if (event === 'RST' && state !== 'half-closed by the peer') await until(() => socket.closed);
    if (event === 'close' && state === 'half-closed by the peer') await until(() => socket.destroyed);
  }

  /** Waits until nothing waits to be written. */
  async drained(): Promise<void> {
    const { socket, peer } = this;
    if (!socket.connecting) await until(() => socket.writableLength === 0 && (peer?.largeOnes ?? 0) > 0);
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Brings the socket into a state. */
  async enter(state: State): Promise<void> {
    const { socket, peer } = this;
    if (state === 'half-closed by the peer') {
      peer?.end();
      socket.resume();
      await until(() => socket.readableEnded);
    } else if (state === 'half-closed by us') {
      this.endOurHalf();
      await until(() => peer?.ended);
    } else if (state === 'full') {
      peer?.hold();
      socket.write(frame('server', 0x82, new Uint8Array(LARGE)));
      await soon();
    } else if (state === 'paused') {
      socket.pause();
    } else if (state === 'errored') {
      this.fail();
      await until(() => socket.closed);
    } else if (state === 'destroyed') {
      socket.destroy();
      await until(() => socket.closed);
    }
  }
}

/** More bytes than the operating system takes from one side while the other does not read. */
export const LARGE = 16_000_000;

/** Makes a socket that is in this state, or as far as it is possible without an adapter: open. */
export async function makeTransport(bench: Bench, state: State, role: 'client' | 'server'): Promise<Transport> {
  if (state === 'connecting') return connecting(bench);
  if (state === 'TLS handshake') return greeting(bench);
  const { server, accepted } = await listen(bench);
  // What is connected keeps its half open only as the peer of a server.
  const socket = connect({ ...server, allowHalfOpen: role === 'server' });
  bench.after(() => socket.destroy());
  await once(socket, 'connect');
  const other = await accepted;
  // The one that was accepted keeps its half open, as those of Node's HTTP servers do.
  if (role === 'server') return new Transport(other, new Peer(socket, 'client', true));
  return new Transport(socket, new Peer(other, 'server', false));
}

/** Connects when it is told where to. */
function connecting(bench: Bench): Promise<Transport> {
  return listen(bench).then(({ server, accepted, close }) => {
    const found = deferred<() => void>();
    const socket = connect({
      ...server,
      host: 'localhost',
      autoSelectFamily: false,
      lookup: (_, __, call) => found.resolve(() => call(null, '127.0.0.1', 4)),
    });
    bench.after(() => socket.destroy());
    const go = (): Promise<void> => found.promise.then((call) => call());
    const transport = new Transport(socket, undefined, {
      ready: go,
      reset: async () => {
        await close();
        await go();
      },
    });
    void accepted.then((other) => {
      transport.peer = new Peer(other, 'server', false);
    });
    return transport;
  });
}

/** Its peer answers the TLS handshake when it is told to. */
async function greeting(bench: Bench): Promise<Transport> {
  const { server, accepted } = await listen(bench);
  const socket = connectTls({ ...server, ca: CERTIFICATE, servername: 'localhost' });
  bench.after(() => socket.destroy());
  const other = await accepted;
  const transport: Transport = new Transport(socket, undefined, {
    ready: () => {
      const secure = new TLSSocket(other, { isServer: true, key: KEY, cert: CERTIFICATE });
      bench.after(() => secure.destroy());
      transport.peer = new Peer(secure, 'server', false);
    },
    data: () => other.write('no TLS\r\n'),
    end: () => other.end(),
    reset: () => other.resetAndDestroy(),
  });
  return transport;
}

interface Listening {
  readonly server: { readonly host: string; readonly port: number };
  readonly accepted: Promise<Socket>;
  /** Listens no more. */
  close(): Promise<unknown>;
}

async function listen(bench: Bench): Promise<Listening> {
  const arrived = deferred<Socket>();
  const server: Server = createServer({ allowHalfOpen: true, pauseOnConnect: false }, (socket) => {
    bench.after(() => socket.destroy());
    socket.on('error', () => undefined);
    arrived.resolve(socket);
  });
  const port = await bench.listen(server);
  return {
    server: { host: '127.0.0.1', port },
    accepted: arrived.promise,
    close: () => new Promise((resolve) => void server.close(resolve)),
  };
}
