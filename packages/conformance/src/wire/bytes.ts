/** Bytes written down as data: hexadecimal digits, and what repeats only once. */
import type { Bytes, Part } from '../case.ts';

/** Returns bytes as hexadecimal digits. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Returns the bytes that hexadecimal digits stand for. */
export function unhex(digits: string): Uint8Array {
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

/** Returns the number of bytes. */
export function lengthOf(bytes: Bytes): number {
  return bytes.reduce((sum, part) => sum + partLength(part), 0);
}

function partLength(part: Part): number {
  return typeof part === 'string' ? part.length / 2 : (part.repeat.length / 2) * part.times;
}

/** Returns the bytes themselves. */
export function materialise(bytes: Bytes): Uint8Array {
  const all = new Uint8Array(lengthOf(bytes));
  let end = 0;
  for (const part of bytes) {
    const start = end;
    const block = unhex(typeof part === 'string' ? part : part.repeat);
    end += partLength(part);
    all.set(block, start);
    // What is there is copied behind itself, twice as much each time.
    for (let filled = block.length; filled < end - start && filled > 0; filled *= 2) {
      all.copyWithin(start + filled, start, start + Math.min(filled, end - start - filled));
    }
  }
  return all;
}

/** Returns the UTF-8 of a text. */
export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Returns a text or a head byte by byte. */
export const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** Returns bytes in a row. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    all.set(part, end);
    end += part.length;
  }
  return all;
}

/** Tells whether bytes are the same. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A payload that may be long: a block of bytes over and over, up to a length. */
export interface Payload {
  readonly block: Uint8Array;
  readonly length: number;
}

/** Returns a payload of ASCII that differs at every position of a block, so that what is lost or doubled shows. */
export function pattern(length: number): Payload {
  // 1,004 is a multiple of 4: the masked payload repeats as well.
  return {
    block: Uint8Array.from({ length: Math.min(length, 1004) }, (_, i) => 33 + ((i * 7 + (i >> 3)) % 89)),
    length,
  };
}

/** Returns bytes as a payload. */
export const whole = (bytes: Uint8Array): Payload => ({ block: bytes, length: bytes.length });

/** Returns a payload as data. */
export function written({ block, length }: Payload): Bytes {
  if (length <= block.length) return length === 0 ? [] : [hex(block.subarray(0, length))];
  const times = Math.floor(length / block.length);
  const rest = hex(block.subarray(0, length - times * block.length));
  return [{ repeat: hex(block), times }, ...(rest === '' ? [] : [rest])];
}
