/** Bytes as hexadecimal digits, and in parts: helpers that need no core, no test framework and no host. */

/** Returns the bytes that hexadecimal digits stand for; spaces and line breaks do not matter. */
export function hex(digits: string): Uint8Array<ArrayBuffer> {
  const compact = digits.replace(/\s+/g, '');
  if (!/^([0-9a-f]{2})*$/.test(compact)) throw new SyntaxError(`not bytes in hexadecimal: ${digits.slice(0, 80)}`);
  return new Uint8Array(compact.length / 2).map((_, i) => Number.parseInt(compact.slice(2 * i, 2 * i + 2), 16));
}

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Returns bytes as hexadecimal digits, `'81 05 48'`, which assertions show better than arrays. */
export function toHex(bytes: Uint8Array): string {
  let digits = '';
  for (const byte of bytes) digits += ` ${DIGITS[byte]}`;
  return digits.slice(1);
}

/** Returns the bytes of a text in Latin-1 or ASCII: one for each character. */
export function ascii(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Returns a text with one character for each byte. */
export function latin1(bytes: Iterable<number>): string {
  return String.fromCharCode(...bytes);
}

/** Returns the bytes of a text in UTF-8, where the host has an encoder. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Returns `count` times the same digits. */
export function times(count: number, digits: string): string {
  return Array(count).fill(digits).join(' ');
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return join(parts);
}

/** {@link concat} of more parts than a call can have arguments. */
export function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Returns copies of the parts between the cuts. A receiver unmasks in place, so it must not be given the bytes themselves. */
export function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const bounds = [0, ...cuts, bytes.length].sort((a, b) => a - b);
  return bounds.slice(1).map((end, i) => Uint8Array.from(bytes.subarray(bounds[i], end)));
}

/** Returns each byte by itself. */
export function splitBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** An event as a short value: `['text', 'Hello']`, `['ping', '01 02']`, `['close', 1000, '']`, `['fail', rule, offset]`. */
export type Summary = readonly [type: string, ...facts: (string | number | boolean)[]];

const { TextDecoder } = globalThis as Partial<typeof globalThis>;
const DECODER = TextDecoder && new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 as the host decodes it: throws when it is not valid. Where a host has no decoder, ECMAScript has one for URIs. */
export function decodeStrictly(bytes: Uint8Array): string {
  return DECODER?.decode(bytes) ?? decodeURIComponent(Array.from(bytes, (byte) => `%${DIGITS[byte]}`).join(''));
}
