// RFC 7692 7.2.3.4: what every engine must do with blocks that have BFINAL set, registered as tests.
import { constants, deflateRawSync } from 'node:zlib';
import type { DeflateEngine, Inflater } from '@sockless/core/deflate';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { decompress, same } from './engines.ts';
import { noise, text } from './messages.ts';

const ROOM = 65_536;
const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };
export const ZERO = Uint8Array.of(0);

/** Returns a message that ends with BFINAL set, and refers to what came before it. */
export function final(data: Uint8Array, before: Uint8Array = new Uint8Array(0), windowBits = 15): Uint8Array {
  const dictionary = before.slice(-(2 ** windowBits));
  return deflateRawSync(data, { windowBits, ...(before.length > 0 ? { dictionary } : {}) });
}

/** Registers the tests of an engine. */
export function expectFinalBlocks(test: Test, name: string, engine: DeflateEngine): void {
  const inflated = (windowBits = 15): Inflater => engine.createInflater({ windowBits });

  test(`${name}: BFINAL in the middle, at the end and across writes keeps the window`, () => {
    for (const windowBits of [15, 12]) {
      for (const size of [5, 300, 4000]) {
        for (const step of [1, 2, 1000, Infinity]) {
          const inflater = inflated(windowBits);
          const [one, two, three] = [noise(size, 1), noise(size, 2), noise(size, 3)] as const;
          let before = new Uint8Array(0);
          const refers: boolean[] = [];
          const message = (...parts: Uint8Array[]): void => {
            const pieces = parts.map((part) => {
              const piece = final(part, before, windowBits);
              refers.push(piece.length < part.length / 10);
              before = Buffer.concat([before, part]);
              return piece;
            });
            // 7.2.3.4: "0x00" is the empty block's beginning, whose rest is the tail.
            const payload = Buffer.concat([...pieces, ZERO]);
            same(decompress(inflater, payload, Math.min(step, payload.length)), Buffer.concat(parts), `by ${step}`);
            assert.ok(inflater.endsBlock(), `${size} bytes by ${step}`);
          };
          message(one);
          message(one, two, two);
          message(three, one);
          // The same without BFINAL.
          const plain = deflateRawSync(three, { windowBits, dictionary: before.slice(-(2 ** windowBits)), ...SYNC });
          same(decompress(inflater, plain.subarray(0, -4)), three);
          assert.ok(inflater.endsBlock());
          if (size === 300) assert.equal(refers, [false, true, false, true, false, true]);
          // And it is gone after a reset.
          inflater.reset();
          if (size === 300) assert.throws(() => decompress(inflater, final(one, one)));
          inflater.close();
        }
      }
    }
  });

  test(`${name}: after BFINAL and a reset the next message starts afresh`, () => {
    const inflater = inflated();
    for (let round = 0; round < 3; round++) {
      same(decompress(inflater, Buffer.concat([final(text(500)), ZERO])), text(500));
      assert.ok(inflater.endsBlock());
      inflater.reset();
    }
    inflater.close();
  });

  test(`${name}: a final block may fill the output exactly, or be completed only by the tail`, () => {
    const inflater = inflated();
    const [one, two] = [text(ROOM, 1), text(2 * ROOM, 2)];
    same(decompress(inflater, Buffer.concat([final(one), final(two, one), ZERO])), Buffer.concat([one, two]));
    assert.ok(inflater.endsBlock());
    // 0x01 and the tail: an empty block with BFINAL set.
    const open = deflateRawSync(one, { ...SYNC, dictionary: two.slice(-32_768) });
    same(decompress(inflater, Buffer.concat([open, Uint8Array.of(1)])), one);
    assert.ok(inflater.endsBlock());
    same(decompress(inflater, Buffer.concat([final(two, one), ZERO])), two);
    assert.ok(inflater.endsBlock());
    inflater.close();
  });

  test(`${name}: a message has at most 1,024 blocks with BFINAL, and one more for each 64 bytes`, () => {
    const empty = Uint8Array.of(3, 0);
    const short = final(text(64).fill(97));
    const repeated = (block: Uint8Array, count: number): Uint8Array => Buffer.concat(Array(count).fill(block));
    const inflater = inflated();
    for (let message = 0; message < 3; message++) {
      decompress(inflater, Buffer.concat([repeated(empty, 1023), ZERO]));
      assert.ok(inflater.endsBlock());
    }
    for (const step of [1000, Infinity]) {
      const flood = inflated();
      const payload = repeated(empty, 1026);
      assert.throws(() => decompress(flood, payload, Math.min(step, payload.length)), /BFINAL/);
      flood.close();
    }
    assert.is(decompress(inflater, repeated(short, 5000)).length, 320_000);
    assert.throws(() => decompress(inflater, repeated(empty, 2100)), /BFINAL/);
    inflater.close();
  });

  test(`${name}: a block with BFINAL and a reset after it allocate no tables`, () => {
    const inflater = inflated();
    const message = Buffer.concat([Buffer.alloc(200, Uint8Array.of(3, 0)), ZERO]);
    const read = (): void => {
      same(decompress(inflater, message), ZERO.subarray(1));
      assert.ok(inflater.endsBlock());
      inflater.reset();
    };
    read();
    const { Int32Array: Words, Uint8Array: Bytes } = globalThis;
    let made = 0;
    const counted = <Type extends typeof Words | typeof Bytes>(type: Type): Type =>
      new Proxy(type, {
        construct(target, [length], as) {
          if (typeof length === 'number') made += length;
          return Reflect.construct(target, [length], as);
        },
      });
    Object.assign(globalThis, { Int32Array: counted(Words), Uint8Array: counted(Bytes) });
    try {
      for (let round = 0; round < 10; round++) read();
    } finally {
      Object.assign(globalThis, { Int32Array: Words, Uint8Array: Bytes });
    }
    assert.ok(made < 10_000, `${made} elements for 2,000 blocks`);
    inflater.close();
  });
}
