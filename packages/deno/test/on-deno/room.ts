/** The memory that chunks are read into. */
import * as assert from 'uvu/assert';
import { Room } from '../../src/room.ts';

/** Reads this many bytes, or as many as there is room for. */
function read(room: Room, length: number): { chunk: Uint8Array; room: number } {
  const into = room.next();
  const chunk = room.take(Math.min(length, into.length));
  assert.ok(chunk);
  return { chunk, room: into.length };
}

Deno.test('chunks lie behind each other and do not overlap', () => {
  const room = new Room();
  const chunks = Array.from({ length: 200 }, (_, i) => read(room, 1 + (i % 300)).chunk.fill(i));
  for (const [i, chunk] of chunks.entries()) {
    assert.is(chunk.length, 1 + (i % 300));
    assert.ok(chunk.every((byte) => byte === (i & 255)));
  }
  // There are far fewer arrays than chunks.
  assert.ok(new Set(chunks.map(({ buffer }) => buffer)).size < 30);
});

Deno.test('there is always room for a quarter of the smallest block', () => {
  const room = new Room();
  for (let i = 0; i < 1000; i++) assert.ok(read(room, (i * 131) % 700).room >= 512);
});

Deno.test('the rest of a block is used as long as it is at least a quarter', () => {
  const room = new Room();
  const { chunk } = read(room, 1536);
  const left = room.next();
  assert.equal([left.length, left.byteOffset, left.buffer === chunk.buffer], [512, 1536, true]);
  room.take(1);
  assert.is(room.next().length, 2048);
});

Deno.test('a read that fills it makes the next block larger, up to a limit; one that does not makes it smaller again', () => {
  const room = new Room();
  assert.is(read(room, 10).room, 2048);
  const sizes = Array.from({ length: 12 }, () => read(room, Infinity).room);
  assert.equal(sizes.slice(-3), [65_536, 65_536, 65_536]);
  assert.ok(
    sizes.every((size, i) => i < 2 || size >= (sizes[i - 1] as number)),
    String(sizes),
  );
  // After a burst, only the memory of the waiting read is kept.
  for (let burst = 0; burst < 5; burst++) {
    for (let i = 0; i < 12; i++) read(room, Infinity);
    read(room, 10_000);
    const waiting = room.next();
    assert.ok(waiting.buffer.byteLength <= 16_384, `${waiting.buffer.byteLength} bytes`);
  }
  for (let i = 0; i < 10_000; i++) read(room, 100);
  assert.ok(room.next().length <= 2048);
});

Deno.test('an application that transfers a chunk cannot silently take the next one with it', () => {
  const room = new Room();
  const { chunk } = read(room, 100);
  room.next();
  structuredClone(chunk.buffer, { transfer: [chunk.buffer as ArrayBuffer] });
  assert.is(room.take(50), undefined);
  // From there on memory is available again.
  assert.is(read(room, 50).chunk.length, 50);
});
