/** What both engines need around zlib, be it in JavaScript or in C. */

/** How much output a call gives at most, in bytes; what a connection keeps of it, it copies. */
export const ROOM = 65_536;

/** RFC 7692 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff"; and one that must be left over. */
export const TAIL_AND_ONE: Uint8Array<ArrayBuffer> = Uint8Array.of(0x00, 0x00, 0xff, 0xff, 0x00);

/** Where the output would go of a tail, which has none. */
export const NONE_EXPECTED: Uint8Array<ArrayBuffer> = new Uint8Array(8);

/** No input. */
export const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/**
 * Gives the window of a deflater for one that was agreed on. Raw DEFLATE has none of 2^8 bytes in zlib, but with one of
 * 2^9 no distance is longer than 2^9 - 262 bytes: what is sent always fits into what was agreed on.
 */
export const deflaterBits = (windowBits: number): number => Math.max(9, windowBits);

/**
 * Memory for the output of all deflaters of one engine. It grows with what is compressed, but a message that needed much
 * leaves no more than this behind.
 */
export const KEPT = 262_144;

/** Returns the same bytes with as much room again behind them. */
export function grown(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length);
  larger.set(bytes);
  return larger;
}

/**
 * Checks that input is still as long as when it was written.
 *
 * @throws {TypeError} when its memory was transferred: an inflater of Node's would end the process
 */
export function expectInput({ length }: Uint8Array, expected: number): void {
  if (length !== expected) throw new TypeError('the input was transferred, or its memory resized, before it was read');
}

/** Blocks with BFINAL set that a message may have however short it is, and for how many bytes of output one more. */
const FINAL_BLOCKS = 1024;
const BYTES_A_FINAL_BLOCK = 64;

/**
 * Counts the blocks with BFINAL set of a message. RFC 7692 7.2.3.4 allows them, so that a sender which cannot flush in
 * another way can end each fragment with one; but each takes more time than its 10 bits, and millions of empty ones are
 * an attack.
 */
export class FinalBlocks {
  #count = 0;
  #output = 0;

  /** The message has become longer by this number of bytes. */
  output(length: number): void {
    this.#output += length;
  }

  /**
   * A block with BFINAL set has ended.
   *
   * @param length how many bytes the message has become longer since `output` was called last
   * @throws {RangeError} when it is one too many
   */
  add(length: number): void {
    if (++this.#count > FINAL_BLOCKS + (this.#output + length) / BYTES_A_FINAL_BLOCK) {
      throw new RangeError(
        `more than ${FINAL_BLOCKS} blocks with BFINAL set, and less than 64 bytes of output for each`,
      );
    }
  }

  /** The next message begins. */
  reset(): void {
    this.#count = this.#output = 0;
  }
}
