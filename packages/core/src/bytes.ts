/** Reading, viewing and copying bytes, in the few ways that are fast. */

/** To this many bytes a loop is faster than making a view and calling `set` (benchmarks: decode, 1-byte cuts). */
const LOOP_TO = 16;

/** Thrown where received bytes are gone before they were parsed: the application has transferred or resized their memory. */
export class TransferredError extends TypeError {
  constructor() {
    super('bytes that were received were transferred, or their memory resized, before all of them had been parsed');
  }
}

/** Returns four bytes as a 32-bit integer, the first in the most significant place. */
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
