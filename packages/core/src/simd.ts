/**
 * Fast work on many bytes: `mask` (RFC 6455 5.3), `validate` and `decode` (UTF-8, 8.1).
 *
 * Long payloads are handled by WebAssembly (kernel.ts), if the host can run it: bytes are copied in, one block at a time, and copied out
 * again if they have changed. Short payloads, and hosts without WebAssembly, use loops in JavaScript. Only this file knows from which
 * length on the one is faster than the other.
 */
import { copyBytes } from './bytes.ts';
import { decodeBy, host, type Slices, type Utf8TextDecoder } from './host.ts';
import { KERNEL_SIZE, type Kernel, kernel } from './kernel.ts';

/** The least number of bytes that the kernel masks faster than a loop (benchmarks: mask). */
const MASK_FROM = 192;

/** The least number of masked bytes that the kernel decodes faster than a loop and the host together (benchmarks: decode). */
const DECODE_FROM = 96;

/** The least number of bytes that the kernel, or a decoder whose result is dropped, validates faster than a loop. */
const VALIDATE_FROM = 64;

// The same four bytes twice: a masking key in network byte order, and as a word in the byte order of this machine.
const KEY = new DataView(new ArrayBuffer(4));
const KEY_WORD = new Int32Array(KEY.buffer);

/** Returns the masking key rotated to begin with the byte for a phase. Only the last two bits of the phase count. */
export function rotateKey(key: number, phase: number): number {
  // A shift uses only the last five bits of its distance.
  return (key << (8 * phase)) | (key >>> (-8 * phase));
}

/** Whether {@link mask} uses a `DataView` for a payload of this length. */
export function masksByWords(length: number): boolean {
  return length < MASK_FROM;
}

/**
 * Masks or unmasks `bytes[start]` to `bytes[end - 1]` in place.
 *
 * @param key the masking key as a 32-bit integer; 0 changes nothing
 * @param words a `DataView` of `bytes`, if the caller has one
 * @returns 0 when the result is known to be all ASCII, any other number when it is not or that is unknown; this costs nothing extra
 */
export function mask(bytes: Uint8Array, start: number, end: number, key: number, words?: DataView): number {
  if (end - start >= MASK_FROM) return maskMany(bytes, start, end, bytes, start, key);
  if (end - start < 4) return maskFew(bytes, start, end, key);
  let at = start;
  let seen = 0;
  if (words !== undefined) {
    for (; at + 4 <= end; at += 4) {
      const word = words.getInt32(at) ^ key;
      words.setInt32(at, word);
      seen |= word;
    }
    seen &= 0x80808080;
  } else {
    const [k0, k1, k2, k3] = [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
    for (; at + 4 <= end; at += 4) {
      const b0 = (bytes[at] as number) ^ k0;
      const b1 = (bytes[at + 1] as number) ^ k1;
      const b2 = (bytes[at + 2] as number) ^ k2;
      const b3 = (bytes[at + 3] as number) ^ k3;
      bytes[at] = b0;
      bytes[at + 1] = b1;
      bytes[at + 2] = b2;
      bytes[at + 3] = b3;
      seen |= b0 | b1 | b2 | b3;
    }
    seen &= 0x80;
  }
  return seen | maskFew(bytes, at, end, key);
}

/** Copies `from[start]` to `from[end - 1]` to `into[at]` and masks the copy; `words` is a `DataView` of `into`. */
export function copyMasked(
  from: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
  key: number,
  words: DataView,
): void {
  const length = end - start;
  if (length >= MASK_FROM) {
    maskMany(from, start, end, into, at, key);
    return;
  }
  copyBytes(from, start, end, into, at);
  mask(into, at, at + length, key, words);
}

/** Does {@link mask} without checking for ASCII, which makes a difference for few bytes (benchmarks: mask). */
export function maskBlindly(bytes: Uint8Array, start: number, end: number, key: number): void {
  if (end - start >= MASK_FROM) {
    maskMany(bytes, start, end, bytes, start, key);
    return;
  }
  const [k0, k1, k2, k3] = [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
  let at = start;
  for (; at + 4 <= end; at += 4) {
    bytes[at] = (bytes[at] as number) ^ k0;
    bytes[at + 1] = (bytes[at + 1] as number) ^ k1;
    bytes[at + 2] = (bytes[at + 2] as number) ^ k2;
    bytes[at + 3] = (bytes[at + 3] as number) ^ k3;
  }
  maskFew(bytes, at, end, key);
}

/** Masks byte by byte. Returns 0 when the result is all ASCII. */
function maskFew(bytes: Uint8Array, start: number, end: number, key: number): number {
  let seen = 0;
  let k = key;
  for (let at = start; at < end; at++) {
    const byte = (bytes[at] as number) ^ (k >>> 24);
    bytes[at] = byte;
    seen |= byte;
    k = (k << 8) | (k >>> 24);
  }
  return seen & 0x80;
}

/** Does {@link mask} and {@link copyMasked} for many bytes; `into` may be `from`. */
function maskMany(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number, key: number): number {
  const length = end - start;
  const simd = kernel();
  if (simd === undefined) {
    if (into !== from) copyBytes(from, start, end, into, at);
    if (key !== 0) maskAligned(into, at, at + length, key);
    return -1;
  }
  let seen = 0;
  for (let done = 0; done < length; done += KERNEL_SIZE) {
    const size = Math.min(KERNEL_SIZE, length - done);
    // This is a plain view because `subarray` of a Node.js Buffer costs twice as much.
    simd.block.set(size === from.length ? from : new Uint8Array(from.buffer, from.byteOffset + start + done, size));
    seen |= simd.mask(size, key);
    if (key !== 0 || into !== from) into.set(simd.first(size), at + done);
  }
  return seen;
}

/** Masks many bytes without a kernel: byte by byte up to a multiple of four, then word by word. */
function maskAligned(bytes: Uint8Array, start: number, end: number, key: number): void {
  const from = start + (-(bytes.byteOffset + start) & 3);
  const words = (end - from) >> 2;
  const to = from + 4 * words;
  maskFew(bytes, start, from, key);
  const k = rotateKey(key, from - start);
  KEY.setInt32(0, k);
  xorWords(new Int32Array(bytes.buffer, bytes.byteOffset + from, words), KEY_WORD[0] as number);
  maskFew(bytes, to, end, k);
}

/** The loop is unrolled eight times, which takes a quarter of the time of the plain loop on V8 (benchmarks: decode). */
function xorWords(words: Int32Array, key: number): void {
  const length = words.length;
  let at = 0;
  for (; at + 8 <= length; at += 8) {
    words[at] = (words[at] as number) ^ key;
    words[at + 1] = (words[at + 1] as number) ^ key;
    words[at + 2] = (words[at + 2] as number) ^ key;
    words[at + 3] = (words[at + 3] as number) ^ key;
    words[at + 4] = (words[at + 4] as number) ^ key;
    words[at + 5] = (words[at + 5] as number) ^ key;
    words[at + 6] = (words[at + 6] as number) ^ key;
    words[at + 7] = (words[at + 7] as number) ^ key;
  }
  for (; at < length; at++) words[at] = (words[at] as number) ^ key;
}

/**
 * Validates `bytes[start]` to `bytes[end - 1]`, which begin with a code point, as UTF-8.
 *
 * @param decoder a fatal decoder, for hosts without a kernel
 * @returns the end of the code points that are known to be valid. That is `start` when one of them is invalid or nothing is known, and the
 *   caller must then check each byte
 */
export function validate(bytes: Uint8Array, start: number, end: number, decoder: Utf8TextDecoder | undefined): number {
  if (end - start < VALIDATE_FROM) return start;
  const stop = lastBoundary(bytes, end);
  const simd = kernel();
  const isValid =
    simd === undefined
      ? decoder !== undefined && decodeBy(decoder, bytes.subarray(start, stop)) !== undefined
      : inBlocks(bytes, start, stop, simd, (size) => simd.look(size) > 0);
  return isValid ? stop : start;
}

/**
 * Unmasks, validates and decodes a whole text, without changing its bytes.
 *
 * @param key the masking key, or 0
 * @returns `undefined` when the bytes are not UTF-8, there is no kernel, or another way is faster for this length
 */
export function decode(bytes: Uint8Array, key: number): string | undefined {
  const { length } = bytes;
  if (key !== 0 && (length < DECODE_FROM || length > KERNEL_SIZE)) return undefined;
  const { slices } = host;
  const simd = slices && kernel();
  if (simd === undefined) return undefined;
  return length <= KERNEL_SIZE
    ? decodeBlock(bytes, key, simd, slices as Slices)
    : decodeBlocks(bytes, simd, slices as Slices);
}

function decodeBlock(bytes: Uint8Array, key: number, simd: Kernel, slices: Slices): string | undefined {
  const { length } = bytes;
  simd.block.set(bytes);
  if (simd.mask(length, key) === 0) return slices.ascii(simd.block, 0, length);
  if (simd.look(length) === 0) return undefined;
  return slices.utf16(simd.utf16, 0, simd.toUtf16(length));
}

function decodeBlocks(bytes: Uint8Array, simd: Kernel, slices: Slices): string | undefined {
  const { length } = bytes;
  let isAllAscii = true;
  const isValid = inBlocks(bytes, 0, length, simd, (size) => {
    if (simd.mask(size, 0) === 0) return true;
    isAllAscii = false;
    return simd.look(size) > 0;
  });
  if (!isValid) return undefined;
  if (isAllAscii) return slices.ascii(bytes, 0, length);
  // A code point of one, two, three or four bytes in UTF-8 has two, two, two or four in UTF-16.
  const utf16 = new Uint8Array(2 * length);
  let to = 0;
  inBlocks(bytes, 0, length, simd, (size) => {
    const written = simd.toUtf16(size);
    utf16.set(simd.utf16.subarray(0, written), to);
    to += written;
    return true;
  });
  return slices.utf16(utf16, 0, to);
}

/** Copies whole code points into the kernel, block by block, and calls `visit` for each block until that returns false. */
function inBlocks(
  bytes: Uint8Array,
  start: number,
  end: number,
  simd: Kernel,
  visit: (size: number) => boolean,
): boolean {
  for (let at = start; at < end; ) {
    const stop = end - at > KERNEL_SIZE ? lastBoundary(bytes, at + KERNEL_SIZE) : end;
    simd.block.set(bytes.subarray(at, stop));
    if (!visit(stop - at)) return false;
    at = stop;
  }
  return true;
}

/**
 * Returns the index before `end` at which an incomplete code point begins, or `end` if the last code point is complete.
 */
export function lastBoundary(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[end - back] as number;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return back < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? end - back : end;
  }
  return end;
}
