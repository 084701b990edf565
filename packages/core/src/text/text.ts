/**
 * From the payload of a text message to its string (RFC 6455 8.1), by the shortest way that its length, its characters
 * and the host allow.
 */
import { host, type Slices, type Utf8TextDecoder } from '../host.ts';
import { KERNEL_SIZE, type Kernel, kernel } from '../kernel.ts';
import { decodeBy, decodeUtf8, inBlocks, UTF8_BOUNDARY, validateUtf8 } from './utf8.ts';

/** The longest text that {@link decodeShortAscii} decodes. */
export const SHORT_ASCII = 16;

/**
 * Decodes up to 16 bytes of ASCII, masked with `key` or with 0; `undefined` when they are not ASCII. A fifth of the time
 * of a call of the host's decoder (benchmarks: decode). One call with all characters, because concatenated pieces would
 * have to be flattened by whoever reads the string.
 *
 * @param view a view of all of `bytes`, where there is one already
 */
export function decodeShortAscii(
  bytes: Uint8Array,
  start: number,
  length: number,
  key: number,
  view: DataView | undefined,
): string | undefined {
  let words = view;
  let at = start;
  if (words === undefined || start + SHORT_ASCII > bytes.length) {
    for (let i = 0; i < length; i++) SHORT[i] = bytes[start + i] as number;
    words = SHORT_VIEW;
    at = 0;
  }
  const w = words.getInt32(at) ^ key;
  const x = words.getInt32(at + 4) ^ key;
  const y = words.getInt32(at + 8) ^ key;
  const z = words.getInt32(at + 12) ^ key;
  // biome-ignore format: one line a length shows the pattern
  switch (length) {
    case 0: return '';
    case 1: return (w & 0xff000000) & HIGH ? undefined : string(w >>> 24);
    case 2: return (w & 0xffff0000) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255);
    case 3: return (w & 0xffffff00) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255);
    case 4: return w & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255);
    case 5: return (w | (x & 0xff000000)) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24);
    case 6: return (w | (x & 0xffff0000)) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255);
    case 7: return (w | (x & 0xffffff00)) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255);
    case 8: return (w | x) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255, x & 255);
    case 9: return (w | x | (y & 0xff000000)) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255, x & 255, y >>> 24);
    case 10: return (w | x | (y & 0xffff0000)) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255, x & 255, y >>> 24, (y >>> 16) & 255);
    case 11: return (w | x | (y & 0xffffff00)) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255, x & 255, y >>> 24, (y >>> 16) & 255, (y >>> 8) & 255);
    case 12: return (w | x | y) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255, x & 255, y >>> 24, (y >>> 16) & 255, (y >>> 8) & 255, y & 255);
    case 13: return (w | x | y | (z & 0xff000000)) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255, x & 255, y >>> 24, (y >>> 16) & 255, (y >>> 8) & 255, y & 255, z >>> 24);
    case 14: return (w | x | y | (z & 0xffff0000)) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255, x & 255, y >>> 24, (y >>> 16) & 255, (y >>> 8) & 255, y & 255, z >>> 24, (z >>> 16) & 255);
    case 15: return (w | x | y | (z & 0xffffff00)) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255, x & 255, y >>> 24, (y >>> 16) & 255, (y >>> 8) & 255, y & 255, z >>> 24, (z >>> 16) & 255, (z >>> 8) & 255);
    default: return (w | x | y | z) & HIGH ? undefined : string(w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255, x >>> 24, (x >>> 16) & 255, (x >>> 8) & 255, x & 255, y >>> 24, (y >>> 16) & 255, (y >>> 8) & 255, y & 255, z >>> 24, (z >>> 16) & 255, (z >>> 8) & 255, z & 255);
  }
}

const SHORT = new Uint8Array(SHORT_ASCII);
const SHORT_VIEW = new DataView(SHORT.buffer);
const HIGH = 0x80808080;
const string = String.fromCharCode;

/** Whether the bytes have been seen to be ASCII; where there is no kernel, or they are few, nobody looks. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  const simd = end - start < KERNEL_TEXT_FROM ? undefined : kernel();
  if (simd === undefined) return false;
  for (let at = start; at < end; at += KERNEL_SIZE) {
    const stop = Math.min(at + KERNEL_SIZE, end);
    simd.block.set(at === 0 && stop === bytes.length ? bytes : bytes.subarray(at, stop));
    if (simd.mask(stop - at, 0) !== 0) return false;
  }
  return true;
}

/** What is known of a text before it is decoded. */
export type Known = 'ascii' | 'utf8' | 'nothing';

/**
 * Decodes the whole of `bytes`, or gives `undefined` when they are not valid UTF-8. A byte order mark is kept: it is data
 * here.
 *
 * @param decoder a fatal decoder; without one the bytes are decoded here
 */
export function decodeText(bytes: Uint8Array, known: Known, decoder: Utf8TextDecoder | undefined): string | undefined {
  if (decoder === undefined) return decodeUtf8(bytes);
  const { slices } = host;
  if (slices === undefined || decoder !== host.textDecoder) return decodeBy(decoder, bytes);
  if (known === 'ascii') return slices.ascii(bytes, 0, bytes.length);
  const simd = kernel();
  if (simd !== undefined) {
    return bytes.length <= KERNEL_SIZE ? decodeBlock(bytes, 0, simd, slices) : decodeBlocks(bytes, simd, slices);
  }
  const text = slices.utf8(bytes, 0, bytes.length);
  // U+FFFD stands where the bytes are not valid, or are U+FFFD themselves.
  if (known === 'utf8' || !text.includes('\ufffd')) return text;
  return validateUtf8(bytes, 0, bytes.length, UTF8_BOUNDARY) === UTF8_BOUNDARY ? text : undefined;
}

/**
 * Unmasks, validates and decodes a text in the kernel and leaves its bytes as they are; `undefined` when they are not
 * UTF-8, or this is no shorter way.
 */
export function decodeInKernel(
  bytes: Uint8Array,
  key: number,
  decoder: Utf8TextDecoder | undefined,
): string | undefined {
  const { length } = bytes;
  if (length < KERNEL_TEXT_FROM || length > KERNEL_SIZE || decoder !== host.textDecoder) return undefined;
  const { slices } = host;
  const simd = kernel();
  return simd && slices && decodeBlock(bytes, key, simd, slices);
}

/** From this many bytes on copying a text to the kernel is less work than a loop here (benchmarks: decode). */
const KERNEL_TEXT_FROM = 96;

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
  // One byte becomes two, two or three become two, four become four.
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
