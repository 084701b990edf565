/**
 * The one growable buffer: where bytes wait that cannot be handed out as a view of the chunk they came in.
 *
 * It grows with the bytes received, never with the number of pieces, and towards an announced length no faster than
 * twice what is there (RFC 6455 10.4).
 */

const FIRST_CAPACITY = 4096;
const NOTHING = new Uint8Array(0);

/**
 * Bytes that grow at the end, until they are taken all at once. They occupy never more than max(4 KiB, 2 × the most they
 * have been since the last `take`).
 */
export class MessageBuffer {
  #bytes: Uint8Array = NOTHING;
  #length = 0;

  /** How many bytes it holds. */
  get length(): number {
    return this.#length;
  }

  /**
   * Copies `from[start]` to `from[end - 1]` behind what is there.
   *
   * @param announced how many bytes the buffer will hold in the end, as far as the peer has said
   */
  append(from: Uint8Array, start: number, end: number, announced = Infinity): void {
    const need = this.#length + (end - start);
    if (need > this.#bytes.length) {
      const grown = new Uint8Array(
        Math.max(need, Math.min(announced, Math.max(2 * this.#bytes.length, FIRST_CAPACITY))),
      );
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    if (end - start > SHORT) {
      this.#bytes.set(from.subarray(start, end), this.#length);
    } else {
      for (let at = start, to = this.#length; at < end; at++, to++) this.#bytes[to] = from[at] as number;
    }
    this.#length = need;
  }

  /** A view of what it holds, for reading only; valid until the next `append`. */
  peek(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Gives what it holds away, for good, and is empty and small again. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = NOTHING;
    this.#length = 0;
    return taken;
  }
}

/** To this many bytes a loop is faster than making a view and calling `set` (benchmarks/decode, 1-byte cuts). */
const SHORT = 16;
