/**
 * The memory into which a connection reads. Bytes that were read belong to core, so the next chunk goes behind them, in
 * the same memory while there is room. An array for each chunk would be most of the cost of a small one (benchmarks:
 * echo).
 *
 * Deno needs the memory before anything has arrived, so an idle connection keeps as much as it offers to its next read.
 */

/** The bytes that a connection offers to a read at first, and at most when it is busy. */
const SMALLEST = 2048;
const LARGEST = 65_536;

/** The most bytes that it offers after it has read everything: the next read may wait for hours. */
const WAITING = 16_384;

/** Memory to read into, one chunk behind the other. Its size follows the size of recent chunks. */
export class Room {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #size = SMALLEST;
  #used = 0;

  /** Returns the bytes to read into. */
  next(): Uint8Array<ArrayBuffer> {
    // A short rest of memory would cut what arrives into small chunks, and a long one would stay allocated while idle.
    const rest = this.#bytes.length - this.#used;
    if (4 * rest < this.#size || rest > this.#size) {
      this.#bytes = new Uint8Array(this.#size);
      this.#used = 0;
    }
    return this.#used === 0 ? this.#bytes : this.#bytes.subarray(this.#used);
  }

  /**
   * Returns the first `length` of the bytes that `next` returned, which are the caller's from now on. Returns
   * `undefined` if they are gone, because the application has transferred their memory together with an earlier chunk.
   */
  take(length: number): Uint8Array | undefined {
    const from = this.#used;
    this.#used += length;
    if (this.#used > this.#bytes.length) return undefined;
    // A chunk that fills the room makes the next room larger. One that does not was all there was to read.
    if (this.#used === this.#bytes.length) this.#size = Math.min(4 * this.#size, LARGEST);
    else if (16 * length < this.#size) this.#size = Math.max(this.#size / 4, SMALLEST);
    if (this.#used < this.#bytes.length) this.#size = Math.min(this.#size, WAITING);
    return this.#bytes.subarray(from, this.#used);
  }
}
