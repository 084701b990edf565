/**
 * Rate limits as token buckets in virtual time: one number each, no timer.
 *
 * A bucket remembers the time at which it would be full again. Taking tokens moves that time on; they are there as long
 * as it is no further ahead than the time a whole burst takes.
 */
import { ProtocolError, type ProtocolRuleName } from './rules.ts';

/** So many a second in the long run, and so many at once. */
export interface RateLimit {
  readonly perSecond: number;
  /** How many may come at once after a silence. Default: `perSecond`. */
  readonly burst?: number | undefined;
}

/** What a peer may send on one connection; what is not named is not limited. */
export interface RateLimits {
  /** Messages, counted when they begin. */
  readonly messages?: RateLimit | undefined;
  /** Bytes of payload of data frames, counted as they arrive. */
  readonly bytes?: RateLimit | undefined;
  /** Ping, Pong and Close frames. */
  readonly controlFrames?: RateLimit | undefined;
}

/** One bucket. */
export class TokenBucket {
  readonly #interval: number;
  readonly #depth: number;
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor({ perSecond, burst = perSecond }: RateLimit) {
    this.#interval = 1000 / perSecond;
    this.#depth = burst * this.#interval;
  }

  /** Takes `count` tokens at `now`, or takes nothing and gives `false` when there are not so many. */
  take(count: number, now: number): boolean {
    const fullAt = Math.max(this.#fullAt, now) + count * this.#interval;
    // The sum of many intervals is not exact; a millionth of a millisecond is no token.
    if (fullAt - now > this.#depth + 1e-6) return false;
    this.#fullAt = fullAt;
    return true;
  }
}

/** The buckets of one connection. */
export class RateLimiter {
  readonly #messages: TokenBucket | undefined;
  readonly #bytes: TokenBucket | undefined;
  readonly #controlFrames: TokenBucket | undefined;

  constructor({ messages, bytes, controlFrames }: RateLimits) {
    this.#messages = messages && new TokenBucket(messages);
    this.#bytes = bytes && new TokenBucket(bytes);
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

  /** @throws {ProtocolError} `control-rate` */
  controlFrame(now: number): void {
    take(this.#controlFrames, 1, now, 'control-rate');
  }
}

function take(bucket: TokenBucket | undefined, count: number, now: number, rule: ProtocolRuleName): void {
  if (bucket !== undefined && !bucket.take(count, now)) throw new ProtocolError(rule);
}
