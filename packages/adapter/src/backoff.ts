/**
 * How long to wait before connecting again (RFC 6455 7.2.3): exponential, capped, with full jitter.
 *
 * 7.2.3: "clients SHOULD use some form of backoff when trying to reconnect after abnormal closures". "The first
 * reconnect attempt SHOULD be delayed by a random amount of time." "Should the first reconnect attempt fail, subsequent
 * reconnect attempts SHOULD be delayed by increasingly longer amounts of time, using a method such as truncated binary
 * exponential backoff."
 */
import type { RandomSource } from '@sockless/core';

/** When to try again. */
export interface BackoffPolicy {
  /** The upper bound of the first delay in milliseconds. Default: 1,000. */
  readonly base?: number | undefined;
  /** The factor from each bound to the next. Default: 2. */
  readonly factor?: number | undefined;
  /** The upper bound of all delays in milliseconds. Default: 30,000. */
  readonly cap?: number | undefined;
  /** The most attempts in a row. Default: `Infinity`. */
  readonly attempts?: number | undefined;
  /** A connection that was open for this many milliseconds resets the count of attempts. Default: 5,000. */
  readonly stableAfter?: number | undefined;
}

/**
 * Returns the delay in milliseconds before an attempt, uniformly from 0 to its bound, or `undefined` when the policy
 * allows no further one.
 *
 * @param attempt 0 for the first attempt after a connection was lost
 * @throws {RangeError} when the attempt or the policy is not valid
 * @see RFC 6455 7.2.3
 */
export function backoffDelay(attempt: number, policy: BackoffPolicy, random: RandomSource): number | undefined {
  const { base = 1000, factor = 2, cap = 30_000, attempts = Infinity } = policy;
  if (!(Number.isInteger(attempt) && attempt >= 0))
    throw new RangeError(`attempt: a whole number from 0, not ${attempt}`);
  const numbers = [base, factor, cap, attempts, policy.stableAfter ?? 0];
  const valid = numbers.every((number) => typeof number === 'number' && number >= 0) && factor >= 1;
  if (!valid) {
    throw new RangeError('backoff: base, cap, attempts and stableAfter are 0 or more, factor is 1 or more');
  }
  if (attempt >= attempts) return undefined;
  const word = new Uint32Array(1);
  random(new Uint8Array(word.buffer));
  // The power may be Infinity, which is no delay, and 0 times it is NaN.
  const bound = Math.min(cap, base * factor ** attempt, Number.MAX_VALUE) || 0;
  return ((word[0] as number) / 2 ** 32) * bound;
}

/** Returns the number of the next attempt, after attempt number `attempt` led to a connection open for `openFor` ms. */
export function nextAttempt(attempt: number, openFor: number, policy: BackoffPolicy): number {
  return openFor >= (policy.stableAfter ?? 5000) ? 0 : attempt + 1;
}
