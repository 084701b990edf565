/**
 * UTF-8 (RFC 6455 8.1, RFC 3629): incremental validation that fails at the first impossible byte, and decoding.
 *
 * The state between two parts of a text is one integer. It is 0 at the boundary of a code point. Otherwise it is
 * `wanted | lowest << 8 | highest << 16`: the number of bytes to come, and the range of the next one. RFC 3629 4:
 *
 *     UTF8-1 = %x00-7F
 *     UTF8-2 = %xC2-DF UTF8-tail
 *     UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) / %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
 *     UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) / %xF4 %x80-8F 2( UTF8-tail )
 *     UTF8-tail = %x80-BF
 */
import type { Utf8TextDecoder } from '../host.ts';
import { lastBoundary, validate } from '../simd.ts';

/** The state of {@link validateUtf8} at the boundary of a code point, where a text begins and must end. */
export const UTF8_BOUNDARY = 0;

/**
 * Validates the next part of a text. Returns the state after it, or the negative number `~index` if `bytes[index]` is the first byte that
 * is impossible in its place.
 *
 * @param state the state after the part before; {@link UTF8_BOUNDARY} at the beginning of a text
 * @param decoder a fatal decoder, which may be used to validate many bytes at once
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
  // First comes the code point that the part before left incomplete, then as many bytes as `validate` accepts at once.
  for (; at < end && wanted !== UTF8_BOUNDARY; at++) {
    wanted = nextUtf8(wanted, bytes[at] as number);
    if (wanted < 0) return ~at;
  }
  for (at = validate(bytes, at, end, decoder); at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x80 && wanted === UTF8_BOUNDARY) continue;
    wanted = nextUtf8(wanted, byte);
    if (wanted < 0) return ~at;
  }
  return wanted;
}

/** Returns the state after one more byte, or -1 if the byte is impossible here. At a boundary it must not be called for ASCII. */
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

/**
 * Checks bytes of the application's that are to be sent as text, or the next part of them, and returns the state after it.
 *
 * @param state the state after the part before; {@link UTF8_BOUNDARY} at the beginning of a text
 * @param final whether the text ends with this part
 * @throws {TypeError} when they are not valid UTF-8
 */
export function checkText(bytes: Uint8Array, state: number, final: boolean): number {
  const after = validateUtf8(bytes, 0, bytes.length, state);
  // 5.6: "Note that a particular text frame might include a partial UTF-8 sequence; however, the whole message MUST contain
  // valid UTF-8."
  if (after >= 0 && !(final && after !== UTF8_BOUNDARY)) return after;
  const where = after < 0 ? `at index ${~after}` : 'at their end, inside of a character';
  throw new TypeError(`bytes that are sent as text are valid UTF-8; these are not, ${where}: send them as binary`);
}

/** Returns the number of bytes at the end of a part that belong to the code point that the next part must complete: 0 to 3. */
export function unfinishedBytes(bytes: Uint8Array, end: number, state: number): number {
  return state === UTF8_BOUNDARY ? 0 : end - lastBoundary(bytes, end);
}

/**
 * Decodes a whole text. Returns `undefined` when it is not valid UTF-8. A byte order mark is kept, because it is part of the text.
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
