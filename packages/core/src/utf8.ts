/**
 * UTF-8 (RFC 6455 8.1, RFC 3629): incremental validation that fails at the first impossible byte, decoding, encoding.
 *
 * The state between two pieces of a text is one integer: 0 at the boundary of a code point, else what the next byte
 * must be, as `wanted | lowest << 8 | highest << 16`. RFC 3629 4:
 *
 *     UTF8-1 = %x00-7F
 *     UTF8-2 = %xC2-DF UTF8-tail
 *     UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) / %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
 *     UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) / %xF4 %x80-8F 2( UTF8-tail )
 *     UTF8-tail = %x80-BF
 */
import type { Utf8TextDecoder, Utf8TextEncoder } from './host.ts';

/** The state of {@link validateUtf8} at the boundary of a code point, where a text begins and must end. */
export const UTF8_BOUNDARY = 0;

/** From this many bytes on the host's decoder is faster than a loop over bytes, even though its string is dropped. */
const NATIVE_FROM = 64;

/** To this many UTF-16 code units a loop is faster than the host's encoder. */
const LOOP_TO = 32;

/**
 * Checks the next piece of a text: gives the state after it, or `~index` (which is negative) where `bytes[index]` is
 * the first byte that no valid text could have in this place.
 *
 * @param state what the call for the piece before gave; {@link UTF8_BOUNDARY} at the beginning of a text
 * @see RFC 6455 8.1
 */
export function validateUtf8(
  bytes: Uint8Array,
  start: number,
  end: number,
  state: number,
  decoder?: Utf8TextDecoder,
): number {
  let at = start;
  let wanted = state;
  if (decoder !== undefined && end - start >= NATIVE_FROM) {
    // At most three bytes at either end belong to a code point that another piece completes; the host checks the rest.
    while (wanted !== UTF8_BOUNDARY) {
      wanted = next(wanted, bytes[at] as number);
      if (wanted < 0) return ~at;
      at++;
    }
    const tail = lastBoundary(bytes, end);
    if (decodes(bytes.subarray(at, tail), decoder)) at = tail;
  }
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x80 && wanted === UTF8_BOUNDARY) continue;
    wanted = next(wanted, byte);
    if (wanted < 0) return ~at;
  }
  return wanted;
}

/** The state after one more byte (at a boundary, one that is not ASCII), or -1 when no valid text has it here. */
function next(state: number, byte: number): number {
  if (state !== UTF8_BOUNDARY) {
    if (byte < ((state >> 8) & 0xff) || byte > state >> 16) return -1;
    const wanted = (state & 0xff) - 1;
    return wanted === 0 ? UTF8_BOUNDARY : tail(wanted, 0x80, 0xbf);
  }
  if (byte < 0xc2 || byte > 0xf4) return -1;
  if (byte < 0xe0) return tail(1, 0x80, 0xbf);
  if (byte < 0xf0) return tail(2, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf);
  return tail(3, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf);
}

const tail = (wanted: number, lowest: number, highest: number): number => wanted | (lowest << 8) | (highest << 16);

/** How many bytes at the end of a piece belong to the code point that the next piece must complete: 0 to 3. */
export function unfinishedBytes(bytes: Uint8Array, end: number, state: number): number {
  return state === UTF8_BOUNDARY ? 0 : end - lastBoundary(bytes, end);
}

/**
 * The index of the last lead byte among the last three bytes, or `end` when an ASCII byte or a whole code point is
 * last.
 */
function lastBoundary(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[end - back] as number;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return back < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? end - back : end;
  }
  return end;
}

function decodes(bytes: Uint8Array, decoder: Utf8TextDecoder): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/**
 * Decodes a whole text, or gives `undefined` when it is not valid UTF-8. A byte order mark is kept: it is data here.
 *
 * @param decoder a fatal decoder of the host's; without one the bytes are decoded here
 * @see RFC 6455 8.1
 */
export function decodeUtf8(bytes: Uint8Array, decoder?: Utf8TextDecoder): string | undefined {
  if (decoder !== undefined) {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  }
  if (validateUtf8(bytes, 0, bytes.length, UTF8_BOUNDARY) !== UTF8_BOUNDARY) return undefined;
  let text = '';
  const points: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at++] as number;
    const more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (const last = at + more; at < last; at++) point = (point << 6) | ((bytes[at] as number) & 0x3f);
    // An engine limits the number of arguments of a call.
    if (points.push(point) === 4096) text += String.fromCodePoint(...points.splice(0));
  }
  return text + String.fromCodePoint(...points);
}

/** The longest text that {@link decodeShortAscii} decodes. */
export const SHORT_ASCII = 16;

/** Whether `bytes[start]` to `bytes[end - 1]` are all ASCII. */
export function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  let seen = 0;
  for (let at = start; at < end; at++) seen |= bytes[at] as number;
  return seen < 0x80;
}

/**
 * Decodes up to 16 bytes of ASCII: a fifth of the time of a call of the host's decoder (benchmarks/decode). One call
 * with all characters, because concatenated pieces would have to be flattened by whoever reads the string.
 */
export function decodeShortAscii(b: Uint8Array, i: number, length: number): string {
  // biome-ignore-start lint/style/noNonNullAssertion: the hot path reads inside the bounds that the caller has checked
  // biome-ignore format: one line a length shows the pattern
  switch (length) {
    case 0: return '';
    case 1: return string(b[i]!);
    case 2: return string(b[i]!, b[i + 1]!);
    case 3: return string(b[i]!, b[i + 1]!, b[i + 2]!);
    case 4: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!);
    case 5: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!);
    case 6: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!);
    case 7: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!);
    case 8: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!);
    case 9: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!, b[i + 8]!);
    case 10: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!, b[i + 8]!, b[i + 9]!);
    case 11: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!, b[i + 8]!, b[i + 9]!, b[i + 10]!);
    case 12: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!, b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!);
    case 13: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!, b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!);
    case 14: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!, b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!);
    case 15: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!, b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!, b[i + 14]!);
    default: return string(b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!, b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!, b[i + 14]!, b[i + 15]!);
  }
  // biome-ignore-end lint/style/noNonNullAssertion: the hot path reads inside the bounds that the caller has checked
}

const string = String.fromCharCode;

/**
 * Writes `text` at `into[start]` and gives its length in bytes. A lone surrogate becomes U+FFFD, as the web platform
 * does. There must be room for three bytes a UTF-16 code unit.
 *
 * @param encoder an encoder of the host's; without one the text is encoded here
 */
export function encodeUtf8(text: string, into: Uint8Array, start: number, encoder?: Utf8TextEncoder): number {
  if (encoder !== undefined && text.length > LOOP_TO) return encoder.encodeInto(text, into.subarray(start)).written;
  let at = start;
  for (let i = 0; i < text.length; i++) {
    let point = text.charCodeAt(i);
    if (point < 0x80) {
      into[at++] = point;
      continue;
    }
    if (point < 0x800) {
      into[at++] = 0xc0 | (point >> 6);
      into[at++] = 0x80 | (point & 0x3f);
      continue;
    }
    if ((point & 0xf800) === 0xd800) {
      // codePointAt gives more than 0xffff for a pair only.
      point = text.codePointAt(i) as number;
      if (point > 0xffff) {
        i++;
        into[at++] = 0xf0 | (point >> 18);
        into[at++] = 0x80 | ((point >> 12) & 0x3f);
        into[at++] = 0x80 | ((point >> 6) & 0x3f);
        into[at++] = 0x80 | (point & 0x3f);
        continue;
      }
      point = 0xfffd;
    }
    into[at++] = 0xe0 | (point >> 12);
    into[at++] = 0x80 | ((point >> 6) & 0x3f);
    into[at++] = 0x80 | (point & 0x3f);
  }
  return at - start;
}
