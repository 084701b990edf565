/**
 * The heartbeat: a Ping frame every so often, and something must arrive in answer (RFC 6455 5.5.2).
 *
 * 5.5.2: "A Ping frame may serve either as a keepalive or as a means to verify that the remote endpoint is still
 * responsive." A pong can be stuck behind a long message, so any bytes that arrive count as an answer; only the
 * matching Pong frame gives a latency.
 */
import { type Deadlines, dueAfter } from './deadlines.ts';

/** How often to ask, and how long to wait. */
export interface HeartbeatOptions {
  /** Milliseconds from one Ping frame to the next. */
  readonly interval: number;
  /** Milliseconds to wait for bytes after a Ping frame before the connection is failed. */
  readonly timeout: number;
}

/** The heartbeat of one connection, from its first Ping frame on. */
export class Heartbeat {
  #sequence = 0;
  #sentAt: number | undefined = undefined;

  /** A Ping frame is due: gives its payload, which no other of this connection's has. */
  ping({ interval, timeout }: HeartbeatOptions, deadlines: Deadlines, now: number): Uint8Array {
    deadlines.ping = dueAfter(interval, now);
    // Bytes that arrive clear it; a second Ping frame does not put it off.
    deadlines.pong ??= dueAfter(timeout, now);
    this.#sentAt = now;
    this.#sequence++;
    return this.#payload();
  }

  /** A Pong frame arrived: gives the latency in milliseconds when it answers the last Ping frame, else `undefined`. */
  pong(payload: Uint8Array, now: number): number | undefined {
    const expected = this.#payload();
    if (this.#sentAt === undefined || payload.length !== expected.length) return undefined;
    if (!expected.every((byte, index) => byte === payload[index])) return undefined;
    const latency = now - this.#sentAt;
    this.#sentAt = undefined;
    return latency;
  }

  #payload(): Uint8Array {
    const n = this.#sequence;
    return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n);
  }
}
