// Compressing and decompressing with an engine, in the tests of every engine.
import type { Deflater, Inflater } from '@sockless/core/deflate';
import * as assert from 'uvu/assert';

/** Compresses a message; the copy is without the tail. */
export function compress(deflater: Deflater, data: Uint8Array): Uint8Array {
  const output = deflater.deflate(data).slice();
  if (output.length === 0) return Uint8Array.of(0);
  assert.equal([...output.subarray(-4)], [0, 0, 0xff, 0xff]);
  return output.subarray(0, -4);
}

/** Reads all that was written; the pieces are copied. */
export function readAll(inflater: Inflater): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  while (true) {
    const piece = inflater.read();
    if (piece.length > 0) pieces.push(piece.slice());
    if (inflater.drained) return pieces;
    assert.ok(piece.length > 0, 'there is more, but nothing was read');
  }
}

/** Decompresses, written in pieces of `step` bytes. */
export function decompress(inflater: Inflater, data: Uint8Array, step = data.length): Buffer {
  const pieces: Uint8Array[] = [];
  let at = 0;
  do {
    inflater.write(data.subarray(at, at + step));
    pieces.push(...readAll(inflater));
    at += step;
  } while (at < data.length);
  return Buffer.concat(pieces);
}

/** Asserts that bytes are those expected. */
export function same(actual: Uint8Array, expected: Uint8Array, what = ''): void {
  assert.ok(
    Buffer.compare(actual, expected) === 0,
    `${what}: ${actual.length} bytes, not the ${expected.length} expected`,
  );
}
