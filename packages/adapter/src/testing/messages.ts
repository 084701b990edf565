/** Messages that tell which one they are, so that what arrives can be compared with what was sent. */

/** Of longer messages this many bytes count, and then every 61st: a message that was cut or joined differs in those too. */
const ALL = 512;
const STEP = 61;

/** What a message is recognised by: its type, its number, its length and its bytes. */
export function keyOf(data: string | Uint8Array): string {
  let hash = 0x811c9dc5;
  const isText = typeof data === 'string';
  for (let at = 0; at < data.length; at += at < ALL ? 1 : STEP) {
    hash = Math.imul(hash ^ (isText ? data.charCodeAt(at) : (data[at] as number)), 0x01000193) >>> 0;
  }
  const name = isText ? data.slice(0, data.indexOf('.')) : `${((data[0] ?? 0) << 8) | (data[1] ?? 0)}`;
  return `${isText ? 'text' : 'binary'} ${name} of ${data.length}, ${hash.toString(16)}`;
}

/** Returns the text with this number, `length` characters long or a little longer. */
export function textOf(number: number, length: number): string {
  return `${number}.${number % 3 === 0 ? 'é€'.repeat(length / 2) : 'x'.repeat(length)}`;
}

/** Returns the bytes with this number, two bytes or longer, alone in their memory. */
export function bytesOf(number: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(2, length)).fill(number);
  bytes[0] = number >> 8;
  bytes[1] = number;
  return bytes;
}
