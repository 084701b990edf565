// What every engine must do, registered as tests: for pako here, and for native zlib in packages/node.
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { DeflateEngine, Inflater } from '@sockless/core/deflate';
import type { Test } from 'uvu';
import * as assert from 'uvu/assert';
import { compress, decompress, same } from './engines.ts';
import { expectFinalBlocks, final, ZERO } from './final-blocks.ts';
import { noise, text } from './messages.ts';

export const DEFLATER = { windowBits: 15, level: 6, memLevel: 8 };
const ROOM = 65_536;
const SIZES = [0, 1, 64, 1024, 65_536, 2 ** 20];

/** Returns bytes that are repeated only `distance` bytes later. */
export function echoing(distance: number): Uint8Array {
  const once = noise(distance, distance);
  return Buffer.concat([once, once, once]);
}

export function expectRoundTrips(test: Test, title: string, from: DeflateEngine, to: DeflateEngine): void {
  for (const [kind, make] of [['compressible', text] as const, ['incompressible', noise] as const]) {
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

/** Registers the tests that need no second engine. */
export function expectEngine(test: Test, name: string, engine: DeflateEngine): void {
  const inflated = (windowBits = 15): Inflater => engine.createInflater({ windowBits });

  expectRoundTrips(test, name, engine, engine);
  expectFinalBlocks(test, name, engine);

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

  test(`${name}: every level and memLevel round-trips`, () => {
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
    for (const [kind, make] of [['compressible', text] as const, ['incompressible', noise] as const]) {
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

  test(`${name}: transferred input throws, and transferred output does no harm`, () => {
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

  test(`${name}: the memory for one long message is released`, () => {
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

  test(`${name}: a message truncated at any byte does not end there`, () => {
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

  test(`${name}: a message with data behind its end does not end there`, () => {
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
    test(`${name}: ${what} throws, and the inflater can be closed, twice`, () => {
      const inflater = inflated();
      assert.throws(() => decompress(inflater, Uint8Array.from(bytes)));
      inflater.close();
      inflater.close();
    });
  }

  test(`${name}: closing twice is harmless, used or not`, () => {
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

  test(`${name}: many deflaters and inflaters at a time do not mix`, () => {
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
