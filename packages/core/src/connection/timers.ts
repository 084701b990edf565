/**
 * Every deadline of one connection: what sets it, what clears it (RFC 6455 4.1, 5.5.2, 7.1.1, 10.4, and our own rules).
 *
 *     deadline   runs while                                    starts anew
 *     handshake  the opening handshake is not complete         never
 *     ping       the connection is open                        with each heartbeat Ping frame
 *     pong       nothing has arrived since that Ping frame     never
 *     idle       the connection is open, and not paused        with any bytes that arrive
 *     message    part of a message or frame has arrived,       when `messageProgress.bytes` more of its payload have
 *                and the connection is not paused              arrived, and after a pause
 *     stall      bytes wait to leave, open or closing          when any byte leaves
 *     close      our Close frame has been transmitted, we      never
 *                failed, or the transport has ended
 *
 * No other file writes a deadline, and nothing here waits: a deadline is a time on the caller's clock, `undefined` where
 * there is none. It is a whole number of milliseconds, because an engine keeps those in place and any others beside the
 * object (benchmarks: idle).
 */
import type { HeartbeatOptions } from './options.ts';
import type { ResolvedOptions } from './resolved-options.ts';

/** The name of a deadline. */
export type DeadlineName = (typeof ORDER)[number];

/** Of several deadlines that have passed, the one that says most about why comes first. */
const ORDER = ['close', 'handshake', 'pong', 'stall', 'message', 'idle', 'ping'] as const;

/** A message or frame that has not arrived whole. */
interface Progress {
  /** Where in the stream it begins. */
  since: number;
  /** The length of its payload when its time began. */
  payload: number;
  /** When more of it must have arrived. */
  due: number | undefined;
}

/** The deadlines of one connection, and the heartbeat. All times are counted from the last time given. */
export abstract class Timers {
  /** The last time given, on the caller's clock in milliseconds. */
  now: number;
  #handshake: number | undefined = undefined;
  #ping: number | undefined = undefined;
  #pong: number | undefined = undefined;
  #idle: number | undefined = undefined;
  #stall: number | undefined = undefined;
  #close: number | undefined = undefined;
  #progress: Progress | undefined = undefined;
  // The number of heartbeat Ping frames, and when the last one was queued if no Pong frame has answered it.
  #pings = 0;
  #pingedAt: number | undefined = undefined;

  constructor(now: number) {
    this.now = now;
  }

  /** How long everything may take. */
  abstract get options(): ResolvedOptions;

  /** The time of the earliest deadline, `Infinity` when there is none. */
  get deadline(): number {
    return Math.min(
      this.#handshake ?? Infinity,
      this.#ping ?? Infinity,
      this.#pong ?? Infinity,
      this.#idle ?? Infinity,
      this.#progress?.due ?? Infinity,
      this.#stall ?? Infinity,
      this.#close ?? Infinity,
    );
  }

  /**
   * How much later than `deadline` is soon enough: for a Ping frame of the heartbeat, which nobody waits for, a 16th of its interval
   * and no more than a second; for any other deadline 0.
   */
  get slack(): number {
    const ping = this.#ping;
    if (ping === undefined || ping !== this.deadline) return 0;
    return Math.floor(Math.min((this.options.heartbeat as HeartbeatOptions).interval / 16, 1000));
  }

  /** Returns the name of a deadline that has passed. */
  expiredDeadline(): DeadlineName | undefined {
    const { now } = this;
    if (this.deadline > now) return undefined;
    const due: Readonly<Record<DeadlineName, number | undefined>> = {
      close: this.#close,
      handshake: this.#handshake,
      pong: this.#pong,
      stall: this.#stall,
      message: this.#progress?.due,
      idle: this.#idle,
      ping: this.#ping,
    };
    return ORDER.find((name) => (due[name] ?? Number.NaN) <= now);
  }

  /** Whether the stall deadline runs. */
  get stallRuns(): boolean {
    return this.#stall !== undefined;
  }

  /** Whether the close deadline runs. */
  get closeRuns(): boolean {
    return this.#close !== undefined;
  }

  /** The opening handshake begins. */
  startHandshake(): void {
    this.#handshake = dueAfter(this.options.handshakeTimeout, this.now);
  }

  /** The connection is open. */
  startOpen(): void {
    const { heartbeat } = this.options;
    this.#handshake = undefined;
    if (heartbeat !== undefined) this.#ping = dueAfter(heartbeat.interval, this.now);
    this.alive();
  }

  /**
   * A heartbeat Ping frame is due: returns its payload, which no other of this connection's has, until the next call.
   *
   * 5.5.2: "A Ping frame may serve either as a keepalive or as a means to verify that the remote endpoint is still
   * responsive." A Pong frame can be stuck behind a long message, so any bytes that arrive count as an answer. A peer that
   * is not read cannot be asked to answer.
   */
  heartbeat(paused: boolean): Uint8Array {
    const { now } = this;
    const { interval, timeout } = this.options.heartbeat as HeartbeatOptions;
    this.#ping = dueAfter(interval, now);
    // Bytes that arrive clear it; a second Ping frame does not put it off.
    this.#pong = paused ? undefined : (this.#pong ?? dueAfter(timeout, now));
    this.#pingedAt = now;
    this.#pings++;
    return pingPayload(this.#pings);
  }

  /** Returns the latency in milliseconds when a Pong frame answers the last heartbeat Ping frame, else `undefined`. */
  latency(payload: Uint8Array): number | undefined {
    if (this.#pingedAt === undefined || payload.length !== 4) return undefined;
    const expected = pingPayload(this.#pings);
    for (let index = 0; index < 4; index++) if (payload[index] !== expected[index]) return undefined;
    const latency = this.now - this.#pingedAt;
    this.#pingedAt = undefined;
    return latency;
  }

  /** Bytes arrived on an open connection: the peer is there. */
  alive(): void {
    this.#idle = dueAfter(this.options.idleTimeout, this.now);
    this.#pong = undefined;
  }

  /** The application reads no more for now, so silence is not the peer's fault. */
  clearSilence(): void {
    this.#idle = this.#pong = undefined;
    this.#progress = undefined;
  }

  /**
   * All that arrived has been parsed: a message that is not whole must make progress.
   *
   * @param since where in the stream the message or frame in progress begins, -1 when there is none
   * @param payload the length of the payload that has arrived of it
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
    this.#progress = { since, payload, due: dueAfter(messageProgress.within, this.now) };
  }

  /** Bytes wait to leave, and the time is known. */
  startStall(): void {
    this.#stall = dueAfter(this.options.stallTimeout, this.now);
  }

  /** Nothing waits to leave; or something has left, and it is not known when. */
  clearStall(): void {
    this.#stall = undefined;
  }

  /** Our Close frame has been queued, or the connection has failed: nothing else that the peer does is waited for. */
  clearOpen(): void {
    this.#handshake = this.#ping = undefined;
    this.clearSilence();
  }

  /** Only the rest of the closing handshake and the end of the transport are waited for, beginning now. */
  startClose(): void {
    this.#close ??= dueAfter(this.options.closeTimeout, this.now);
  }

  /** The transport's read side has ended; its write side has as long as a closing handshake to end as well. */
  startEnd(): void {
    this.clearOpen();
    this.#stall = undefined;
    this.startClose();
  }

  /** The transport is to be destroyed: nothing is waited for. */
  clearAll(): void {
    this.clearOpen();
    this.#stall = this.#close = undefined;
  }
}

/** Returns the deadline for what may take `timeout` milliseconds from `now` on: never early, none for `Infinity`. */
function dueAfter(timeout: number, now: number): number | undefined {
  return timeout === Infinity ? undefined : Math.ceil(now + timeout);
}

/** The payload of the heartbeat Ping frame that is being queued: it is copied at once, so one is enough for all connections. */
const PING_PAYLOAD = new Uint8Array(4);

/** Returns the payload of the heartbeat Ping frame number `n`. */
function pingPayload(n: number): Uint8Array {
  PING_PAYLOAD[0] = n >>> 24;
  PING_PAYLOAD[1] = n >>> 16;
  PING_PAYLOAD[2] = n >>> 8;
  PING_PAYLOAD[3] = n;
  return PING_PAYLOAD;
}
