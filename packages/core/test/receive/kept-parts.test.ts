// Parts that are kept as views of their chunks, when the application changes the memory of those chunks meanwhile.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TransferredError } from '../../src/bytes.ts';
import { MessageBuffer } from '../../src/receive/message-buffer.ts';
import { equalBytes } from '../support.ts';

const test = suite('kept parts');

type Resizable = ArrayBuffer & { resize?(length: number): void };

/** Returns bytes in memory that can be resized up to twice their length; the bytes follow the length of the memory. */
function bytesOf(length: number, fill: number): Uint8Array<Resizable> {
  const Memory = ArrayBuffer as new (length: number, options: object) => Resizable;
  return new Uint8Array(new Memory(length, { maxByteLength: 2 * length })).fill(fill);
}

for (const [what, count] of [
  ['a single kept part, moved over its header', 1],
  ['several kept parts, joined', 3],
] as const) {
  for (const [change, length] of [
    ['grows', 4001],
    ['shrinks', 3999],
  ] as const) {
    test(`${what}: memory that ${change}`, () => {
      const buffer = new MessageBuffer();
      const chunks = Array.from({ length: count }, (_, n) => bytesOf(4000, n + 1));
      for (const chunk of chunks) buffer.append(chunk, 14, 4000, Infinity, 14);
      if (chunks[0]?.buffer.resize === undefined) return;
      chunks[0].buffer.resize(length);
      const finish = (): Uint8Array => buffer.finish(Uint8Array.of(9));
      if (change === 'shrinks') {
        assert.throws(finish, (error: unknown) => error instanceof TransferredError);
        return;
      }
      const expected = new Uint8Array(count * 3986 + 1).fill(9);
      for (let n = 0; n < count; n++) expected.fill(n + 1, n * 3986, (n + 1) * 3986);
      equalBytes(finish(), expected);
    });
  }
}

test('a kept view of a whole chunk counts with the length it had on arrival, even if it has grown with its memory', () => {
  const buffer = new MessageBuffer();
  const [first, second] = [bytesOf(2000, 1), bytesOf(2000, 2)];
  buffer.append(first);
  buffer.append(second);
  if (first.buffer.resize === undefined || second.buffer.resize === undefined) return;
  first.buffer.resize(4000);
  second.buffer.resize(2001);
  equalBytes(buffer.take(), new Uint8Array(4000).fill(1, 0, 2000).fill(2, 2000));
});

test('a kept view of a whole chunk that shrinks by one byte is noticed', () => {
  const buffer = new MessageBuffer();
  const [first, second] = [bytesOf(2000, 1), bytesOf(2000, 2)];
  buffer.append(first);
  buffer.append(second);
  if (second.buffer.resize === undefined) return;
  second.buffer.resize(1999);
  assert.throws(
    () => buffer.take(),
    (error: unknown) => error instanceof TransferredError,
  );
});

test.run();
