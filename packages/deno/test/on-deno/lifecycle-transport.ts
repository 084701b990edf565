/** The sockets for the table of a socket's whole life, as Deno has them: see `packages/node/test/lifecycle/transport.ts`. */
import { connect, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { CERTIFICATE, KEY } from '../../../node/test/certificate.ts';
import { type Event, type Order, type State, WHEN_WE_SEND } from '../../../node/test/lifecycle/names.ts';
import { Peer } from '../../../node/test/lifecycle/peer.ts';
import { type Bench, deferred, soon, until } from '../../../node/test/support.ts';

/** The runtime whose sockets these are. */
export const RUNTIME = 'Deno';

/** More bytes than the operating system takes from one side while the other does not read. */
export const LARGE = 16_000_000;

const HOST = '127.0.0.1';
const CABLE_CUT = new Error('the cable was cut');

/** Returns the cause of an end in a word or two. */
export function causeOf(cause: unknown): string {
  if (cause === CABLE_CUT) return 'the error';
  if (cause === undefined) return 'the peer ended';
  const text = String(cause);
  const [, words] = CAUSES.find(([pattern]) => pattern.test(text)) ?? [];
  return words ?? text;
}

const CAUSES: readonly (readonly [pattern: RegExp, words: string])[] = [
  [/Connection refused/, 'refused'],
  [/ConnectionReset|BrokenPipe/, 'reset'],
  [/UnexpectedEof/, 'the peer ended'],
  [/InvalidData/, 'no TLS'],
  [/terminate was called/, 'terminated'],
  [/BadResource/, 'was destroyed'],
];

interface Acts {
  readonly ready: () => unknown;
  readonly reset: () => unknown;
  readonly data: () => unknown;
  readonly end: () => unknown;
  readonly fail: () => unknown;
}

/** A `Deno.Conn`, or the promise of one, and every event that can happen to it. */
export class Transport {
  readonly socket: Deno.Conn | Promise<Deno.Conn>;
  peer: Peer | undefined;
  readonly ready: () => unknown;
  readonly reset: () => unknown;
  readonly data: () => unknown;
  readonly end: () => unknown;
  /** A connection cannot be given an error, but the promise of one can be rejected, and a reset is an error. */
  readonly fail: () => unknown;
  #conn: Deno.Conn | undefined;
  #isGone = false;

  constructor(bench: Bench, socket: Deno.Conn | Promise<Deno.Conn>, peer: Peer | undefined, acts: Partial<Acts> = {}) {
    this.socket = socket;
    this.peer = peer;
    this.ready = acts.ready ?? (() => undefined);
    this.reset = acts.reset ?? (() => this.peer?.reset());
    this.data = acts.data ?? (() => this.peer?.text('hello'));
    this.end = acts.end ?? (() => this.peer?.end());
    this.fail = acts.fail ?? this.reset;
    if (socket instanceof Promise) socket.then((conn) => this.#watch(bench, conn), ignore);
    else this.#watch(bench, socket);
  }

  /** A connection that has not arrived does not count as open. */
  get isGone(): boolean {
    return this.#conn === undefined || this.#isGone;
  }

  /** Errors of a connection go to the caller of an operation. */
  own(): void {}

  /** A connection is read only on request. */
  pause(): void {}

  /** Only a write shows that our own side had ended. */
  hindrance(order: Order, state: State, event: Event): string | undefined {
    if (order === 'after' || state === 'TLS handshake') return undefined;
    return state === 'half-closed by us' || event === 'close' ? WHEN_WE_SEND : undefined;
  }

  async endOurHalf(): Promise<void> {
    if (this.peer !== undefined) this.peer.polite = false;
    // A closed connection has no side to end.
    await this.#conn?.closeWrite().catch(ignore);
  }

  destroy(): void {
    if (!this.#isGone) this.#conn?.close();
  }

  drained(): Promise<void> {
    return soon();
  }

  /** A connection that is not read notices nothing. */
  noticed(_state: State, _event: Event): Promise<void> {
    return soon();
  }

  async enter(state: State): Promise<void> {
    const { peer } = this;
    const conn = this.#conn;
    if (state === 'half-closed by the peer') {
      peer?.end();
      await conn?.read(new Uint8Array(1));
    } else if (state === 'half-closed by us') {
      await this.endOurHalf();
      await until(() => peer?.ended);
    } else if (state === 'errored') {
      peer?.reset();
      await conn?.read(new Uint8Array(1)).catch(ignore);
    } else if (state === 'destroyed') {
      this.destroy();
    }
  }

  #watch(bench: Bench, conn: Deno.Conn): void {
    this.#conn = conn;
    const close = conn.close.bind(conn);
    conn.close = () => {
      this.#isGone = true;
      close();
    };
    bench.after(() => {
      if (!this.#isGone) conn.close();
    });
  }
}

const ignore = (): void => undefined;

/** Returns a connection in this state, or, if only an adapter can bring it there, an open one. */
export async function makeTransport(bench: Bench, state: State, role: 'client' | 'server'): Promise<Transport> {
  if (state === 'connecting') return await connecting(bench);
  if (state === 'TLS handshake') return await greeting(bench);
  if (role === 'server') {
    using listener = Deno.listen({ hostname: HOST, port: 0 });
    const socket = connect({ host: HOST, port: listener.addr.port, allowHalfOpen: true });
    bench.after(() => socket.destroy());
    return new Transport(bench, await listener.accept(), new Peer(socket, 'client', true));
  }
  const { port, accepted } = await listen(bench);
  const conn = await Deno.connect({ hostname: HOST, port });
  return new Transport(bench, conn, new Peer(await accepted, 'server', false));
}

/** A connection that connects when told to. */
async function connecting(bench: Bench): Promise<Transport> {
  const { port, accepted, close } = await listen(bench);
  const gate = deferred<Error | undefined>();
  const conn = gate.promise.then((error) => {
    if (error !== undefined) throw error;
    return Deno.connect({ hostname: HOST, port });
  });
  const go = (): void => gate.resolve(undefined);
  const transport = new Transport(bench, conn, undefined, {
    ready: go,
    reset: async () => {
      await close();
      go();
    },
    fail: () => gate.resolve(CABLE_CUT),
  });
  void accepted.then((socket) => {
    transport.peer = new Peer(socket, 'server', false);
  });
  return transport;
}

/** A connection whose peer, behind a relay, answers the TLS handshake when told to. */
async function greeting(bench: Bench): Promise<Transport> {
  const secure = createTlsServer({ key: KEY, cert: CERTIFICATE }, (socket) => {
    bench.after(() => socket.destroy());
    transport.peer = new Peer(socket, 'server', false);
  });
  const target = await bench.listen(secure);
  const { port, accepted } = await listen(bench);
  const conn = await Deno.startTls(await Deno.connect({ hostname: HOST, port }), {
    hostname: 'localhost',
    caCerts: [CERTIFICATE],
  });
  const relay = await accepted;
  const transport: Transport = new Transport(bench, conn, undefined, {
    ready: () => {
      const behind = connect({ host: HOST, port: target });
      bench.after(() => behind.destroy());
      behind.on('error', ignore);
      relay.pipe(behind).pipe(relay);
    },
    data: () => relay.write('no TLS\r\n'),
    end: () => relay.end(),
    reset: () => relay.resetAndDestroy(),
  });
  return transport;
}

async function listen(bench: Bench) {
  const arrived = deferred<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    bench.after(() => socket.destroy());
    socket.on('error', ignore);
    arrived.resolve(socket);
  });
  const port = await bench.listen(server);
  const close = (): Promise<unknown> => new Promise((resolve) => void server.close(resolve));
  return { port, accepted: arrived.promise, close };
}
