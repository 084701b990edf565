/**
 * A TCP connection as the programs at its ends see it, on a virtual clock: how much the operating system takes, when bytes
 * arrive, and how FIN and RST are reported. The simulated sockets of Node and of Deno are built on it.
 */
import type { Clock } from '../clock.ts';
import type { Random } from './random.ts';

/** The error codes of the operating system. */
export type WireCode = 'ECONNRESET' | 'EPIPE' | 'EBADF';

/** An operation that the operating system refused. */
export class WireError extends Error {
  /** The name of the error, in capitals. */
  readonly code: WireCode;

  /** Creates an error whose message is its code. */
  constructor(code: WireCode) {
    super(code);
    this.code = code;
  }
}

/** A packet on its way to an end. */
type Delivery = { readonly bytes: Uint8Array } | 'FIN' | 'RST';

/** One end of a connection, with the operations of the operating system. */
export class WireEnd {
  /** Called when bytes, the end or an error can be read. */
  onReadable: () => void = () => undefined;
  /** Called when there is room again after `take` took less than it was given, and after an error. */
  onWritable: () => void = () => undefined;
  /** The latency of the bytes that this end sends, in milliseconds; a function for jitter. */
  latency: number | Random = 0;
  /** How many bytes the operating systems of both ends buffer while the other end does not read. */
  capacity = 200_000;
  /** The most bytes taken in one call; the rest can be written a moment later. */
  most: number = Infinity;
  /** Cuts the bytes taken in one call into the parts that arrive. Default: a single part. */
  cut: (bytes: Uint8Array) => readonly Uint8Array[] = (bytes) => [bytes];
  /** Whether everything that this end sends is lost and neither end notices, like a cut cable. */
  dropping = false;
  readonly #clock: Clock;
  // biome-ignore lint/style/useReadonlyClassProperties: `pair` assigns it
  #other: WireEnd = this;
  // The state of sending.
  #sent = 0;
  #lastAt = 0;
  #finSent = false;
  #willMakeRoom = false;
  #wantsRoom = false;
  #held: Delivery[] | undefined = undefined;
  // The state of receiving.
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

  /** Whether a FIN has arrived; bytes before it may still wait to be read. */
  get ended(): boolean {
    return this.#finArrived;
  }

  /** Whether a FIN was sent. */
  get finished(): boolean {
    return this.#finSent;
  }

  /** The number of bytes sent by this end that the other end has not read. */
  get unread(): number {
    return this.#sent;
  }

  /** Holds back everything that this end sends until `release` is called. */
  hold(): void {
    this.#held ??= [];
  }

  /** Lets the bytes that were held back arrive. */
  release(): void {
    const held = this.#held;
    this.#held = undefined;
    for (const delivery of held ?? []) this.#send(delivery);
  }

  /**
   * Sends bytes, which are copied.
   *
   * @returns the number of bytes taken; if not all, `onWritable` is called when there is room
   * @throws {WireError} when the connection was reset, or this end has sent a FIN
   */
  take(bytes: Uint8Array): number {
    this.#check();
    if (this.#dead || this.#finSent) throw new WireError('EPIPE');
    const room = Math.max(0, this.capacity - this.#sent);
    const count = Math.floor(Math.min(bytes.length, room, this.most));
    if (count < bytes.length) this.#wantsRoom = true;
    this.#sent += count;
    // The constructor copies; `slice` of a Buffer would return a view.
    const copy = new Uint8Array(bytes.subarray(0, count));
    if (count > 0) for (const part of this.cut(copy)) this.#send({ bytes: part });
    if (count === this.most && room > count) this.#soonMakeRoom();
    return count;
  }

  /**
   * Returns at most `max` bytes that have arrived; `undefined` if there are none yet, `'end'` after the last.
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
   * Sends a FIN after the bytes taken so far.
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

  /** Closes this end: with a FIN, or with an RST if bytes that have arrived were not read. */
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

  /** Throws an error that the operating system has for this end, once. */
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
      // This end is closed, so its operating system answers with an RST.
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
      // Bytes before the error must be read first.
      this.onReadable();
      this.onWritable();
      return;
    } else {
      this.#arrived.push(delivery.bytes);
      this.#unread += delivery.bytes.length;
    }
    this.onReadable();
  }

  /** Called when the other end has read. */
  #hasRead(count: number): void {
    this.#sent -= count;
    if (this.#wantsRoom) this.#soonMakeRoom();
  }

  /** Sets one timer, however many small reads happen before it is called. */
  #soonMakeRoom(): void {
    if (this.#willMakeRoom) return;
    this.#willMakeRoom = true;
    this.#clock.setTimeout(() => this.#makeRoom(), 0);
  }

  #makeRoom(): void {
    this.#willMakeRoom = false;
    if (!this.#wantsRoom || this.#closed || this.#sent >= this.capacity) return;
    this.#wantsRoom = false;
    this.onWritable();
  }
}
