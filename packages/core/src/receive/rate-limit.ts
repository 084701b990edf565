/**
 * Rate limits as token buckets in virtual time: two numbers each, no timer.
 *
 * A bucket remembers how many tokens were missing from it, and when. They come back with time; no more may be missing
 * than a whole burst.
 */
import { ProtocolError, type ProtocolRuleName } from '../rules.ts';

/** So many a second in the long run, and so many at once. */
export interface RateLimit {
  /** How many a second, in the long run. */
  readonly perSecond: number;
  /** How many may come at once after a silence, 1 or more. Default: `perSecond`, or 1 if that is more. */
  readonly burst?: number | undefined;
}

/** What a peer may send on one connection; what is not named is not limited. */
export interface RateLimits {
  /** Messages, counted when they begin. */
  readonly messages?: RateLimit | undefined;
  /** Bytes of payload of data frames, counted as they arrive. */
  readonly bytes?: RateLimit | undefined;
  /** Bytes that compressed messages become, counted as they do; those of the longest message must fit into `burst`. */
  readonly inflatedBytes?: RateLimit | undefined;
  /** Ping, Pong and Close frames. */
  readonly controlFrames?: RateLimit | undefined;
}

/** One bucket. */
export class TokenBucket {
  readonly #perMillisecond: number;
  readonly #burst: number;
  #missing = 0;
  #at = -Infinity;

  constructor({ perSecond, burst = Math.max(1, perSecond) }: RateLimit) {
    this.#perMillisecond = perSecond / 1000;
    this.#burst = burst;
  }

  /** Takes `count` tokens at `now`, or takes nothing and gives `false` when there are not so many. */
  take(count: number, now: number): boolean {
    const missing = Math.max(0, this.#missing - (now - this.#at) * this.#perMillisecond) + count;
    // The sum of many fractions is not exact; a millionth is no token.
    if (missing > this.#burst + 1e-6) return false;
    this.#missing = missing;
    this.#at = now;
    return true;
  }
}

/** The buckets of one connection. */
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
