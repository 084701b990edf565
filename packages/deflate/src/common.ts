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

/** Gives the same bytes with as much room again behind them. */
export function grown(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(2 * bytes.length);
  larger.set(bytes);
  return larger;
}
