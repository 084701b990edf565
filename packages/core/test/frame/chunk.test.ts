// The bytes that are being parsed.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Chunk } from '../../src/frame/chunk.ts';

const chunks = suite('chunk');

type Resizable = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;

/** Takes, asks and releases; often enough for the engine to optimise it. */
function isTransferred(bytes: Uint8Array, act: (bytes: Uint8Array) => void = () => undefined): boolean {
  const chunk = new Chunk();
  chunk.take(bytes);
  act(bytes);
  const { isTransferred } = chunk;
  chunk.release();
  return isTransferred;
}

chunks('a transferred chunk is noticed, even by optimised code that has met resizable memory', () => {
  for (let n = 0; n < 20_000; n++) {
    const memory = n % 100 === 0 ? new (ArrayBuffer as Resizable)(8, { maxByteLength: 16 }) : new ArrayBuffer(70);
    assert.is(isTransferred(new Uint8Array(memory)), false);
    if (n % 1000 !== 999) continue;
    const bytes = new Uint8Array(70);
    assert.is(
      isTransferred(bytes, ({ buffer }) => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })),
      true,
      `after ${n}`,
    );
  }
});

chunks(
  'an empty chunk, or one whose memory grows, does not count as transferred; one whose memory shrinks does',
  () => {
    assert.is(isTransferred(new Uint8Array(0)), false);
    type Growable = ArrayBuffer & { resize?(length: number): void };
    const memory: Growable = new (ArrayBuffer as Resizable)(8, { maxByteLength: 16 });
    if (memory.resize === undefined) return;
    assert.is(
      isTransferred(new Uint8Array(memory), () => memory.resize?.(16)),
      false,
    );
    memory.resize(8);
    assert.is(
      isTransferred(new Uint8Array(memory), () => memory.resize?.(7)),
      true,
    );
  },
);

chunks.run();
