/**
 * Decodes the bytes of text messages to strings (RFC 6455 8.1). This is the only place that chooses how, by the length of a text, its
 * characters, and the capabilities of the host.
 */
import { decodeBy, host, type Utf8TextDecoder } from '../host.ts';
import { decode, mask } from '../simd.ts';
import { decodeUtf8, UTF8_BOUNDARY, validateUtf8 } from './utf8.ts';

/** The memory that holds a payload. It keeps views that are worth using again. */
export interface PayloadMemory {
  readonly bytes: Uint8Array;
  /** Returns a plain view of `bytes[start]` to `bytes[end - 1]`. */
  view(start: number, end: number): Uint8Array;
  /** Returns a `DataView` of `bytes`, if that pays for a payload of `length` bytes. */
  words(length: number): DataView | undefined;
}

/**
 * Decodes a text that lies in one piece in memory. Returns `undefined` when it is not valid UTF-8, and has unmasked it in place then.
 *
 * @param key the masking key, or 0
 * @param decoder the fatal decoder of the options; without one core decodes by itself
 */
export function decodePayload(
  memory: PayloadMemory,
  start: number,
  end: number,
  key: number,
  decoder: Utf8TextDecoder | undefined,
): string | undefined {
  const length = end - start;
  if (length <= SHORT_ASCII) {
    const text = decodeShortAscii(memory.bytes, start, length, key, memory.words(length));
    if (text !== undefined) return text;
  }
  const bytes = memory.view(start, end);
  const text = decoder === host.textDecoder ? decode(bytes, key) : undefined;
  if (text !== undefined) return text;
  const isAscii = key !== 0 && mask(memory.bytes, start, end, key, memory.words(length)) === 0;
  return decodeText(bytes, isAscii ? 'ascii' : 'nothing', decoder);
}

/**
 * Decodes a text whose bytes were validated when they arrived.
 *
 * @param isAscii whether all of them are known to be ASCII
 * @param decoder the fatal decoder of the options; without one core decodes by itself
 */
export function decodeValid(bytes: Uint8Array, isAscii: boolean, decoder: Utf8TextDecoder | undefined): string {
  const { length } = bytes;
  const text = length <= SHORT_ASCII ? decodeShortAscii(bytes, 0, length, 0, undefined) : undefined;
  // The application's decoder may refuse even valid bytes, so core decodes them then.
  return text ?? decodeText(bytes, isAscii ? 'ascii' : 'utf8', decoder) ?? (decodeUtf8(bytes) as string);
}

/** What is known about a text before it is decoded. */
export type Known = 'ascii' | 'utf8' | 'nothing';

/**
 * Decodes the whole of `bytes`, or returns `undefined` when they are not valid UTF-8. A byte order mark is kept: it is data here.
 *
 * @param decoder a fatal decoder; without one core decodes by itself
 */
export function decodeText(bytes: Uint8Array, known: Known, decoder: Utf8TextDecoder | undefined): string | undefined {
  if (decoder === undefined) return decodeUtf8(bytes);
  const { slices } = host;
  if (slices === undefined || decoder !== host.textDecoder) return decodeBy(decoder, bytes);
  const { length } = bytes;
  if (known === 'ascii') return slices.ascii(bytes, 0, length);
  let text = decode(bytes, 0);
  if (text !== undefined) return text;
  // There is no kernel, or it found the bytes invalid.
  text = slices.utf8(bytes, 0, length);
  // U+FFFD may stand for invalid bytes, or for itself.
  if (known === 'utf8' || !text.includes('\ufffd')) return text;
  return validateUtf8(bytes, 0, length, UTF8_BOUNDARY) === UTF8_BOUNDARY ? text : undefined;
}

/** Returns whether the bytes are ASCII. Returns false too if a check would cost as much as validating them. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  // The key 0 changes nothing.
  return mask(bytes, start, end, 0) === 0;
}

/** The longest text that {@link decodeShortAscii} decodes, in bytes. */
export const SHORT_ASCII = 16;

/**
 * Unmasks and decodes up to 16 bytes of ASCII. Returns `undefined` when they are not ASCII. This takes a fifth of the time of the host's
 * decoder (benchmarks: decode). All characters go into one call, because a string that is concatenated from parts must be flattened when
 * it is read.
 *
 * @param key the masking key, or 0
 * @param words a `DataView` of `bytes`, if the caller has one
 */
export function decodeShortAscii(
  bytes: Uint8Array,
  start: number,
  length: number,
  key: number,
  words: DataView | undefined,
): string | undefined {
  let view = words;
  let at = start;
  if (view === undefined || start + SHORT_ASCII > bytes.length) {
    for (let i = 0; i < length; i++) BLOCK[i] = bytes[start + i] as number;
    view = BLOCK_WORDS;
    at = 0;
  }
  const w = view.getInt32(at) ^ key;
  const x = view.getInt32(at + 4) ^ key;
  const y = view.getInt32(at + 8) ^ key;
  const z = view.getInt32(at + 12) ^ key;
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

/** A short text is copied here to be read as words. Reused for every text of every connection. */
const BLOCK = new Uint8Array(SHORT_ASCII);
const BLOCK_WORDS = new DataView(BLOCK.buffer);
const HIGH = 0x80808080;
const string = String.fromCharCode;
