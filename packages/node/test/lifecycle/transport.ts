// The sockets under test, as Node has them. The tests of another adapter replace this file.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { CERTIFICATE, KEY } from '../certificate.ts';
import { frame } from '../raw.ts';
import { type Bench, deferred, soon, until } from '../support.ts';
import type { Event, Order, State } from './names.ts';
import { Peer } from './peer.ts';

/** The name of an error that a test injects into a socket. */
export const CABLE_CUT = new Error('the cable was cut');

/** Returns the cause of an end in a word or two. */
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

/** A socket, and every event that can happen to it. */
export class Transport {
  readonly socket: Socket;
  /** The other end, once it exists. */
  peer: Peer | undefined;
  /** Lets the transport finish connecting or the TLS handshake. */
  readonly ready: () => unknown;
  /** The peer resets the connection, or refuses it. */
  readonly reset: () => unknown;
  /** The peer sends bytes. */
  readonly data: () => unknown;
  /** The peer ends its side. */
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

  /** Injects an error, as if the operating system reported one. */
  fail(): void {
    this.socket.destroy(CABLE_CUT);
  }

  /** Returns a further obstacle besides the state and the event. A Node socket always shows its state, so it has none. */
  hindrance(_order: Order, _state: State, _event: Event): string | undefined {
    return undefined;
  }

  // Actions of a socket's owner before an adapter gets it.

  /** Listens to errors, which otherwise would end the process. Later an adapter's own listener must be enough. */
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

  /** Waits until the socket, without an adapter, has noticed the event. */
  async noticed(state: State, event: Event): Promise<void> {
    const { socket } = this;
    if (event === 'FIN') await until(() => socket.readableEnded || socket.destroyed);
    // Node does not read any more once the peer has ended.
    if (event === 'RST' && state !== 'half-closed by the peer') await until(() => socket.closed);
    if (event === 'close' && state === 'half-closed by the peer') await until(() => socket.destroyed);
  }

  /** Waits until everything has been written. */
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

/** More bytes than the operating system takes while the other side does not read. */
export const LARGE = 16_000_000;

/** Returns a socket in this state, or, if only an adapter can bring it there, an open one. */
export async function makeTransport(bench: Bench, state: State, role: 'client' | 'server'): Promise<Transport> {
  if (state === 'connecting') return connecting(bench);
  if (state === 'TLS handshake') return greeting(bench);
  const { server, accepted } = await listen(bench);
  // Of two connected sockets, only the server's keeps its side open when the other ends.
  const socket = connect({ ...server, allowHalfOpen: role === 'server' });
  bench.after(() => socket.destroy());
  await once(socket, 'connect');
  const other = await accepted;
  // The accepted socket keeps its side open, like those of Node's HTTP servers.
  if (role === 'server') return new Transport(other, new Peer(socket, 'client', true));
  return new Transport(socket, new Peer(other, 'server', false));
}

/** A socket that connects when told to. */
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

/** A socket whose peer answers the TLS handshake when told to. */
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
  /** Stops listening. */
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
