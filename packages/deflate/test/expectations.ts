// What every engine must do, registered as tests: for pako here, and for native zlib in packages/node.
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { DeflateEngine, Deflater, Inflater } from '@sockless/core/deflate';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { noise, text } from './messages.ts';

export { noise, text };

export const DEFLATER = { windowBits: 15, level: 6, memLevel: 8 };
const ROOM = 65_536;
const SIZES = [0, 1, 64, 1024, 65_536, 2 ** 20];

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

export function same(actual: Uint8Array, expected: Uint8Array, what = ''): void {
  assert.ok(
    Buffer.compare(actual, expected) === 0,
    `${what}: ${actual.length} bytes, not the ${expected.length} expected`,
  );
}

/** Words that come again only `distance` bytes later. */
export function echoing(distance: number): Uint8Array {
  const once = noise(distance, distance);
  return Buffer.concat([once, once, once]);
}

/** A message that ends with BFINAL set, and refers to what came before it. */
function final(data: Uint8Array, before: Uint8Array = new Uint8Array(0), windowBits = 15): Uint8Array {
  const dictionary = before.slice(-(2 ** windowBits));
  return deflateRawSync(data, { windowBits, ...(before.length > 0 ? { dictionary } : {}) });
}

const ZERO = Uint8Array.of(0);

export function expectRoundTrips(test: Test, title: string, from: DeflateEngine, to: DeflateEngine): void {
  for (const [kind, make] of [['like', text] as const, ['incompressible', noise] as const]) {
    test(`${title}: ${kind} messages of any size, with the window kept and after a reset`, () => {
      const deflater = from.createDeflater(DEFLATER);
      const inflater = to.createInflater({ windowBits: 15 });
      for (let round = 0; round < 3; round++) {
        let sum = 0;
        for (const size of [...SIZES, ...SIZES.slice(0, 5)]) {
          const data = make(size, 1 + round);
          const compressed = compress(deflater, data);
          same(decompress(inflater, compressed), data, `${size} bytes`);
          assert.ok(inflater.endsBlock(), `${size} bytes end`);
          if (sum === 0 && round > 0) {
            // Nothing of the round before is needed.
            same(inflateRawSync(Buffer.concat([compressed, Uint8Array.of(0, 0, 0xff, 0xff)]), SYNC), data);
          }
          sum += compressed.length;
        }
        deflater.reset();
        inflater.reset();
      }
      deflater.close();
      inflater.close();
    });
  }
}

const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };

/** Registers all that does not take a second engine. */
export function expectEngine(test: Test, name: string, engine: DeflateEngine): void {
  const inflated = (windowBits = 15): Inflater => engine.createInflater({ windowBits });

  expectRoundTrips(test, name, engine, engine);

  test(`${name}: node:zlib reads what it writes, with the window kept`, () => {
    const deflater = engine.createDeflater(DEFLATER);
    const parts: Uint8Array[] = [];
    const messages = SIZES.map((size) => text(size));
    for (const data of messages) parts.push(compress(deflater, data), Uint8Array.of(0, 0, 0xff, 0xff));
    same(inflateRawSync(Buffer.concat(parts), SYNC), Buffer.concat(messages));
  });

  test(`${name}: reads what node:zlib writes, in any pieces`, () => {
    for (const size of SIZES.slice(0, -1)) {
      const data = text(size);
      const payload = deflateRawSync(data, SYNC).subarray(0, -4);
      for (const step of [1, 2, 3, 7, 1000]) {
        const inflater = inflated();
        same(decompress(inflater, payload, step), data, `${size} bytes by ${step}`);
        assert.ok(inflater.endsBlock(), `${size} bytes by ${step}`);
        inflater.close();
      }
    }
  });

  for (const windowBits of [8, 9, 10, 11, 12, 13, 14, 15]) {
    test(`${name}: a window of 2^${windowBits} is enough for what is sent with ${windowBits}`, () => {
      const span = 2 ** windowBits;
      for (const distance of [span - 270, span - 262, span - 50, span, span + 1, 2 * span].filter((it) => it > 8)) {
        const data = echoing(distance);
        const payload = compress(engine.createDeflater({ ...DEFLATER, windowBits }), data);
        // zlib also finds what the same call gave: bytes that come one by one leave only the window.
        const inflater = inflated(windowBits);
        same(decompress(inflater, payload, 1), data, `distance ${distance}`);
        assert.ok(inflater.endsBlock());
        inflater.close();
      }
    });
  }

  test(`${name}: a window that is too short is noticed`, () => {
    const payload = compress(engine.createDeflater({ ...DEFLATER, windowBits: 10 }), echoing(600));
    assert.throws(() => decompress(inflated(8), payload, 1));
  });

  test(`${name}: every level and memLevel`, () => {
    const data = text(20_000);
    for (let level = 0; level <= 9; level++) {
      for (const memLevel of [1, 5, 9]) {
        const deflater = engine.createDeflater({ windowBits: 9 + (level % 7), level, memLevel });
        same(decompress(inflated(), compress(deflater, data)), data, `level ${level}, memLevel ${memLevel}`);
        deflater.close();
      }
    }
  });

  for (const size of [ROOM - 1, ROOM, ROOM + 1, 2 * ROOM - 1, 2 * ROOM, 2 * ROOM + 1, 10 * ROOM]) {
    for (const [kind, make] of [['like', text] as const, ['incompressible', noise] as const]) {
      test(`${name}: ${size} bytes, ${kind}, in reads of at most 64 KiB, drained when there is no more`, () => {
        const data = make(size, 3);
        const inflater = inflated();
        assert.ok(inflater.drained);
        inflater.write(compress(engine.createDeflater(DEFLATER), data));
        let length = 0;
        do {
          const piece = inflater.read();
          assert.ok(piece.length <= ROOM);
          same(piece, data.subarray(length, length + ROOM), `at ${length}`);
          length += piece.length;
          // A read that filled its room cannot know yet; the next one gives nothing then.
          assert.is(inflater.drained, piece.length < ROOM);
        } while (!inflater.drained);
        assert.is(length, size);
        assert.is(inflater.read().length, 0);
        assert.ok(inflater.endsBlock());
        inflater.close();
      });
    }
  }

  test(`${name}: blocks with BFINAL inside, at the end and across writes; the window lasts`, () => {
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

  test(`${name}: a reset after BFINAL leaves a new beginning`, () => {
    const inflater = inflated();
    for (let round = 0; round < 3; round++) {
      same(decompress(inflater, Buffer.concat([final(text(500)), ZERO])), text(500));
      assert.ok(inflater.endsBlock());
      inflater.reset();
    }
    inflater.close();
  });

  test(`${name}: BFINAL where the room ends, and an end that only the tail makes final`, () => {
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

  test(`${name}: a block with BFINAL, and a reset behind it, take no memory`, () => {
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

  test(`${name}: input that was transferred is an error; output that was transferred harms nobody`, () => {
    const deflater = engine.createDeflater(DEFLATER);
    const transfer = ({ buffer }: Uint8Array): unknown =>
      structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    for (const data of [text(100), text(200_000)]) {
      const payload = Uint8Array.from(compress(deflater, data));
      for (const reads of [0, 1]) {
        const inflater = inflated();
        const input = payload.slice();
        inflater.write(input);
        for (let read = 0; read < reads; read++) inflater.read();
        if (inflater.drained) continue;
        transfer(input);
        assert.throws(() => inflater.read(), /transferred/);
        inflater.close();
      }
      deflater.reset();
      transfer(deflater.deflate(data));
      deflater.reset();
      const inflater = inflated();
      inflater.write(Uint8Array.from(compress(deflater, data)));
      transfer(inflater.read());
      inflater.close();
      const other = inflated();
      deflater.reset();
      same(decompress(other, compress(deflater, data)), data);
      other.close();
      deflater.reset();
    }
    assert.is(inflated().read().length, 0);
    deflater.close();
  });

  test(`${name}: what one long message needed is not kept`, () => {
    const deflater = engine.createDeflater(DEFLATER);
    const long = deflater.deflate(noise(3_000_000));
    assert.ok(long.buffer.byteLength > 3_000_000);
    // The memory that is kept holds the next message.
    const { byteLength } = deflater.deflate(text(100)).buffer;
    assert.ok(byteLength <= 262_144, `${byteLength} bytes`);
    const again = deflater.deflate(noise(200_000));
    assert.is(again.buffer, deflater.deflate(text(100)).buffer);
    deflater.close();
  });

  test(`${name}: truncated at any byte, it does not end there`, () => {
    for (const data of [text(5), text(100), text(2000), noise(100)]) {
      const payload = compress(engine.createDeflater(DEFLATER), data);
      for (let length = 0; length < payload.length; length++) {
        // 7.2.3.6: 0x00 alone, with which a stored block begins, is an empty message.
        if (length === 1 && payload[0] === 0) continue;
        const inflater = inflated();
        decompress(inflater, payload.subarray(0, length));
        assert.not(inflater.endsBlock(), `${length} of ${payload.length} bytes`);
        inflater.close();
      }
    }
  });

  test(`${name}: with data behind its end, it does not end there`, () => {
    const payload = compress(engine.createDeflater(DEFLATER), text(100));
    const final_ = Buffer.concat([final(text(100)), ZERO]);
    for (const more of [[0], [0, 0], [0, 0, 0xff, 0xff], [0xff], [0x4b], [1, 0, 0, 0xff, 0xff]]) {
      for (const whole of [payload, final_]) {
        const inflater = inflated();
        let ends = false;
        try {
          decompress(inflater, Buffer.concat([whole, Uint8Array.from(more)]));
          ends = inflater.endsBlock();
        } catch {}
        assert.not(ends, `${whole === payload ? '' : 'final, '}${more}`);
        inflater.close();
      }
    }
    // The tail itself and the beginning of another block are no more than that.
    const inflater = inflated();
    same(decompress(inflater, Buffer.concat([payload, Uint8Array.of(0, 0, 0xff, 0xff, 0)])), text(100));
    assert.ok(inflater.endsBlock());
  });

  for (const [what, bytes] of [
    ['a block of type 3', [0x07]],
    ['a stored block with another length', [0x00, 0x01, 0x00, 0x00, 0x00, 0x00]],
    ['a reference before the beginning', [0x4b, 0x04, 0x53, 0xff, 0xff, 0xff, 0xff]],
    ['noise', [...noise(100, 5)]],
  ] as const) {
    test(`${name}: ${what} throws; then it can be closed, twice`, () => {
      const inflater = inflated();
      assert.throws(() => decompress(inflater, Uint8Array.from(bytes)));
      inflater.close();
      inflater.close();
    });
  }

  test(`${name}: closed twice, used or not`, () => {
    const [deflater, inflater] = [engine.createDeflater(DEFLATER), inflated()];
    for (const each of [deflater, inflater, engine.createDeflater(DEFLATER), inflated()]) {
      each.close();
      each.close();
    }
    const used = engine.createDeflater(DEFLATER);
    used.deflate(text(100));
    used.close();
    used.close();
  });

  test(`${name}: many at once do not mix`, () => {
    const all = Array.from({ length: 20 }, (_, index) => ({
      deflater: engine.createDeflater({ ...DEFLATER, windowBits: 8 + (index % 8) }),
      inflater: inflated(8 + (index % 8)),
      seed: 100 * index,
    }));
    for (let round = 0; round < 4; round++) {
      const messages = all.map(({ seed }, index) => (index % 3 === 0 ? noise : text)(7000 * index, seed + round + 1));
      const payloads = all.map(({ deflater }, index) => compress(deflater, messages[index] as Uint8Array));
      const outputs: Uint8Array[][] = all.map(() => []);
      const unfinished = new Set(all.keys());
      for (const [index, { inflater }] of all.entries()) inflater.write(payloads[index] as Uint8Array);
      while (unfinished.size > 0) {
        for (const index of unfinished) {
          const inflater = all[index]?.inflater as Inflater;
          outputs[index]?.push(inflater.read().slice());
          if (inflater.drained) unfinished.delete(index);
        }
      }
      for (const [index, output] of outputs.entries()) {
        same(Buffer.concat(output), messages[index] as Uint8Array, `engine ${index}`);
        assert.ok(all[index]?.inflater.endsBlock());
      }
    }
    for (const { deflater, inflater } of all) {
      deflater.close();
      inflater.close();
    }
  });
}
