/** Bytes as a caller may give them, and the few ways to read and copy them that all files share. */
import { host } from './host.ts';
import { encodeUtf8 } from './text/utf8.ts';

/** Any view of memory, or the memory itself; always its exact bytes. */
export type BytesLike = ArrayBufferView | ArrayBufferLike;

/** Bytes that were received and not yet parsed are gone: the application has transferred or resized their memory. */
export class TransferredError extends TypeError {
  constructor() {
    super('bytes that were received were transferred, or their memory resized, before all of them had been parsed');
  }
}

/** Whether this is a Uint8Array: a Node.js Buffer, for instance, or one of another realm. */
export function isUint8Array(data: unknown): data is Uint8Array {
  return data instanceof Uint8Array || Object.prototype.toString.call(data) === '[object Uint8Array]';
}

/**
 * Gives a view of exactly the bytes of `data`; a string is encoded as UTF-8.
 *
 * @throws {TypeError} when `data` is neither: a number, for instance, is not a length here
 */
export function toBytes(data: string | BytesLike): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (typeof data === 'string') {
    const room = new Uint8Array(3 * data.length);
    return room.subarray(0, encodeUtf8(data, room, 0, host.writeUtf8));
  }
  const tag = Object.prototype.toString.call(data);
  if (tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]') return new Uint8Array(data);
  throw new TypeError(`data is a string, an ArrayBuffer or a view of one, not ${data === null ? 'null' : typeof data}`);
}

/** Gives four bytes as a 32-bit integer, the first in the most significant place. */
export function wordAt(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/** Copies `from[start]` to `from[end - 1]` to `into[at]`. */
export function copyBytes(from: Uint8Array, start: number, end: number, into: Uint8Array, at: number): void {
  const length = end - start;
  if (length > LOOP_TO) into.set(length === from.length ? from : viewOf(from, start, end), at);
  else for (let i = 0; i < length; i++) into[at + i] = from[start + i] as number;
}

/** Returns a plain view of `bytes[start]` to `bytes[end - 1]`: `subarray` of a subclass, Node's Buffer among them, makes another of its kind. */
export function viewOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** Returns a view for words of all of `bytes`. */
export function wordsOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Writes a text at `into[at]`, each character as one byte. */
export function writeLatin1(text: string, into: Uint8Array, at: number): void {
  if (host.measured !== undefined) host.measured.writeAscii(text, into, at);
  else for (let i = 0; i < text.length; i++) into[at + i] = text.charCodeAt(i);
}

/** To this many bytes a loop is faster than making a view and calling `set` (benchmarks: decode, 1-byte cuts). */
const LOOP_TO = 16;
