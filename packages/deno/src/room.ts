/**
 * Where a connection reads to. What was read is core's for good, so the next chunk goes behind it, in the same memory for
 * as long as that lasts: an array for each would be most of what a small one costs (benchmarks: echo).
 */

/** How much an idle connection has ready, and how much a busy one reads at a time, in bytes. */
const SMALLEST = 2048;
const LARGEST = 524_288;

/** Memory to read to, one chunk behind the other; as much at a time as has been arriving lately. */
export class Room {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #size = SMALLEST;
  #used = 0;

  /** Gives the bytes to read to. */
  next(): Uint8Array<ArrayBuffer> {
    // A short rest would cut what arrives into pieces.
    if (4 * (this.#bytes.length - this.#used) < this.#size) {
      this.#bytes = new Uint8Array(this.#size);
      this.#used = 0;
    }
    return this.#used === 0 ? this.#bytes : this.#bytes.subarray(this.#used);
  }

  /** Gives away the first `length` of the bytes that `next` gave. */
  take(length: number): Uint8Array {
    const from = this.#used;
    this.#used += length;
    // Who fills the room gets more of it next time, and who leaves most of it empty gets less.
    if (length === this.#size) this.#size = Math.min(4 * this.#size, LARGEST);
    else if (16 * length < this.#size) this.#size = Math.max(this.#size / 4, SMALLEST);
    return this.#bytes.subarray(from, this.#used);
  }
}
