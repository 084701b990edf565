import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { host } from '../../src/host.ts';
import { MessageBuffer } from '../../src/receive/message-buffer.ts';
import { occupied } from '../occupied.ts';
import { concat, equalBytes, hex, toHex } from '../support.ts';

const messageBuffer = suite('message-buffer');

const NOTHING = new Uint8Array(0);

/** How much it asked the host for, piece by piece. */
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

/** Bytes unlike those before, with so many more in their memory. */
function bytesOf(length: number, more = 0): Uint8Array {
  const memory = new Uint8Array(length + more);
  const start = more >> 1;
  for (let i = start; i < start + length; i++) memory[i] = last = (last * 5 + 1) & 0xff;
  return memory.subarray(start, start + length);
}

/** Bytes that are too small a part of their memory to be kept in it. */
const smallPart = (length: number): Uint8Array => bytesOf(length, length + 2);

/** A buffer that holds a copy of `length` bytes. */
function filled(length: number): MessageBuffer {
  const buffer = new MessageBuffer();
  buffer.append(smallPart(length), 0, length);
  return buffer;
}

messageBuffer('is empty and occupies nothing at first', () => {
  const buffer = new MessageBuffer();
  assert.equal([buffer.length, toHex(buffer.peek()), toHex(buffer.take())], [0, '', '']);
  assert.equal([occupied(buffer), allocated], [0, [0]]);
});

messageBuffer('appends ranges of any length, short and long', () => {
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

messageBuffer('holds copies of what is short, or a small part of its memory', () => {
  for (const from of [bytesOf(3), bytesOf(30), bytesOf(1023), bytesOf(2000, 2001), bytesOf(100_000, 100_001)]) {
    const buffer = new MessageBuffer();
    const expected = from.slice();
    buffer.append(from, 0, from.length);
    from.fill(0xff);
    equalBytes(buffer.peek(), expected);
  }
});

messageBuffer('keeps 1 KiB or more where it is, if that is half of its memory', () => {
  const whole = bytesOf(1024);
  const half = bytesOf(5000, 5000);
  const range = bytesOf(2050);
  const buffer = new MessageBuffer();
  buffer.append(whole, 0, 1024);
  buffer.append(half, 0, 5000);
  buffer.append(range, 1, 2049, Infinity, 1);
  assert.equal([allocated, occupied(buffer)], [[], 1024 + 10_000 + 2050]);
  const expected = concat(whole, half, range.subarray(1, 2049));
  const joined = buffer.take();
  equalBytes(joined, expected);
  assert.equal(allocated, [expected.length]);
  // What is handed out is no longer theirs.
  for (const piece of [whole, half, range]) piece.fill(0xff);
  equalBytes(joined, expected);
});

messageBuffer('copies what lies behind more than a header: that memory may belong to others, too', () => {
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
    assert.equal(allocated, start === free ? [] : [10_000], `at ${start}, ${free} of them nobody's`);
    equalBytes(buffer.take(), expected);
  }
});

messageBuffer('keeps a Buffer as well, but not a pool', () => {
  const eighth = Buffer.poolSize / 8;
  for (const length of [3 * eighth, 5 * eighth, 20 * eighth]) {
    const from = Buffer.allocUnsafe(length).fill(1);
    const buffer = new MessageBuffer();
    buffer.append(from, 0, length);
    // Less than half of the pool lies in it.
    assert.is(occupied(buffer), length === 3 * eighth ? length : from.buffer.byteLength);
    equalBytes(buffer.take(), new Uint8Array(length).fill(1));
  }
});

messageBuffer('copies where there is room, and where little is announced', () => {
  const roomy = filled(3000);
  roomy.append(bytesOf(1), 0, 1);
  allocated = [];
  roomy.append(bytesOf(2999), 0, 2999);
  assert.equal([allocated, occupied(roomy)], [[], 6000]);

  const small = new MessageBuffer();
  small.append(bytesOf(2000), 0, 2000, 4096);
  small.append(bytesOf(2096), 0, 2096, 4096);
  assert.equal([allocated, occupied(small)], [[4096], 4096]);
});

messageBuffer('gives what it holds away for good, and is small again', () => {
  for (const length of [3, 30, 2000, 5000]) {
    const buffer = new MessageBuffer();
    const first = bytesOf(length);
    const expected = first.slice();
    buffer.append(hex('aa'), 0, 1);
    buffer.append(first, 0, length);
    const taken = buffer.take();
    assert.equal([buffer.length, occupied(buffer)], [0, 0]);
    buffer.append(hex('04 05'), 0, 2);
    equalBytes(taken, concat(hex('aa'), expected));
    assert.is(toHex(buffer.take()), '04 05');
  }
});

messageBuffer('shows what it holds, and goes on behind it', () => {
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

messageBuffer('finish takes the last bytes and gives all, with at most one copy of what was kept where it is', () => {
  for (const held of [[], [5], [100, 3000], [3000], [3000, 5], [5000, 20, 5000]]) {
    for (const length of [0, 1, 17, 1500, 6000]) {
      const buffer = new MessageBuffer();
      const pieces = held.map((size) => bytesOf(size));
      for (const piece of pieces) buffer.append(piece, 0, piece.length);
      const from = bytesOf(length + 2);
      const expected = concat(...pieces, from.subarray(1, length + 1));
      if (held.some((size) => size >= 1024)) allocated = [];
      const finished = buffer.finish(from, 1, length + 1);
      // One piece with nothing behind it is all there is.
      const same = held.length === 1 && (held[0] ?? 0) >= 1024 && length === 0;
      for (const bytes of same ? [from] : [...pieces, from]) bytes.fill(0xff);
      equalBytes(finished, expected, `${length} behind ${held}`);
      assert.equal([buffer.length, occupied(buffer)], [0, 0]);
      if (held.some((size) => size >= 1024)) assert.equal(allocated, same ? [] : [expected.length]);
    }
  }
});

/** Memory with a header in front of a payload, in front of and behind bytes that are somebody else's. */
function chunkOf(header: number, payload: number): { memory: Uint8Array; chunk: Uint8Array } {
  const memory = bytesOf(50 + header + payload + 50);
  return { memory, chunk: memory.subarray(50, -50) };
}

messageBuffer(
  'finish puts what is missing behind the one piece where its header leaves room, and touches no more',
  () => {
    for (let free = 0; free <= 14; free++) {
      for (let length = 0; length <= 16; length++) {
        const { memory, chunk } = chunkOf(free, 5000);
        const [before, behind, payload] = [memory.slice(0, 50), memory.slice(-50), chunk.slice(free)];
        const last = bytesOf(length + 3);
        const rest = last.slice(2, -1);
        const buffer = new MessageBuffer();
        buffer.append(chunk, free, chunk.length, 5000 + length, free);
        const finished = buffer.finish(last, 2, last.length - 1);
        const what = `${length} bytes behind a header of ${free}`;
        equalBytes(finished, concat(payload, rest), what);
        assert.equal(allocated, length <= free ? [] : [5000 + length], what);
        assert.is(finished.buffer === memory.buffer, length <= free, what);
        equalBytes(memory.subarray(0, 50), before, `before, ${what}`);
        equalBytes(memory.subarray(-50), behind, `behind, ${what}`);
        assert.equal([buffer.length, occupied(buffer)], [0, 0]);
        allocated = [];
      }
    }
  },
);

messageBuffer('finish joins when bytes were copied behind the piece, or before it, or it is not the only one', () => {
  for (const [before, between] of [
    [0, 1],
    [5, 0],
    [2000, 0],
    [0, 2000],
  ] as const) {
    const { memory, chunk } = chunkOf(14, 5000);
    const first = bytesOf(before);
    const second = bytesOf(between);
    const rest = bytesOf(2);
    const expected = concat(first, chunk.subarray(14), second, rest);
    const outside = [memory.slice(0, 64), memory.slice(-50)];
    const buffer = new MessageBuffer();
    if (before > 0) buffer.append(first, 0, before);
    // What was copied before leaves no room for it.
    buffer.append(chunk, 14, chunk.length, Infinity, 14);
    if (between > 0) buffer.append(second, 0, between);
    allocated = [];
    equalBytes(buffer.finish(rest, 0, 2), expected, `${before}, 5000, ${between}`);
    assert.equal(allocated, [expected.length]);
    equalBytes(concat(memory.subarray(0, 64), memory.subarray(-50)), concat(...outside));
  }
});

messageBuffer('the room before a piece is not remembered for the next message', () => {
  const buffer = new MessageBuffer();
  const first = chunkOf(14, 5000);
  buffer.append(first.chunk, 14, 5014, Infinity, 14);
  buffer.finish(NOTHING, 0, 0);
  const next = bytesOf(3000);
  const expected = concat(next, hex('01 02'));
  buffer.append(next, 0, 3000);
  allocated = [];
  equalBytes(buffer.finish(hex('01 02'), 0, 2), expected);
  assert.equal(allocated, [3002]);
});

messageBuffer(
  '10.4 makes room for all when that is 4 KiB, else for 1 KiB, then for twice as much, until all has room',
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
      assert.equal([allocated.at(-1), occupied(buffer)], [capacity, capacity], `${held} + ${more} of ${announced}`);
      assert.is(buffer.length, held + more);
    }
  },
);

messageBuffer('does not grow as long as there is room', () => {
  const buffer = filled(5000);
  buffer.append(hex('01'), 0, 1);
  buffer.append(bytesOf(4999), 0, 4999);
  assert.equal([allocated, buffer.length], [[5000, 10_000], 10_000]);
});

messageBuffer('10.4 occupies at most max(4 KiB, 2 × what it holds), whatever the number of pieces', () => {
  const buffer = new MessageBuffer();
  const byte = new Uint8Array(1);
  for (let count = 1; count <= 1_000_000; count++) {
    const before = allocated.length;
    buffer.append(byte, 0, 0);
    buffer.append(byte, 0, 1);
    if (allocated.length > before) assert.ok(occupied(buffer) <= Math.max(4096, 2 * count), `${count} bytes`);
  }
  assert.is(buffer.length, 1_000_000);
});

// By what is left of a random number: nothing, some bytes, what may stay where it is, wholly or in much more memory.
const LENGTHS = [0, 1, 1, 2, 7, 16, 17, 300, 1000, 1023, 1024, 1025, 1460, 2048, 3000, 4096, 16_384];
const MORES = [0, 0, 0, 1, 1024, 4096, 65_536];

for (const announced of [Infinity, 'all', 'more'] as const) {
  messageBuffer(
    `10.4 the same with tiny and large pieces, copied and kept where they are; announced: ${announced}`,
    () => {
      let random = 12_345;
      const next = (below: number): number => {
        random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fffffff;
        return (random >> 8) % below;
      };
      for (let run = 0; run < 60; run++) {
        const lengths = Array.from({ length: 1 + next(24) }, () => LENGTHS[next(LENGTHS.length)] as number);
        const all = lengths.reduce((sum, length) => sum + length, 0);
        const buffer = new MessageBuffer();
        const expected: Uint8Array[] = [];
        const announce = announced === 'all' ? all : announced === 'more' ? 2 * all + 100_000 : announced;
        for (const length of lengths) {
          const from = bytesOf(length, MORES[next(MORES.length)] as number);
          expected.push(from.slice());
          buffer.append(from, 0, length, announce);
          const bound = Math.max(4096, 2 * buffer.length);
          assert.ok(occupied(buffer) <= bound, `${occupied(buffer)} > ${bound} of ${lengths}`);
          if (run % 7 === 0) buffer.peek();
        }
        allocated = [];
        const taken = buffer.take();
        equalBytes(taken, concat(...expected), String(lengths));
        assert.ok(allocated.length <= 1 && (allocated[0] ?? all) === all, 'joined once');
      }
    },
  );
}

messageBuffer('10.4 the same with a little behind what is kept in twice its memory', () => {
  for (const announced of [Infinity, 9000]) {
    const buffer = new MessageBuffer();
    buffer.append(bytesOf(5000, 5000), 0, 5000, announced);
    buffer.append(bytesOf(1), 0, 1, announced);
    assert.equal([buffer.length, occupied(buffer)], [5001, 10_002]);
  }
});

messageBuffer('10.4 tiny pieces behind a large one cost no time to speak of', () => {
  const buffer = new MessageBuffer();
  buffer.append(bytesOf(2000), 0, 2000);
  const one = bytesOf(1);
  for (let count = 0; count < 100_000; count++) buffer.append(one, 0, 1);
  assert.ok(allocated.length <= 18, `${allocated.length} times more room`);
});

messageBuffer('10.4 a million empty pieces occupy nothing', () => {
  const buffer = new MessageBuffer();
  for (let count = 0; count < 1_000_000; count++) buffer.append(NOTHING, 0, 0);
  assert.equal([occupied(buffer), allocated], [0, []]);
});

messageBuffer('who looks after every piece has none of them copied more than a few times', () => {
  const copied = (count: number): number => {
    const { allocate } = host;
    let bytes = 0;
    Object.assign(host, {
      allocate: (length: number) => {
        bytes += length;
        return allocate(length);
      },
    });
    try {
      const buffer = new MessageBuffer();
      for (let n = 0; n < count; n++) {
        buffer.append(new Uint8Array(1024), 0, 1024);
        assert.is(buffer.peek().length, 1024 * (n + 1));
      }
    } finally {
      Object.assign(host, { allocate });
    }
    return bytes;
  };
  assert.ok(copied(1000) < 8 * 1000 * 1024, String(copied(1000)));
});

messageBuffer('what is empty is an array of its own each time', () => {
  const buffer = new MessageBuffer();
  assert.is.not(buffer.take(), buffer.take());
});

messageBuffer.run();
