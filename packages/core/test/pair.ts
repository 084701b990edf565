// Two connections, the wire between them, and a clock: a network in a test, the same every time for the same seed.
// The idea is that of quinn-proto's tests/util.rs.
import { type Random, randomBytes, seeded } from '../../adapter/src/testing/random.ts';
import {
  type ClientOptions,
  Connection,
  type ConnectionEvent,
  type Role,
  type ServerOptions,
  type Transport,
} from '../src/index.ts';
import { join } from './support.ts';

const NEVER = Infinity;

export { type Random, seeded };

/** Divides the bytes of one write into the chunks that arrive. */
export type Cut = (bytes: Uint8Array, random: Random) => Uint8Array[];

/** Returns chunks of the given sizes, and the rest in a last one. */
export const cutAt =
  (...sizes: number[]): Cut =>
  (bytes) => {
    const pieces: Uint8Array[] = [];
    let rest = bytes;
    for (const size of sizes) {
      if (rest.length <= size) break;
      pieces.push(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
    return [...pieces, rest];
  };

export const byteByByte: Cut = (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte));

/** Chunks of 1 to `longest` bytes. */
export const cutRandomly =
  (longest: number): Cut =>
  (bytes, random) => {
    const pieces: Uint8Array[] = [];
    for (let start = 0; start < bytes.length; ) {
      const end = Math.min(bytes.length, start + 1 + Math.floor(random() * longest));
      pieces.push(bytes.subarray(start, end));
      start = end;
    }
    return pieces;
  };

/** Something on its way: bytes, or the end of the stream with its cause. */
interface Delivery {
  readonly at: number;
  readonly bytes?: Uint8Array;
  readonly cause?: unknown;
}

/** One direction of the wire, which keeps the order as TCP does. */
export class Link {
  /** Milliseconds from one end to the other; a function for jitter. */
  latency: number | Random = 0;
  cut: Cut = (bytes) => [bytes];
  /** Whether nothing arrives for now; everything arrives afterwards. */
  stalled = false;
  /** Whether everything written is lost silently. */
  dropping = false;
  /** The number of bytes on their way at which the writer must wait, like a socket that is full. */
  capacity = Infinity;
  /** The most bytes that the writer takes at a time. */
  most = Infinity;
  /** Every byte that was written, lost ones too. */
  readonly written: Uint8Array[] = [];
  readonly #random: Random;
  #onTheWay: Delivery[] = [];
  #size = 0;
  #lastAt = 0;
  #ended = false;

  constructor(random: Random) {
    this.#random = random;
  }

  /** When the next delivery is due; `Infinity` when there is none. */
  get due(): number {
    return this.stalled ? NEVER : (this.#onTheWay[0]?.at ?? NEVER);
  }

  /** The number of bytes that can be written until it is full. */
  get room(): number {
    return Math.max(0, this.capacity - this.#size);
  }

  write(bytes: Uint8Array, now: number): void {
    this.written.push(bytes);
    // The wire does not share memory.
    for (const piece of this.cut(bytes, this.#random)) this.#send({ at: now, bytes: piece.slice() });
  }

  /** Ends the stream after everything written. */
  end(now: number, cause?: unknown): void {
    this.#send({ at: now, cause });
    this.#ended = true;
  }

  /** Destroys the stream: bytes on their way are lost. */
  destroy(now: number, cause: unknown): void {
    this.#onTheWay = [];
    this.#size = 0;
    this.#ended = false;
    this.end(now, cause);
  }

  take(): Delivery | undefined {
    const delivery = this.#onTheWay.shift();
    this.#size -= delivery?.bytes?.length ?? 0;
    return delivery;
  }

  #send(delivery: Delivery): void {
    if (this.dropping || this.#ended) return;
    const latency = typeof this.latency === 'number' ? this.latency : this.latency();
    this.#lastAt = Math.max(this.#lastAt, delivery.at + latency);
    this.#onTheWay.push({ ...delivery, at: this.#lastAt });
    this.#size += delivery.bytes?.length ?? 0;
  }
}

/** One end: a connection, its events, and the link to the other end. */
export class End {
  readonly role: Role;
  readonly connection: Connection;
  readonly out: Link;
  readonly events: ConnectionEvent[] = [];
  /** Whether it reports with `written` what has arrived at the other end. */
  reports = false;
  /** Called with each event, as the application. */
  onEvent: (event: ConnectionEvent, connection: Connection) => void = () => undefined;
  #transport: Transport = 'open';

  constructor(role: Role, connection: Connection, out: Link) {
    this.role = role;
    this.connection = connection;
    this.out = out;
  }

  /** The types of its events, for tests to compare. */
  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  /** The contract: drain the events, then the bytes, then read `transport` (and `deadline`, as the pair does). */
  drain(now: number, back: Link): void {
    for (const event of this.connection) {
      this.events.push(event);
      this.onEvent(event, this.connection);
    }
    if (this.reports) this.connection.written(0, now);
    // In one write, as an adapter corks, because the parts of `transmit` also depend on other connections.
    const parts: Uint8Array[] = [];
    for (let { room } = this.out; room > 0; ) {
      const part = this.connection.transmit(now, Math.min(room, this.out.most));
      if (part === undefined) break;
      parts.push(part);
      room -= part.length;
    }
    if (parts.length > 0) this.out.write(join(parts), now);
    const { transport } = this.connection;
    if (transport === this.#transport) return;
    this.#transport = transport;
    if (transport === 'end') this.out.end(now);
    else if (transport === 'destroy') {
      this.out.destroy(now, 'reset');
      back.destroy(now, 'reset');
    }
  }
}

export interface PairOptions {
  readonly seed?: number;
  readonly client?: ClientOptions;
  readonly server?: ServerOptions;
  /** Whether to begin with two open connections, without a handshake. */
  readonly opened?: boolean;
}

export class Pair {
  now = 0;
  readonly random: Random;
  readonly client: End;
  readonly server: End;

  constructor({ seed = 1, client = {}, server = {}, opened = false }: PairOptions = {}) {
    this.random = seeded(seed);
    const options = { random: randomBytes(this.random), ...client };
    this.client = this.#end(
      'client',
      opened ? Connection.opened('client', {}, options) : Connection.client('ws://example.com/', options),
    );
    this.server = this.#end('server', opened ? Connection.opened('server', {}, server) : Connection.server(server));
    this.server.onEvent = (event, connection) => {
      if (event.type === 'request') connection.accept();
    };
  }

  /** Cuts, or delays, both directions in the same way. */
  set cut(cut: Cut) {
    this.client.out.cut = this.server.out.cut = cut;
  }
  set latency(latency: number | Random) {
    this.client.out.latency = this.server.out.latency = latency;
  }

  /** Delivers bytes to an end as if the other end had written them. */
  inject(to: Role, bytes: Uint8Array): void {
    this.#towards(to).write(bytes, this.now);
  }

  /** Resets the transport as a network does: both directions, or the one towards an end. */
  reset(cause: unknown = 'reset', ...ends: Role[]): void {
    for (const role of ends.length > 0 ? ends : (['client', 'server'] as const)) {
      this.#towards(role).destroy(this.now, cause);
    }
  }

  /**
   * Lets time pass, from one delivery or deadline to the next.
   *
   * @param until when to stop; default: when nothing is on its way any more, however long a deadline still runs
   */
  run(until?: number): this {
    this.#drain(this.client);
    this.#drain(this.server);
    for (let step = 0; ; step++) {
      if (step > 1_000_000) throw new Error('the pair never comes to rest');
      const deliveries = [this.#due(this.client), this.#due(this.server)];
      const deadlines = [this.client.connection.deadline, this.server.connection.deadline];
      const next = Math.min(...deliveries, ...deadlines);
      if (next === NEVER || (until === undefined ? Math.min(...deliveries) === NEVER : next > until)) break;
      this.now = Math.max(this.now, next);
      // Of what is due at the same time, deliveries come first, and the client.
      if (deliveries[0] === next) this.#deliver(this.client);
      else if (deliveries[1] === next) this.#deliver(this.server);
      else this.#timeout(deadlines[0] === next ? this.client : this.server);
    }
    if (until !== undefined) this.now = Math.max(this.now, until);
    return this;
  }

  /** Returns when the next delivery for an end is due; never while it is paused. */
  #due(end: End): number {
    return end.connection.paused ? NEVER : this.#towards(end.role).due;
  }

  #deliver(end: End): void {
    const link = this.#towards(end.role);
    const wasFull = link.room === 0;
    const delivery = link.take();
    if (delivery?.bytes !== undefined) end.connection.receive(delivery.bytes, this.now);
    else end.connection.receiveEnd(this.now, delivery?.cause);
    this.#drain(end);
    const opposite = this.#opposite(end.role);
    if (opposite.reports) opposite.connection.written(delivery?.bytes?.length ?? 0, this.now);
    if (wasFull || opposite.reports) this.#drain(opposite);
  }

  #timeout(end: End): void {
    const { connection, role } = end;
    connection.timeout(this.now);
    if (connection.deadline <= this.now) throw new Error(`a deadline of the ${role} is in the past`);
    this.#drain(end);
  }

  #drain(end: End): void {
    end.drain(this.now, this.#towards(end.role));
  }

  #towards(role: Role): Link {
    return this.#opposite(role).out;
  }

  #opposite(role: Role): End {
    return role === 'client' ? this.server : this.client;
  }

  #end(role: Role, connection: Connection): End {
    return new End(role, connection, new Link(this.random));
  }
}
