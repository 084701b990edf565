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
import type { Utf8TextDecoder, Write } from '../host.ts';
import { KERNEL_SIZE, type Kernel, kernel } from '../kernel.ts';

/** The state of {@link validateUtf8} at the boundary of a code point, where a text begins and must end. */
export const UTF8_BOUNDARY = 0;

/** From this many bytes on the kernel, or a decoder whose string is dropped, is faster than a loop over bytes. */
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
  if (end - start >= NATIVE_FROM) {
    // At most three bytes at either end belong to a code point that another piece completes.
    while (wanted !== UTF8_BOUNDARY) {
      wanted = nextUtf8(wanted, bytes[at] as number);
      if (wanted < 0) return ~at;
      at++;
    }
    const tail = lastBoundary(bytes, end);
    if (isUtf8(bytes, at, tail, decoder)) at = tail;
  }
  for (; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x80 && wanted === UTF8_BOUNDARY) continue;
    wanted = nextUtf8(wanted, byte);
    if (wanted < 0) return ~at;
  }
  return wanted;
}

/** The state after one more byte (at a boundary, one that is not ASCII), or -1 when no valid text has it here. */
export function nextUtf8(state: number, byte: number): number {
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
export function lastBoundary(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[end - back] as number;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return back < (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) ? end - back : end;
  }
  return end;
}

/** Whether the bytes are whole code points; `false` also where nobody here can tell fast. */
function isUtf8(bytes: Uint8Array, start: number, end: number, decoder: Utf8TextDecoder | undefined): boolean {
  const simd = kernel();
  if (simd === undefined) return decoder !== undefined && decodeBy(decoder, bytes.subarray(start, end)) !== undefined;
  return inBlocks(bytes, start, end, simd, (size) => simd.look(size) > 0);
}

/** Copies whole code points to the kernel, one block after the other, until `visit` says that it has seen enough. */
export function inBlocks(
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

/** Decodes with a fatal decoder of the host's; `undefined` when that refuses. */
export function decodeBy(decoder: Utf8TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * Decodes a whole text, or gives `undefined` when it is not valid UTF-8. A byte order mark is kept: it is data here.
 *
 * @see RFC 6455 8.1
 */
export function decodeUtf8(bytes: Uint8Array, start = 0, end: number = bytes.length): string | undefined {
  if (validateUtf8(bytes, start, end, UTF8_BOUNDARY) !== UTF8_BOUNDARY) return undefined;
  let text = '';
  const points: number[] = [];
  for (let at = start; at < end; ) {
    const lead = bytes[at++] as number;
    const more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    let point = more === 0 ? lead : lead & (0x3f >> more);
    for (const last = at + more; at < last; at++) point = (point << 6) | ((bytes[at] as number) & 0x3f);
    // An engine limits the number of arguments of a call.
    if (points.push(point) === 4096) text += String.fromCodePoint(...points.splice(0));
  }
  return text + String.fromCodePoint(...points);
}

/**
 * Writes `text` at `into[start]` and gives its length in bytes. A lone surrogate becomes U+FFFD, as the web platform
 * does. There must be room for three bytes a UTF-16 code unit.
 *
 * @param write the host's way; without one the text is encoded here
 */
export function encodeUtf8(text: string, into: Uint8Array, start: number, write?: Write): number {
  if (write !== undefined && text.length > LOOP_TO) return write(text, into, start);
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
      // Not codePointAt: once V8 13 or 14 has optimised a call, it reads beyond the end of a string that was cut from a
      // longer one. Beyond the end charCodeAt gives NaN, which is no half of a pair.
      const low = text.charCodeAt(i + 1);
      if (point < 0xdc00 && (low & 0xfc00) === 0xdc00) {
        point = 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff);
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

/** Returns the number of bytes that {@link encodeUtf8} writes for `text`. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    length += unit < 0x800 ? 1 : 2;
    // Of a surrogate pair the two units are four bytes together.
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return length;
}
