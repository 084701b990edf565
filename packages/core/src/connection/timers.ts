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
 * Only this file and the heartbeat write deadlines.
 */
import { type Deadlines, dueAfter } from './deadlines.ts';
import { Heartbeat } from './heartbeat.ts';
import type { ResolvedOptions } from './options.ts';

/** How far a message or frame that has not arrived whole had come when its time began. */
interface Progress {
  /** Where in the stream it begins. */
  since: number;
  /** How much of its payload was there. */
  payload: number;
}

/** The deadlines of one connection, and what they depend on. */
export class Timers implements Deadlines {
  handshake: number | undefined = undefined;
  ping: number | undefined = undefined;
  pong: number | undefined = undefined;
  idle: number | undefined = undefined;
  message: number | undefined = undefined;
  stall: number | undefined = undefined;
  close: number | undefined = undefined;
  readonly #options: ResolvedOptions;
  #heartbeat: Heartbeat | undefined = undefined;
  #progress: Progress | undefined = undefined;

  constructor(options: ResolvedOptions) {
    this.#options = options;
  }

  /** The opening handshake begins. */
  startHandshake(now: number): void {
    this.handshake = dueAfter(this.#options.handshakeTimeout, now);
  }

  /** The connection is open. */
  open(now: number): void {
    this.handshake = undefined;
    const { heartbeat } = this.#options;
    if (heartbeat !== undefined) this.ping = dueAfter(heartbeat.interval, now);
    this.alive(now);
  }

  /** A heartbeat Ping frame is due: returns its payload. A peer that is not read cannot be asked to answer. */
  heartbeat(now: number, paused: boolean): Uint8Array {
    const { heartbeat } = this.#options;
    this.#heartbeat ??= new Heartbeat();
    const payload = this.#heartbeat.ping(heartbeat as NonNullable<typeof heartbeat>, this, now);
    if (paused) this.pong = undefined;
    return payload;
  }

  /** A Pong frame arrived: returns the latency in milliseconds when it answers the last heartbeat Ping frame. */
  latency(payload: Uint8Array, now: number): number | undefined {
    return this.#heartbeat?.pong(payload, now);
  }

  /** Bytes arrived on an open connection: the peer is there. */
  alive(now: number): void {
    this.idle = dueAfter(this.#options.idleTimeout, now);
    this.pong = undefined;
  }

  /** The application reads no more for now, so silence is not the peer's fault. */
  pause(): void {
    this.idle = this.message = this.pong = undefined;
    this.#progress = undefined;
  }

  /**
   * All that arrived has been parsed: a message that is not whole must make progress.
   *
   * @param since where in the stream the message or frame in progress begins, -1 when there is none
   * @param payload how many bytes of payload the message in progress has
   */
  watch(since: number, payload: number, now: number): void {
    const { messageProgress } = this.#options;
    if (messageProgress === undefined) return;
    const progress = this.#progress;
    if (since < 0) {
      if (progress === undefined) return;
      this.#progress = this.message = undefined;
      return;
    }
    if (progress === undefined) this.#progress = { since, payload };
    else {
      if (progress.since === since && payload - progress.payload < messageProgress.bytes) return;
      progress.since = since;
      progress.payload = payload;
    }
    this.message = dueAfter(messageProgress.within, now);
  }

  /** Bytes wait to leave, and it is known what time it is. */
  stalls(now: number): void {
    this.stall = dueAfter(this.#options.stallTimeout, now);
  }

  /** Nothing waits to leave; or something has left, and it is not known when. */
  moves(): void {
    this.stall = undefined;
  }

  /** Only the rest of the closing handshake and the end of the transport are waited for, beginning now. */
  startClose(now: number): void {
    this.close ??= dueAfter(this.#options.closeTimeout, now);
  }

  /** Our Close frame has been queued, or the connection has failed: nothing else that the peer does is waited for. */
  clear(): void {
    this.handshake = this.ping = undefined;
    this.pause();
  }

  /** The transport's read side has ended; its write side has as long as a closing handshake to end as well. */
  end(now: number, destroyed: boolean): void {
    this.clear();
    this.stall = undefined;
    if (destroyed) this.close = undefined;
    else this.startClose(now);
  }
}
