/**
 * A TCP connection as the programs at its two ends see it, on a virtual clock: how much the operating system takes, when it
 * arrives, and what is told of FIN and RST. Both simulated sockets stand on it, Node's and Deno's.
 */
import type { Clock } from '../clock.ts';
import type { Random } from './random.ts';

/** What the operating system says. */
export type WireCode = 'ECONNRESET' | 'EPIPE' | 'EBADF';

/** An operation that the operating system refuses. */
export class WireError extends Error {
  /** The name of the error, in capitals. */
  readonly code: WireCode;

  /** Says no more than its code. */
  constructor(code: WireCode) {
    super(code);
    this.code = code;
  }
}

/** What is on its way to an end. */
type Delivery = { readonly bytes: Uint8Array } | 'FIN' | 'RST';

/** One end of a connection: what a program may ask of the operating system. */
export class WireEnd {
  /** Called when there is something to read: bytes, the end, or an error. */
  onReadable: () => void = () => undefined;
  /** Called when there is room again, after `take` took less than it was given; or an error. */
  onWritable: () => void = () => undefined;
  /** How long what this end sends is on its way, in milliseconds; a function for jitter. */
  latency: number | Random = 0;
  /** How many bytes the operating systems of both ends take while the other end does not read. */
  capacity = 200_000;
  /** How many bytes they take in one call at most; the rest a moment later. */
  most: number = Infinity;
  /** Cuts what is taken in one call into the parts that arrive. Default: not at all. */
  cut: (bytes: Uint8Array) => readonly Uint8Array[] = (bytes) => [bytes];
  /** Nothing that this end sends arrives any more, and neither end is told: a cable that was cut. */
  dropping = false;
  readonly #clock: Clock;
  // biome-ignore lint/style/useReadonlyClassProperties: `pair` assigns it
  #other: WireEnd = this;
  // What this end has sent.
  #sent = 0;
  #lastAt = 0;
  #finSent = false;
  #wantsRoom = false;
  #held: Delivery[] | undefined = undefined;
  // What has arrived at this end.
  readonly #arrived: Uint8Array[] = [];
  #unread = 0;
  #finArrived = false;
  #error: WireCode | undefined = undefined;
  #dead = false;
  #closed = false;

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the two ends of a connection. */
  static pair(clock: Clock): readonly [WireEnd, WireEnd] {
    const ends = [new WireEnd(clock), new WireEnd(clock)] as const;
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return ends;
  }

  /** Whether this end has been closed or has reset the connection. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the connection has been reset, by either end. */
  get dead(): boolean {
    return this.#dead;
  }

  /** Whether a FIN has arrived; what arrived before it may still wait to be read. */
  get ended(): boolean {
    return this.#finArrived;
  }

  /** Whether a FIN was sent. */
  get finished(): boolean {
    return this.#finSent;
  }

  /** How many of the bytes that this end has sent the other end has not read. */
  get unread(): number {
    return this.#sent;
  }

  /** Nothing that this end sends arrives until `release` is called. */
  hold(): void {
    this.#held ??= [];
  }

  /** What was held arrives. */
  release(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const delivery of held ?? []) this.#send(delivery);
  }

  /**
   * Hands over bytes, which are copied.
   *
   * @returns how many of them were taken; if not all, `onWritable` follows when more would be
   * @throws {WireError} when the connection was reset, or this end sends no more
   */
  take(bytes: Uint8Array): number {
    this.#check();
    if (this.#dead || this.#finSent) throw new WireError('EPIPE');
    const room = Math.max(0, this.capacity - this.#sent);
    const count = Math.floor(Math.min(bytes.length, room, this.most));
    if (count < bytes.length) this.#wantsRoom = true;
    this.#sent += count;
    // A copy; that of a Buffer's own `slice` would be none.
    const copy = new Uint8Array(bytes.subarray(0, count));
    if (count > 0) for (const part of this.cut(copy)) this.#send({ bytes: part });
    if (count === this.most && room > count) this.#clock.setTimeout(() => this.#makeRoom(), 0);
    return count;
  }

  /**
   * Returns bytes that have arrived, at most `max`; `undefined` when there are none yet, `'end'` when no more follow.
   *
   * @throws {WireError} once, when the connection was reset
   */
  read(max: number): Uint8Array | 'end' | undefined {
    if (this.#closed) throw new WireError('EBADF');
    const first = this.#arrived[0];
    if (first !== undefined) {
      const part = first.subarray(0, max);
      if (part.length === first.length) this.#arrived.shift();
      else this.#arrived[0] = first.subarray(max);
      this.#unread -= part.length;
      this.#other.#hasRead(part.length);
      return part;
    }
    this.#check();
    return this.#finArrived || this.#dead ? 'end' : undefined;
  }

  /**
   * Sends a FIN behind what was taken.
   *
   * @throws {WireError} when the connection was reset
   */
  shutdown(): void {
    this.#check();
    if (this.#dead) throw new WireError('EPIPE');
    if (this.#finSent) return;
    this.#finSent = true;
    this.#send('FIN');
  }

  /** Closes this end: with a FIN, or with an RST when bytes that have arrived were not read. */
  close(): void {
    if (this.#closed) return;
    if (this.#unread > 0) this.reset();
    else {
      this.#closed = true;
      if (!(this.#finSent || this.#dead)) this.#send('FIN');
      this.#finSent = true;
    }
  }

  /** Closes this end with an RST. */
  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#dead) this.#send('RST');
    this.#dead = true;
  }

  /** Reports an error that the operating system has for this end, once. */
  #check(): void {
    if (this.#closed) throw new WireError('EBADF');
    const code = this.#error;
    this.#error = undefined;
    if (code !== undefined) throw new WireError(code);
  }

  #send(delivery: Delivery): void {
    if (this.dropping) return;
    if (this.#held !== undefined) {
      this.#held.push(delivery);
      return;
    }
    const { latency } = this;
    const now = this.#clock.now();
    // TCP keeps the order.
    this.#lastAt = Math.max(this.#lastAt, now + (typeof latency === 'number' ? latency : latency()));
    this.#clock.setTimeout(() => this.#other.#deliver(delivery), this.#lastAt - now);
  }

  #deliver(delivery: Delivery): void {
    if (this.#closed) {
      // Nobody is here any more: the operating system says so.
      if (typeof delivery === 'object' && !this.#dead) {
        this.#dead = true;
        this.#send('RST');
      }
      return;
    }
    if (this.#dead) return;
    if (delivery === 'FIN') this.#finArrived = true;
    else if (delivery === 'RST') {
      this.#dead = true;
      this.#error = this.#finArrived ? 'EPIPE' : 'ECONNRESET';
      // Reading comes first.
      this.onReadable();
      this.onWritable();
      return;
    } else {
      this.#arrived.push(delivery.bytes);
      this.#unread += delivery.bytes.length;
    }
    this.onReadable();
  }

  /** The other end has read. */
  #hasRead(count: number): void {
    this.#sent -= count;
    if (this.#wantsRoom) this.#clock.setTimeout(() => this.#makeRoom(), 0);
  }

  #makeRoom(): void {
    if (!this.#wantsRoom || this.#closed || this.#sent >= this.capacity) return;
    this.#wantsRoom = false;
    this.onWritable();
  }
}
