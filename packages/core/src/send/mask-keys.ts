/** Masking keys from a random source (RFC 6455 5.3), drawn many at a time: one call for each 8 KiB, not one a frame. */
import { wordAt } from '../bytes.ts';
import { host, type RandomSource } from '../host.ts';
import { StateError } from '../rules.ts';

/** The number of bytes that are drawn at once. */
const POOL_SIZE = 8192;

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

  /** Returns the keys of one sender. All senders that use the host's random source draw from one pool: 8 KiB each would be a lot. */
  static from(random: RandomSource): MaskKeys {
    return hostKeys !== undefined && random === host.random ? hostKeys : new MaskKeys(random);
  }

  /**
   * Returns a fresh masking key as a 32-bit integer.
   *
   * @throws what the random source throws; {StateError} `random-reentered` when that source is itself sending
   */
  next(): number {
    if (this.#used === this.#pool.length) this.#draw(POOL_SIZE);
    const at = this.#used;
    this.#used = at + 4;
    return wordAt(this.#pool, at);
  }

  /** Whether the random source is at work. */
  get isDrawing(): boolean {
    return this.#drawing;
  }

  /** Draws what the next `count` calls of `next` return, so that none of them can fail. */
  prepare(count: number): void {
    if (this.#pool.length - this.#used < 4 * count) this.#draw(Math.max(4 * count, POOL_SIZE));
  }

  #draw(size: number): void {
    if (this.#drawing) {
      throw new StateError(
        'random-reentered',
        'the random source sends on the connection that is drawing a masking key from it',
      );
    }
    // A source that throws leaves the pool as it was.
    const fresh = new Uint8Array(size);
    this.#drawing = true;
    try {
      this.#random(fresh);
    } finally {
      this.#drawing = false;
    }
    this.#pool = fresh;
    this.#used = 0;
  }
}

const hostKeys = host.random && new MaskKeys(host.random);
