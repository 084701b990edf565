import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { host } from '../../src/host.ts';
import { MessageBuffer } from '../../src/receive/message-buffer.ts';
import { concat, equalBytes, hex, toHex } from '../support.ts';

const messageBuffer = suite('message-buffer');

const NOTHING = new Uint8Array(0);

/** The lengths of the memory that was requested from the host, in order. */
let allocated: number[] = [];

const { allocate } = host;
messageBuffer.before.each(() => {
  allocated = [];
  const poisoned = (length: number): Uint8Array => {
    allocated.push(length);
    return new Uint8Array(length).fill(0xa5);
  };
  Object.assign(host, { allocate: poisoned });
});
messageBuffer.after.each(() => {
  Object.assign(host, { allocate });
});

let last = 0;

/** Returns bytes that differ from all before, with `more` bytes around them in their memory. */
function bytesOf(length: number, more = 0): Uint8Array {
  const memory = new Uint8Array(length + more);
  const start = more >> 1;
  for (let i = start; i < start + length; i++) memory[i] = last = (last * 5 + 1) & 0xff;
  return memory.subarray(start, start + length);
}

/** Returns bytes that are copied whatever their length, because they fill less than half of their memory. */
const smallPart = (length: number): Uint8Array => bytesOf(length, length + 2);

/** Returns a buffer that holds a copy of `length` bytes. */
function filled(length: number): MessageBuffer {
  const buffer = new MessageBuffer();
  buffer.append(smallPart(length), 0, length);
  return buffer;
}

messageBuffer('is empty at first, and again after take', () => {
  const buffer = new MessageBuffer();
  assert.equal([buffer.length, toHex(buffer.peek()), toHex(buffer.take())], [0, '', '']);
  assert.is.not(buffer.take(), buffer.take());
  for (const length of [3, 30, 2000, 5000]) {
    const first = bytesOf(length);
    const expected = concat(hex('aa'), first);
    buffer.append(hex('aa'), 0, 1);
    buffer.append(first, 0, length);
    const taken = buffer.take();
    assert.is(buffer.length, 0);
    buffer.append(hex('04 05'), 0, 2);
    equalBytes(taken, expected);
    assert.is(toHex(buffer.take()), '04 05');
  }
});

messageBuffer('appends ranges of any length', () => {
  for (const length of [0, 1, 15, 16, 17, 100, 1023, 1024, 5000]) {
    for (const from of [bytesOf(length + 2), smallPart(length + 2)]) {
      const buffer = new MessageBuffer();
      buffer.append(hex('aa bb'), 0, 2);
      buffer.append(from, 1, length + 1);
      buffer.append(hex('cc'), 0, 1);
      assert.is(buffer.length, length + 3);
      const expected = concat(hex('aa bb'), from.subarray(1, -1), hex('cc'));
      equalBytes(buffer.peek(), expected, `${length} bytes`);
      equalBytes(buffer.take(), expected, `${length} bytes`);
    }
  }
});

messageBuffer('copies a part that is short, or fills less than half of its memory', () => {
  for (const from of [bytesOf(3), bytesOf(30), bytesOf(1023), bytesOf(2000, 2001), bytesOf(100_000, 100_001)]) {
    const buffer = new MessageBuffer();
    const expected = from.slice();
    buffer.append(from, 0, from.length);
    from.fill(0xff);
    equalBytes(buffer.peek(), expected);
  }
});

messageBuffer(
  'keeps a part of 1 KiB or more that fills half of its memory, and copies it only when it is taken',
  () => {
    const whole = bytesOf(1024);
    const half = bytesOf(5000, 5000);
    const range = bytesOf(2050);
    const buffer = new MessageBuffer();
    buffer.append(whole, 0, 1024);
    buffer.append(half, 0, 5000);
    buffer.append(range, 1, 2049, Infinity, 1);
    assert.equal(allocated, []);
    const expected = concat(whole, half, range.subarray(1, 2049));
    const joined = buffer.take();
    assert.equal(allocated, [expected.length]);
    for (const part of [whole, half, range]) part.fill(0xff);
    equalBytes(joined, expected);
  },
);

messageBuffer(
  'copies a part if the chunk has other bytes before its header, because the application may own them',
  () => {
    const cases: [start: number, free: number][] = [
      ...[0, 1, 2, 6, 14].map((free): [number, number] => [free, free]),
      ...[0, 2, 13].map((free): [number, number] => [14, free]),
      [1, 0],
      [5000, 14],
    ];
    for (const [start, free] of cases) {
      allocated = [];
      const from = bytesOf(10_000 + start);
      const expected = from.slice(start);
      const buffer = new MessageBuffer();
      buffer.append(from, start, 10_000 + start, Infinity, free);
      assert.equal(allocated, start === free ? [] : [10_000], `at ${start}, with ${free} free bytes`);
      equalBytes(buffer.take(), expected);
    }
  },
);

messageBuffer('peek shows all bytes held, and more can be appended after it', () => {
  const buffer = new MessageBuffer();
  const all: Uint8Array[] = [];
  for (const length of [0, 10, 1500, 1, 1500, 1500, 20, 4000]) {
    all.push(bytesOf(length));
    buffer.append(all.at(-1) ?? NOTHING, 0, length);
    equalBytes(buffer.peek(), concat(...all));
    equalBytes(buffer.peek(), concat(...all));
    assert.is(buffer.length, concat(...all).length);
  }
  equalBytes(buffer.take(), concat(...all));
});

messageBuffer('peek after every part copies each byte only a few times', () => {
  const buffer = new MessageBuffer();
  for (let n = 1; n <= 1000; n++) {
    buffer.append(new Uint8Array(1024), 0, 1024);
    assert.is(buffer.peek().length, 1024 * n);
  }
  const copied = allocated.reduce((sum, length) => sum + length, 0);
  assert.ok(copied < 8 * 1000 * 1024, `${copied} bytes`);
});

messageBuffer('finish appends the last bytes and takes all, with at most one copy of kept parts', () => {
  for (const held of [[], [5], [100, 3000], [3000], [3000, 5], [5000, 20, 5000]]) {
    for (const length of [0, 1, 17, 1500, 6000]) {
      const buffer = new MessageBuffer();
      const parts = held.map((size) => bytesOf(size));
      for (const part of parts) buffer.append(part, 0, part.length);
      const from = bytesOf(length + 2);
      const expected = concat(...parts, from.subarray(1, length + 1));
      const keeps = held.some((size) => size >= 1024);
      allocated = [];
      const finished = buffer.finish(from, 1, length + 1);
      // A single kept part with nothing after it is returned as it is.
      const isSame = held.length === 1 && keeps && length === 0;
      for (const bytes of isSame ? [from] : [...parts, from]) bytes.fill(0xff);
      equalBytes(finished, expected, `${length} after ${held}`);
      assert.is(buffer.length, 0);
      if (keeps) assert.equal(allocated, isSame ? [] : [expected.length]);
    }
  }
});

/** Returns a chunk with a header and a payload, and its memory, which has bytes of others before and after it. */
function chunkOf(header: number, payload: number): { memory: Uint8Array; chunk: Uint8Array } {
  const memory = bytesOf(50 + header + payload + 50);
  return { memory, chunk: memory.subarray(50, -50) };
}

messageBuffer(
  'finish moves a single part into the space of its header if the last bytes then fit, and touches nothing else',
  () => {
    for (let free = 0; free <= 14; free++) {
      for (let length = 0; length <= 16; length++) {
        const { memory, chunk } = chunkOf(free, 5000);
        const [before, after, payload] = [memory.slice(0, 50), memory.slice(-50), chunk.slice(free)];
        const last = bytesOf(length + 3);
        const rest = last.slice(2, -1);
        const buffer = new MessageBuffer();
        buffer.append(chunk, free, chunk.length, 5000 + length, free);
        const finished = buffer.finish(last, 2, last.length - 1);
        const what = `${length} bytes after a header of ${free}`;
        equalBytes(finished, concat(payload, rest), what);
        assert.equal(allocated, length <= free ? [] : [5000 + length], what);
        assert.is(finished.buffer === memory.buffer, length <= free, what);
        equalBytes(concat(memory.subarray(0, 50), memory.subarray(-50)), concat(before, after), what);
        assert.is(buffer.length, 0);
        allocated = [];
      }
    }
  },
);

messageBuffer('finish copies everything into one new buffer if anything is held before or after the kept part', () => {
  for (const [before, between] of [
    [0, 1],
    [5, 0],
    [2000, 0],
    [0, 2000],
  ] as const) {
    const { memory, chunk } = chunkOf(14, 5000);
    const [first, second, rest] = [bytesOf(before), bytesOf(between), bytesOf(2)];
    const expected = concat(first, chunk.subarray(14), second, rest);
    const outside = concat(memory.subarray(0, 64), memory.subarray(-50));
    const buffer = new MessageBuffer();
    if (before > 0) buffer.append(first, 0, before);
    buffer.append(chunk, 14, chunk.length, Infinity, 14);
    if (between > 0) buffer.append(second, 0, between);
    allocated = [];
    equalBytes(buffer.finish(rest, 0, 2), expected, `${before}, 5000, ${between}`);
    assert.equal(allocated, [expected.length]);
    equalBytes(concat(memory.subarray(0, 64), memory.subarray(-50)), outside);
  }
});

messageBuffer('the free bytes in front of a part of one message are not used for the next message', () => {
  const buffer = new MessageBuffer();
  buffer.append(chunkOf(14, 5000).chunk, 14, 5014, Infinity, 14);
  buffer.finish(NOTHING, 0, 0);
  const next = bytesOf(3000);
  const expected = concat(next, hex('01 02'));
  buffer.append(next, 0, 3000);
  allocated = [];
  equalBytes(buffer.finish(hex('01 02'), 0, 2), expected);
  assert.equal(allocated, [3002]);
});

messageBuffer(
  '10.4 new memory is for the whole message if at most 4 KiB are announced; else 1 KiB, or at most twice what has arrived',
  () => {
    const cases: [held: number, more: number, announced: number, capacity: number][] = [
      [0, 1, Infinity, 1024],
      [0, 1, 2 ** 40, 1024],
      [0, 1, 100, 100],
      [0, 100, 100, 100],
      [0, 1, 4096, 4096],
      [0, 1, 4097, 1024],
      [0, 1500, Infinity, 1500],
      [0, 5000, Infinity, 5000],
      [0, 5000, 2 ** 40, 5000],
      [500, 1, 4096, 1024],
      [1024, 1, 4096, 4096],
      [5000, 1, Infinity, 10_000],
      [5000, 1, 2 ** 40, 10_000],
      [5000, 1, 6000, 6000],
      [5000, 9000, 2 ** 40, 14_000],
      [5000, 1, 10, 5001],
    ];
    for (const [held, more, announced, capacity] of cases) {
      const buffer = filled(held);
      buffer.append(smallPart(more), 0, more, announced);
      assert.is(allocated.at(-1), capacity, `${held} + ${more} of ${announced}`);
      assert.is(buffer.length, held + more);
    }
  },
);

messageBuffer('10.4 a million parts of one byte or none occupy at most twice their length', () => {
  const buffer = new MessageBuffer();
  const byte = new Uint8Array(1);
  for (let count = 1; count <= 1_000_000; count++) {
    buffer.append(byte, 0, 0);
    buffer.append(byte, 0, 1);
    const capacity = allocated.at(-1) as number;
    assert.ok(capacity <= Math.max(4096, 2 * count), `${capacity} bytes for ${count}`);
  }
  assert.is(buffer.length, 1_000_000);
  assert.ok(allocated.length < 20, `${allocated.length} times more room`);
});

messageBuffer('10.4 a hundred thousand tiny parts after a kept one allocate only a few times', () => {
  const buffer = new MessageBuffer();
  buffer.append(bytesOf(2000), 0, 2000);
  const one = bytesOf(1);
  for (let count = 0; count < 100_000; count++) buffer.append(one, 0, 1);
  assert.ok(allocated.length <= 18, `${allocated.length} times more room`);
});

messageBuffer.run();
