/** Converts the bytes that a caller gives, in any form, to a Uint8Array. */
import { host } from './host.ts';
import { encodeUtf8 } from './text/encode.ts';

/** Any view of memory, or the memory itself. It stands for exactly its bytes. */
export type BytesLike = ArrayBufferView | ArrayBufferLike;

/** Returns whether this is a Uint8Array. A Node.js Buffer is one, and so is a Uint8Array of another realm. */
export function isUint8Array(data: unknown): data is Uint8Array {
  return data instanceof Uint8Array || Object.prototype.toString.call(data) === '[object Uint8Array]';
}

/**
 * Returns a view of exactly the bytes of `data`; a string is encoded as UTF-8.
 *
 * @throws {TypeError} when `data` is neither; a number is not taken for a length
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
  throw new TypeError(`data: a string, an ArrayBuffer or a view of one, not ${data === null ? 'null' : typeof data}`);
}
