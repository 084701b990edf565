/**
 * Every deadline of a connection: what sets it and what clears it (RFC 6455 4.1, 5.5.2, 7.1.1, 10.4, and our own rules).
 *
 * ARCHITECTURE.md ("Deadlines") has them as a table. No other file writes a deadline, and nothing here waits: a deadline is a time on the
 * caller's clock, `undefined` when it does not run. It is a whole number of milliseconds, because engines store small integers inline and
 * box all other numbers (benchmarks: idle).
 */
import { wordAt, wordsOf } from '../bytes.ts';
import type { HeartbeatOptions } from './options.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/** The name of a deadline. */
export type DeadlineName = 'handshake' | 'ping' | 'pong' | 'idle' | 'message' | 'stall' | 'close';

/** The progress of an incomplete message or frame. */
interface Progress {
  /** The offset in the stream at which it begins. */
  since: number;
  /** The number of its payload bytes when `due` was set. */
  payload: number;
  /** The deadline for the next `messageProgress.bytes` of it. */
  due: number | undefined;
}

/** Where the deadline of a handshake is kept: only a connection that opens or closes has one (benchmarks: idle). */
interface Handshake {
  /** The time by which it must be complete. */
  due: number | undefined;
}

/** The closing handshake, which may set its deadline anew. */
interface ClosingHandshake extends Handshake {
  /** Whether `due` was set from a time that may be long past. */
  isDoubtful: boolean;
}

/** The deadlines and the heartbeat of a connection. Each timeout counts from `now`. */
export abstract class Timers {
  /** The last time that the caller gave, on its own clock in milliseconds. */
  now: number;
  /** Whether the connection is paused. Nothing is read then, so no deadline watches what arrives. */
  paused = false;
  #ping: number | undefined = undefined;
  #pong: number | undefined = undefined;
  #idle: number | undefined = undefined;
  #stall: number | undefined = undefined;
  #progress: Progress | undefined = undefined;
  // The number of heartbeat Ping frames so far, and the time of the last one until a Pong frame answers it.
  #pings = 0;
  #pingedAt: number | undefined = undefined;

  constructor(now: number) {
    this.now = now;
  }

  /** The options, which hold the timeouts. */
  abstract get options(): ResolvedOptions;
  /** The opening handshake, while it lasts. */
  abstract readonly opening: Handshake | undefined;
  /** What is known of the end, once it has begun. */
  abstract readonly closing: ClosingHandshake | undefined;

  /** Takes the time, if the caller has given it. Sets the close deadline anew if that runs from a time that may be long past. */
  takeTime(now: number | undefined): void {
    if (now === undefined) return;
    this.now = now;
    const { closing } = this;
    if (!closing?.isDoubtful) return;
    closing.isDoubtful = false;
    if (closing.due !== undefined) closing.due = dueAfter(this.options.closeTimeout, now);
  }

  /** The time of the earliest deadline, `Infinity` when there is none. */
  get deadline(): number {
    return earlier(this.#ping, this.#firstButPing);
  }

  get #firstButPing(): number {
    let first = earlier(this.opening?.due, this.closing?.due ?? Infinity);
    first = earlier(this.#pong, first);
    first = earlier(this.#idle, first);
    first = earlier(this.#progress?.due, first);
    return earlier(this.#stall, first);
  }

  /**
   * How many milliseconds after `deadline` are soon enough: for a Ping frame of the heartbeat an 8th of its interval, but no more than two
   * seconds, or half of the time until another deadline; for any other deadline 0.
   */
  get slack(): number {
    const ping = this.#ping;
    if (ping === undefined) return 0;
    const { interval } = this.options.heartbeat as HeartbeatOptions;
    const slack = interval < 16_000 ? Math.floor(interval / 8) : 2000;
    const room = (this.#firstButPing - ping) / 2;
    return room < slack ? Math.max(0, Math.floor(room)) : slack;
  }

  /** Returns the deadline that has passed. If several have, it is the one that explains best why the connection ends. */
  expiredDeadline(): DeadlineName | undefined {
    const { now } = this;
    const hasPassed = (due: number | undefined): boolean => due !== undefined && due <= now;
    if (hasPassed(this.closing?.due)) return 'close';
    if (hasPassed(this.opening?.due)) return 'handshake';
    if (hasPassed(this.#pong)) return 'pong';
    if (hasPassed(this.#stall)) return 'stall';
    if (hasPassed(this.#progress?.due)) return 'message';
    if (hasPassed(this.#idle)) return 'idle';
    return hasPassed(this.#ping) ? 'ping' : undefined;
  }

  /** Whether the stall deadline runs. */
  get stallRuns(): boolean {
    return this.#stall !== undefined;
  }

  /** Whether the close deadline runs. */
  get closeRuns(): boolean {
    return this.closing?.due !== undefined;
  }

  /** Sets the deadline of the opening handshake, when that begins. */
  startHandshake(opening: Handshake): void {
    opening.due = dueAfter(this.options.handshakeTimeout, this.now);
  }

  /** Sets the deadlines of an open connection, when it opens. */
  startOpen(): void {
    const { heartbeat } = this.options;
    if (heartbeat !== undefined) this.#ping = dueAfter(heartbeat.interval, this.now);
    this.alive();
  }

  /**
   * Returns the payload of the next heartbeat Ping frame, and sets the deadline of the one after it. The payload is unique among the
   * heartbeats of this connection, and valid until the next call.
   */
  heartbeat(): Uint8Array {
    this.#ping = dueAfter((this.options.heartbeat as HeartbeatOptions).interval, this.now);
    PING_WORDS.setInt32(0, ++this.#pings);
    return PING_PAYLOAD;
  }

  /**
   * Sets the deadline for the answer to a heartbeat Ping frame that has been queued.
   *
   * 5.5.2: "A Ping frame may serve either as a keepalive or as a means to verify that the remote endpoint is still
   * responsive." A Pong frame can be stuck behind a long message, so any bytes that arrive count as an answer. While the connection is
   * paused we do not read the answer, so there is no deadline for it.
   */
  pinged(): void {
    const { now } = this;
    // Only arriving bytes clear it. A further Ping frame must not postpone it.
    this.#pong = this.paused
      ? undefined
      : (this.#pong ?? dueAfter((this.options.heartbeat as HeartbeatOptions).timeout, now));
    this.#pingedAt = now;
  }

  /** Returns the latency in milliseconds if a Pong frame with this payload answers the last heartbeat Ping frame, else `undefined`. */
  latency(payload: Uint8Array): number | undefined {
    if (this.#pingedAt === undefined || payload.length !== 4 || wordAt(payload, 0) !== (this.#pings | 0))
      return undefined;
    const latency = this.now - this.#pingedAt;
    this.#pingedAt = undefined;
    return latency;
  }

  /** Restarts the deadlines that watch for silence, when bytes arrive on an open connection. */
  alive(): void {
    this.#idle = dueAfter(this.options.idleTimeout, this.now);
    this.#pong = undefined;
  }

  /** Clears the deadlines that watch what arrives, because the connection is paused or closing. */
  clearSilence(): void {
    this.#idle = this.#pong = undefined;
    this.#progress = undefined;
  }

  /**
   * Watches the progress of an incomplete message, when all received bytes have been parsed.
   *
   * @param since the offset in the stream at which an incomplete message or frame begins; -1 when there is none
   * @param payload the number of its payload bytes that have arrived
   */
  watchMessage(since: number, payload: number): void {
    const { messageProgress } = this.options;
    if (messageProgress === undefined) return;
    const progress = this.#progress;
    if (since < 0) {
      if (progress !== undefined) this.#progress = undefined;
      return;
    }
    if (progress !== undefined && progress.since === since && payload - progress.payload < messageProgress.bytes)
      return;
    const due = dueAfter(messageProgress.within, this.now);
    if (progress === undefined) this.#progress = { since, payload, due };
    else {
      progress.since = since;
      progress.payload = payload;
      progress.due = due;
    }
  }

  /** Sets the stall deadline, because bytes wait to be written. */
  startStall(): void {
    this.#stall = dueAfter(this.options.stallTimeout, this.now);
  }

  /** Clears the stall deadline, because nothing waits to be written, or because bytes were transmitted or written at an unknown time. */
  clearStall(): void {
    this.#stall = undefined;
  }

  /** Clears all deadlines but stall and close, because the end has begun: our Close frame is queued, or the connection failed. */
  clearOpen(): void {
    this.#ping = undefined;
    if (this.opening !== undefined) this.opening.due = undefined;
    this.clearSilence();
  }

  /** Sets the deadline for the rest of the closing handshake and the end of the transport, if it does not run yet. */
  startClose(closing: Handshake): void {
    closing.due ??= dueAfter(this.options.closeTimeout, this.now);
  }

  /** Sets the deadlines when the read side of the transport has ended: bytes that still wait get closeTimeout. */
  startEnd(closing: Handshake): void {
    this.clearOpen();
    this.#stall = undefined;
    this.startClose(closing);
  }

  /** Clears all deadlines, because the transport is to be destroyed. */
  clearAll(): void {
    this.clearOpen();
    this.#stall = undefined;
    if (this.closing !== undefined) this.closing.due = undefined;
  }
}

/** Returns the earlier of two deadlines. `Math.min` would convert both to floating point, which costs more (benchmarks: echo). */
function earlier(due: number | undefined, other: number): number {
  return due !== undefined && due < other ? due : other;
}

/** Returns the deadline that is `timeout` milliseconds after `now`, rounded up, or `undefined` for `Infinity`. */
function dueAfter(timeout: number, now: number): number | undefined {
  return timeout === Infinity ? undefined : Math.ceil(now + timeout);
}

/** The payload of the heartbeat Ping frame that is being queued, its number: it is copied at once, so one is enough for all connections. */
const PING_PAYLOAD = new Uint8Array(4);
const PING_WORDS = wordsOf(PING_PAYLOAD);
