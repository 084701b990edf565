/**
 * Where a connection reads to. What was read is core's for good, so the next chunk goes behind it, in the same memory for
 * as long as that lasts: an array for each would be most of what a small one costs (benchmarks: echo).
 *
 * Deno wants the memory before anything has arrived, so an idle connection keeps as much as its next read is given.
 */

/** How much a connection that never had much to read has ready, and how much a busy one reads at a time, in bytes. */
const SMALLEST = 2048;
const LARGEST = 524_288;

/** How much one has ready that has read all there was: the next read waits, perhaps for hours. */
const WAITING = 16_384;

/** Memory to read to, one chunk behind the other; as much at a time as has been arriving lately. */
export class Room {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #size = SMALLEST;
  #used = 0;

  /** Returns the bytes to read to. */
  next(): Uint8Array<ArrayBuffer> {
    // A short rest would cut what arrives into pieces, and a long one would be kept while nothing arrives.
    const rest = this.#bytes.length - this.#used;
    if (4 * rest < this.#size || rest > this.#size) {
      this.#bytes = new Uint8Array(this.#size);
      this.#used = 0;
    }
    return this.#used === 0 ? this.#bytes : this.#bytes.subarray(this.#used);
  }

  /**
   * Gives away the first `length` of the bytes that `next` returned; `undefined` when they are gone: the application has
   * transferred them, with a chunk that lies before them.
   */
  take(length: number): Uint8Array | undefined {
    const from = this.#used;
    this.#used += length;
    if (this.#used > this.#bytes.length) return undefined;
    // Who fills the room gets more of it next time. Who does not has read all there was.
    if (this.#used === this.#bytes.length) this.#size = Math.min(4 * this.#size, LARGEST);
    else if (16 * length < this.#size) this.#size = Math.max(this.#size / 4, SMALLEST);
    if (this.#used < this.#bytes.length) this.#size = Math.min(this.#size, WAITING);
    return this.#bytes.subarray(from, this.#used);
  }
}
