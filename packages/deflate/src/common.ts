/** Shared by both engines: zlib in JavaScript, and zlib in C. */

/** The most output of one call in bytes. A connection copies the part that it keeps. */
export const ROOM = 65_536;

/** RFC 7692 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff". The fifth byte must be left over when a block ends after these. */
export const TAIL_AND_ONE: Uint8Array<ArrayBuffer> = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x00);

/** The memory for the output of the tail, which should have none. */
export const NONE_EXPECTED: Uint8Array<ArrayBuffer> = new Uint8Array(8);

/** No input. */
export const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/**
 * Returns the window bits for a deflater whose window was negotiated. zlib has no window of 2^8 bytes for raw DEFLATE. But
 * with one of 2^9 bytes no distance is longer than 2^9 - 262 bytes, which fits into 2^8.
 */
export const deflaterBits = (windowBits: number): number => Math.max(9, windowBits);

/**
 * The most memory in bytes that an engine keeps for the output of its deflaters. A long message may need more, which is
 * released afterwards.
 */
export const KEPT = 262_144;

/** Returns a copy of `bytes` in twice the memory. */
export function grown(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length);
  larger.set(bytes);
  return larger;
}

/**
 * Checks that the input is still as long as when it was written.
 *
 * @throws {TypeError} when its memory was transferred or resized, with which Node's inflater would end the process
 */
export function expectInput({ length }: Uint8Array, expected: number): void {
  if (length !== expected) {
    throw new TypeError('the memory of compressed bytes was transferred or resized before they had been decompressed');
  }
}

/** The number of blocks with BFINAL set that any message may have, and the bytes of output that allow one more. */
const FINAL_BLOCKS = 1024;
const BYTES_A_FINAL_BLOCK = 64;

/**
 * Counts the blocks with BFINAL set in a message. RFC 7692 7.2.3.4 allows them, for senders that can flush in no other way
 * and end each fragment with one. But each takes far more time than its 10 bits suggest, so millions of empty ones are an
 * attack.
 */
export class FinalBlocks {
  #count = 0;
  #output = 0;

  /** Adds to the length of the decompressed message, in bytes. */
  output(length: number): void {
    this.#output += length;
  }

  /**
   * Counts a block with BFINAL set that has ended.
   *
   * @param length the number of bytes of output since the last call of `output`
   * @throws {RangeError} when the message has too many such blocks
   */
  add(length: number): void {
    if (++this.#count > FINAL_BLOCKS + (this.#output + length) / BYTES_A_FINAL_BLOCK) {
      throw new RangeError(
        `a message has more than ${FINAL_BLOCKS} blocks with BFINAL set, and less than 64 bytes of output for each`,
      );
    }
  }

  /** Begins to count for the next message. */
  reset(): void {
    this.#count = this.#output = 0;
  }
}
