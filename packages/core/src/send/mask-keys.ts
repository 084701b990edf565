/** Draws masking keys from a random source (RFC 6455 5.3), 8 KiB of them or more at a time instead of one for each frame. */
import { wordAt } from '../bytes.ts';
import { host, type RandomSource } from '../host.ts';
import { StateError } from '../rules.ts';

/** The number of bytes drawn at a time, unless more are needed in advance. */
const POOL_SIZE = 8192;

/** A random source is asked for at most this many bytes in one call: `crypto.getRandomValues` refuses more. */
const MAX_DRAWN = 65_536;

const NONE = new Uint8Array(0);

/**
 * 5.3: "the client MUST pick a fresh masking key from the set of allowed 32-bit values. The masking key needs to be
 * unpredictable; thus, the masking key MUST be derived from a strong source of entropy".
 */
export class MaskKeys {
  readonly #random: RandomSource;
  #pool: Uint8Array<ArrayBuffer> = NONE;
  #used = 0;
  #drawing = false;

  constructor(random: RandomSource) {
    this.#random = random;
  }

  /** Returns the source of keys for one sender. Senders with the host's random source share one pool, since 8 KiB for each is a lot. */
  static from(random: RandomSource): MaskKeys {
    return hostKeys !== undefined && random === host.random ? hostKeys : new MaskKeys(random);
  }

  /**
   * Returns a fresh masking key as a 32-bit integer.
   *
   * @throws what the random source throws
   * @throws {StateError} `random-reentered` when the random source itself sends on a connection that draws from it
   */
  next(): number {
    if (this.#used === this.#pool.length) this.#draw(POOL_SIZE);
    const at = this.#used;
    this.#used = at + 4;
    return wordAt(this.#pool, at);
  }

  /** Whether the random source is running. */
  get isDrawing(): boolean {
    return this.#drawing;
  }

  /** Draws the keys for the next `count` calls of `next` in advance, so that none of these can fail. */
  prepare(count: number): void {
    if (this.#pool.length - this.#used < 4 * count) this.#draw(Math.max(4 * count, POOL_SIZE));
  }

  /** Frees the memory of keys that were drawn in advance and not used. */
  dropSpare(): void {
    if (this.#pool.length - this.#used <= POOL_SIZE) return;
    this.#pool = this.#pool.slice(this.#used, this.#used + POOL_SIZE);
    this.#used = 0;
  }

  #draw(size: number): void {
    if (this.#drawing) {
      throw new StateError(
        'random-reentered',
        'the random source sent on a connection that was drawing a masking key from it; it must only fill the bytes',
      );
    }
    const fresh = new Uint8Array(size);
    const used = this.#used;
    // While the source runs the pool counts as empty, so that nothing it sends gets a key that is left.
    this.#used = this.#pool.length;
    this.#drawing = true;
    try {
      for (let at = 0; at < size; at += MAX_DRAWN) this.#random(fresh.subarray(at, at + MAX_DRAWN));
    } finally {
      // If the source throws, the pool stays as it was.
      this.#drawing = false;
      this.#used = used;
    }
    if (fresh.length !== size)
      throw new TypeError('random: the source must fill the bytes, and not transfer their memory');
    this.#pool = fresh;
    this.#used = 0;
  }
}

const hostKeys = host.random && new MaskKeys(host.random);
