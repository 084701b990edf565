/** From the fields of a frame header to its bytes (RFC 6455 5.2), without a check: who calls has seen to it. */
import { copyBytes } from '../bytes.ts';

/**
 * Writes a header at `start` and gives where it ends, 2 to 14 bytes behind that.
 *
 * @param first the first byte: FIN, the reserved bits and the opcode
 * @param words a view of all of the bytes: that is half the time of one byte after the other (benchmarks: encode)
 */
export function writeFrameHeader(
  first: number,
  masked: boolean,
  key: number,
  length: number,
  words: DataView,
  start: number,
): number {
  const both = (first << 8) | (masked ? 0x80 : 0);
  let at = start + 2;
  // 5.2: "in all cases, the minimal number of bytes MUST be used to encode the length"
  if (length < 126) {
    words.setInt16(start, both | length);
  } else if (length < 0x10000) {
    words.setInt16(start, both | 126);
    words.setInt16(at, length);
    at += 2;
  } else {
    words.setInt16(start, both | 127);
    words.setUint32(at, length / 2 ** 32);
    words.setUint32(at + 4, length);
    at += 8;
  }
  if (masked) {
    words.setInt32(at, key);
    at += 4;
  }
  return at;
}

/**
 * {@link writeFrameHeader} where there is no view for words, since to copy is less work than to make one. Gives the length
 * of the header.
 */
export function copyFrameHeader(
  first: number,
  masked: boolean,
  key: number,
  length: number,
  into: Uint8Array,
  start: number,
): number {
  const size = writeFrameHeader(first, masked, key, length, SCRATCH_WORDS, 0);
  copyBytes(SCRATCH, 0, size, into, start);
  return size;
}

/** Written anew for every header that is copied. */
const SCRATCH = new Uint8Array(14);
const SCRATCH_WORDS = new DataView(SCRATCH.buffer);
