// Bytes as a caller may give them: always the exact bytes, or a TypeError (CVE-2016-10518, CVE-2026-45736).
import { runInNewContext } from 'node:vm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isUint8Array, toBytes } from '../src/bytes-like.ts';
import { isA } from './connection/tools.ts';

const test = suite('bytes-like');

const VIEWS = [
  ...[Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView],
];

for (const View of VIEWS as (typeof Uint8Array)[]) {
  for (const Memory of [ArrayBuffer, SharedArrayBuffer]) {
    test(`a ${View.name} of a ${Memory.name} becomes exactly its own bytes`, () => {
      const memory = new Memory(32);
      new Uint8Array(memory).set(Array.from({ length: 32 }, (_, index) => index));
      const count = 16 / (View.BYTES_PER_ELEMENT ?? 1);
      const bytes = toBytes(new View(memory as ArrayBuffer, 8, count));
      assert.equal(
        [...bytes],
        Array.from({ length: 16 }, (_, index) => 8 + index),
      );
      assert.is(bytes.buffer, memory);
    });
  }
}

test('memory itself becomes all of its bytes', () => {
  for (const memory of [new ArrayBuffer(3), new SharedArrayBuffer(3), new ArrayBuffer(0)]) {
    assert.is(toBytes(memory).length, memory.byteLength);
    assert.is(toBytes(memory).buffer, memory);
  }
});

test('a Uint8Array, even a Node.js Buffer, is returned as it is', () => {
  for (const bytes of [Uint8Array.of(1, 2), Buffer.from('ab'), new Uint8Array(0)]) assert.is(toBytes(bytes), bytes);
});

test('views and memory of another realm are accepted', () => {
  for (const code of [
    'Uint8Array.of(1, 2)',
    'Uint8Array.of(1, 2).buffer',
    'new DataView(Uint8Array.of(1, 2).buffer)',
    'const s = new SharedArrayBuffer(2); new Uint8Array(s).set([1, 2]); s',
  ]) {
    assert.equal([...toBytes(runInNewContext(code))], [1, 2], code);
  }
});

test('a string becomes its bytes in UTF-8', () => {
  for (const text of ['', 'a', 'é€😀', 'x'.repeat(1000), '€'.repeat(1000)]) {
    assert.equal([...toBytes(text)], [...Buffer.from(text)]);
  }
  assert.equal([...toBytes('\ud800')], [0xef, 0xbf, 0xbd]);
});

test('data that is not bytes throws a TypeError naming its type; a number is not treated as a length', () => {
  for (const [data, what] of [
    [5, 'number'],
    [0, 'number'],
    [null, 'null'],
    [undefined, 'undefined'],
    [true, 'boolean'],
    [5n, 'bigint'],
    [{ length: 5 }, 'object'],
    [[1, 2], 'object'],
    [new Date(0), 'object'],
    [Symbol('x'), 'symbol'],
    [() => 1, 'function'],
    [{ byteLength: 5, [Symbol.toStringTag]: 'Uint8Array' }, 'object'],
  ] as [unknown, string][]) {
    assert.throws(() => toBytes(data as string), isA(TypeError));
    assert.throws(() => toBytes(data as string), new RegExp(`not ${what}$`));
  }
});

test('memory that has been transferred throws a TypeError', () => {
  const memory = new ArrayBuffer(8);
  structuredClone(memory, { transfer: [memory] });
  assert.throws(() => toBytes(memory), isA(TypeError));
});

for (const [what, data, expected] of [
  ['a Uint8Array', new Uint8Array(1), true],
  ['a Buffer', Buffer.from('a'), true],
  ['one of another realm', runInNewContext('new Uint8Array(1)'), true],
  ['a view of another kind', new Int8Array(1), false],
  ['a DataView', new DataView(new ArrayBuffer(1)), false],
  ['memory', new ArrayBuffer(1), false],
  ['an array', [1], false],
  ['a string', 'a', false],
  ['nothing', undefined, false],
] as const) {
  test(`${what} is ${expected ? 'a' : 'not a'} Uint8Array`, () => {
    assert.is(isUint8Array(data), expected);
  });
}

test.run();
