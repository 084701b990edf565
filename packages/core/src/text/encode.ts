/** Encodes strings, as UTF-8 (RFC 6455 8.1) or as Latin-1. */
import { host, type Write } from '../host.ts';

/** Up to this many UTF-16 code units a loop is faster than the host's encoder. */
const LOOP_TO = 32;

/**
 * Writes `text` as UTF-8 at `into[start]` and returns its length in bytes. A lone surrogate becomes U+FFFD, as on the web platform.
 * There must be room for `utf8Length(text)` bytes, or for three for each UTF-16 code unit.
 *
 * @param write the host's encoder; without one the text is encoded here
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
      // codePointAt would not do: once V8 13 or 14 has optimised a call of it, it reads beyond the end of a string that was
      // cut from a longer one. charCodeAt returns NaN there, which is not half of a pair.
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
  if (host.utf8Length !== undefined) return host.utf8Length(text);
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    length += unit < 0x800 ? 1 : 2;
    // A surrogate pair is four bytes: two units, and 2 added above.
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return length;
}

/** Writes `text` at `into[at]` as ASCII or Latin-1, one byte for each character. */
export function writeLatin1(text: string, into: Uint8Array, at: number): void {
  if (host.writeLatin1 !== undefined) host.writeLatin1(text, into, at);
  else for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i);
}
