import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MessageBuffer } from '../src/message-buffer.ts';
import { hex, toHex } from './support.ts';

const messageBuffer = suite('message-buffer');

const NOTHING = new Uint8Array(0);

/** A buffer that holds `length` bytes. */
function filled(length: number): MessageBuffer {
  const buffer = new MessageBuffer();
  buffer.append(new Uint8Array(length), 0, length);
  return buffer;
}

/** How many bytes it occupies. */
const capacityOf = (buffer: MessageBuffer): number => buffer.peek().buffer.byteLength;

messageBuffer('is empty and occupies nothing at first', () => {
  const buffer = new MessageBuffer();
  assert.equal([buffer.length, capacityOf(buffer), toHex(buffer.peek()), toHex(buffer.take())], [0, 0, '', '']);
});

messageBuffer('appends ranges of any length, short and long', () => {
  for (const length of [0, 1, 15, 16, 17, 100, 5000]) {
    const from = Uint8Array.from({ length: length + 2 }, (_, i) => i & 0xff);
    const buffer = new MessageBuffer();
    buffer.append(hex('aa bb'), 0, 2);
    buffer.append(from, 1, length + 1);
    buffer.append(hex('cc'), 0, 1);
    assert.is(buffer.length, length + 3);
    assert.is(
      toHex(buffer.peek()),
      ['aa bb', ...Array.from(from.subarray(1, -1), (b) => toHex(Uint8Array.of(b))), 'cc'].join(' '),
    );
  }
});

messageBuffer('holds copies', () => {
  for (const length of [3, 30]) {
    const from = new Uint8Array(length).fill(1);
    const buffer = new MessageBuffer();
    buffer.append(from, 0, length);
    from.fill(2);
    assert.ok(buffer.peek().every((byte) => byte === 1));
  }
});

messageBuffer('gives what it holds away for good, and is small again', () => {
  const buffer = new MessageBuffer();
  buffer.append(hex('01 02 03'), 0, 3);
  const taken = buffer.take();
  assert.equal([buffer.length, capacityOf(buffer)], [0, 0]);
  buffer.append(hex('04 05'), 0, 2);
  assert.equal([toHex(taken), toHex(buffer.take())], ['01 02 03', '04 05']);
});

messageBuffer('10.4 grows towards the announced length: max(need, min(announced, max(2 × current, 4 KiB)))', () => {
  const cases: [held: number, more: number, announced: number, capacity: number][] = [
    [0, 1, Infinity, 4096],
    [0, 1, 2 ** 40, 4096],
    [0, 1, 100, 100],
    [0, 100, 100, 100],
    [0, 5000, Infinity, 5000],
    [0, 5000, 2 ** 40, 5000],
    [5000, 1, Infinity, 10_000],
    [5000, 1, 2 ** 40, 10_000],
    [5000, 1, 6000, 6000],
    [5000, 9000, 2 ** 40, 14_000],
    [5000, 1, 10, 5001],
  ];
  for (const [held, more, announced, capacity] of cases) {
    const buffer = filled(held);
    buffer.append(new Uint8Array(more), 0, more, announced);
    assert.is(capacityOf(buffer), capacity, `${held} + ${more} of ${announced}`);
    assert.is(buffer.length, held + more);
  }
});

messageBuffer('does not grow as long as there is room', () => {
  const buffer = filled(5000);
  buffer.append(new Uint8Array(1), 0, 1);
  const capacity = capacityOf(buffer);
  buffer.append(new Uint8Array(4999), 0, 4999);
  assert.equal([capacityOf(buffer), buffer.length], [capacity, 10_000]);
});

messageBuffer('10.4 occupies at most max(4 KiB, 2 × what it holds), whatever the number of pieces', () => {
  const buffer = new MessageBuffer();
  const byte = new Uint8Array(1);
  let largest = 0;
  for (let count = 1; count <= 1_000_000; count++) {
    buffer.append(byte, 0, 0);
    buffer.append(byte, 0, 1);
    if (capacityOf(buffer) > Math.max(4096, 2 * count)) largest = Math.max(largest, capacityOf(buffer) / count);
  }
  assert.equal([buffer.length, largest], [1_000_000, 0]);
});

messageBuffer('10.4 a million empty pieces occupy nothing', () => {
  const buffer = new MessageBuffer();
  for (let count = 0; count < 1_000_000; count++) buffer.append(NOTHING, 0, 0);
  assert.is(capacityOf(buffer), 0);
});

messageBuffer.run();
