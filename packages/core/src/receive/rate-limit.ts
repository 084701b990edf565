/**
 * Rate limits as token buckets that run on the caller's clock, without timers.
 *
 * A bucket remembers two numbers: how many tokens were missing, and when. Tokens come back at a constant rate. Taking more
 * tokens than there are breaks the limit.
 */
import { ProtocolError, type ProtocolRuleName } from '../rules.ts';

/** A limit per second, and for bursts. */
export interface RateLimit {
  /** The number allowed per second, on average. */
  readonly perSecond: number;
  /** The number that may arrive at once after a silence, 1 or more. Default: `perSecond`, but at least 1. */
  readonly burst?: number | undefined;
}

/** The limits for what a peer sends on one connection. An absent limit does not apply. */
export interface RateLimits {
  /** Messages, each counted when it begins. */
  readonly messages?: RateLimit | undefined;
  /** Payload bytes of data frames, counted as they arrive. */
  readonly bytes?: RateLimit | undefined;
  /** Bytes after decompression, counted as they are produced. `burst` must have room for the longest decompressed message. */
  readonly inflatedBytes?: RateLimit | undefined;
  /** Ping, Pong and Close frames. */
  readonly controlFrames?: RateLimit | undefined;
}

/** The state of one limit. */
export class TokenBucket {
  readonly #perMillisecond: number;
  readonly #burst: number;
  #missing = 0;
  #at = -Infinity;

  constructor({ perSecond, burst = Math.max(1, perSecond) }: RateLimit) {
    // Never 0, even for the smallest rates: the time before the first call is Infinity, and 0 times Infinity is NaN.
    this.#perMillisecond = Math.max(perSecond / 1000, Number.MIN_VALUE);
    this.#burst = burst;
  }

  /** Takes `count` tokens at `now`. Returns `false`, and takes none, when there are fewer. */
  take(count: number, now: number): boolean {
    const elapsed = now - this.#at;
    // If no time has passed, no tokens come back, even at an infinite rate: 0 times Infinity would be NaN.
    if (elapsed > 0) {
      this.#missing = Math.max(0, this.#missing - elapsed * this.#perMillisecond);
      this.#at = now;
    }
    const missing = this.#missing + count;
    // A sum of many fractions is not exact, so a millionth too many is allowed.
    if (missing > this.#burst + 1e-6) return false;
    this.#missing = missing;
    return true;
  }
}

/** The limits of one connection. */
export class RateLimiter {
  readonly #messages: TokenBucket | undefined;
  readonly #bytes: TokenBucket | undefined;
  readonly #inflatedBytes: TokenBucket | undefined;
  readonly #controlFrames: TokenBucket | undefined;

  constructor({ messages, bytes, inflatedBytes, controlFrames }: RateLimits) {
    this.#messages = messages && new TokenBucket(messages);
    this.#bytes = bytes && new TokenBucket(bytes);
    this.#inflatedBytes = inflatedBytes && new TokenBucket(inflatedBytes);
    this.#controlFrames = controlFrames && new TokenBucket(controlFrames);
  }

  /** @throws {ProtocolError} `message-rate` */
  message(now: number): void {
    take(this.#messages, 1, now, 'message-rate');
  }

  /** @throws {ProtocolError} `byte-rate` */
  bytes(count: number, now: number): void {
    take(this.#bytes, count, now, 'byte-rate');
  }

  /** @throws {ProtocolError} `inflated-rate` */
  inflatedBytes(count: number, now: number): void {
    take(this.#inflatedBytes, count, now, 'inflated-rate');
  }

  /** @throws {ProtocolError} `control-rate` */
  controlFrame(now: number): void {
    take(this.#controlFrames, 1, now, 'control-rate');
  }
}

function take(bucket: TokenBucket | undefined, count: number, now: number, rule: ProtocolRuleName): void {
  if (bucket !== undefined && !bucket.take(count, now)) throw new ProtocolError(rule);
}
