/** Messages that contain their own number, so that messages that arrive can be compared with those sent. */

/** The hash of a message covers this many bytes, and then every 61st, which is enough to notice cut or joined messages. */
const ALL = 512;
const STEP = 61;

/** Returns the key of a message: its type, number, length and a hash of its bytes. */
export function keyOf(data: string | Uint8Array): string {
  let hash = 0x811c9dc5;
  const isText = typeof data === 'string';
  for (let at = 0; at < data.length; at += at < ALL ? 1 : STEP) {
    hash = Math.imul(hash ^ (isText ? data.charCodeAt(at) : (data[at] as number)), 0x01000193) >>> 0;
  }
  const name = isText ? data.slice(0, data.indexOf('.')) : `${((data[0] as number) << 8) | (data[1] as number)}`;
  return `${isText ? 'text' : 'binary'} ${name} of ${data.length}, ${hash.toString(16)}`;
}

/** Returns the text with this number, about `length` characters long. */
export function textOf(number: number, length: number): string {
  return `${number}.${number % 3 === 0 ? 'é€'.repeat(length / 2) : 'x'.repeat(length)}`;
}

/** Returns the binary message with this number, at least two bytes long, in a buffer of its own. */
export function bytesOf(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(2, length)).fill(number);
  bytes[0] = number >> 8;
  bytes[1] = number;
  return bytes;
}
