// 5.3, with the kernel and, by without-webassembly.test.ts, without it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { applyMask, MaskKeys, maskAndLook, rotateKey } from '../../src/frame/mask.ts';
import { KERNEL_FROM, kernel } from '../../src/kernel.ts';
import { StateError } from '../../src/rules.ts';
import { transform } from '../reference.ts';
import { equalBytes, hex, toHex } from '../support.ts';

const mask = suite('mask');

const KEYS = [0x37fa213d, 0, -1, 0x80000001 | 0, 0x00ff7f80];

/** What every byte of memory around the masked ones has to stay. */
const CANARY = 0xee;

/** Masks `length` bytes at `offset` of a buffer, by way of a view at `view`, and compares with 5.3. */
function compare(view: number, offset: number, length: number, key: number, phase: number): void {
  const memory = new Uint8Array(offset + length + 9).fill(CANARY);
  for (let i = 0; i < length; i++) memory[offset + i] = (i * 31 + (i >> 8)) & 0xff;
  const expected = memory.slice();
  expected.set(transform(memory.subarray(offset, offset + length), octets(key), phase), offset);

  const start = offset - view;
  const next = applyMask(memory.subarray(view), key, phase, start, start + length);
  const place = `${length} bytes at ${offset}, key ${key}, phase ${phase}`;
  equalBytes(memory, expected, place);
  assert.is(next, (phase + length) % 4, place);
}

function octets(key: number): number[] {
  return [key >>> 24, (key >>> 16) & 0xff, (key >>> 8) & 0xff, key & 0xff];
}

mask('5.3 the example of 5.7', () => {
  const bytes = hex('48 65 6c 6c 6f');
  assert.is(applyMask(bytes, 0x37fa213d), 1);
  assert.is(toHex(bytes), '7f 9f 4d 51 58');
  assert.is(applyMask(bytes, 0x37fa213d), 1);
  assert.is(toHex(bytes), '48 65 6c 6c 6f');
});

mask('5.3 every length from 0 to 300, alignment and phase is as byte by byte', () => {
  for (let length = 0; length <= 300; length++) {
    for (let alignment = 0; alignment < 8; alignment++) {
      for (let phase = 0; phase < 4; phase++) compare(0, 8 + alignment, length, 0x37fa213d, phase);
    }
  }
});

mask('5.3 long payloads, every alignment and phase', () => {
  for (const length of [1023, 1024, 1025, 4097, 16_383, 16_384, 16_385, 32_768, 65_541]) {
    for (let alignment = 0; alignment < 8; alignment++)
      compare(0, alignment, length, 0x37fa213d, (alignment + length) % 4);
  }
});

mask('5.3 a view that begins anywhere in its buffer', () => {
  for (let view = 0; view < 8; view++) {
    for (let start = 0; start < 8; start++) {
      for (const length of [3, 47, 48, 49, 100]) compare(view, view + start, length, 0x37fa213d, start % 4);
    }
  }
});

mask('5.3 short payloads behind a long one in the same chunk', () => {
  for (let view = 0; view < 4; view++) {
    const chunk = new Uint8Array(400).fill(CANARY).subarray(view);
    const expected = chunk.slice();
    let at = 0;
    for (const length of [64, 0, 1, 2, 3, 4, 5, 7, 8, 31, 64, 63, 65]) {
      expected.set(transform(expected.subarray(at, at + length), octets(0x37fa213d), length % 4), at);
      assert.is(applyMask(chunk, 0x37fa213d, length % 4, at, at + length), (2 * length) % 4);
      equalBytes(chunk, expected, `${length} bytes at ${at}`);
      at += length + 1;
    }
  }
});

mask('5.3 every kind of key, signed and unsigned', () => {
  for (const key of KEYS) {
    for (const length of [0, 1, 2, 3, 4, 47, 48, 63, 64, 200]) {
      for (let phase = 0; phase < 4; phase++) {
        compare(0, 5, length, key, phase);
        compare(0, 5, length, key >>> 0, phase);
      }
    }
  }
});

mask('5.3 the phase carries a payload over any cut', () => {
  const whole = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
  const expected = toHex(transform(whole, octets(0x01020304)));
  for (let cut = 0; cut <= 300; cut++) {
    const bytes = whole.slice();
    const phase = applyMask(bytes, 0x01020304, 0, 0, cut);
    applyMask(bytes, 0x01020304, phase, cut);
    assert.is(toHex(bytes), expected, `cut at ${cut}`);
  }
});

mask('5.3 a key is rotated to the byte of a phase, whatever was counted before', () => {
  for (const [phase, rotated] of [0x01020384, 0x02038401, 0x03840102, 0x84010203].entries()) {
    for (const turns of [0, 4, 8, 32, 125, 65_536, 2 ** 31, 2 ** 32 + 4].map((turn) => turn - (turn % 4))) {
      assert.is(rotateKey(0x01020384, phase + turns), rotated | 0, `${phase} + ${turns}`);
    }
  }
  assert.is(rotateKey(-1, 3), -1);
});

mask(
  '5.3, 8.1 tells whether what it unmasked is ASCII: never wrongly, and always if there is a kernel or little',
  () => {
    const key = 0x80ff017f | 0;
    const lengths = [...Array.from({ length: 301 }, (_, length) => length), 16_384, 16_385, 40_000];
    for (const length of lengths) {
      const ascii = new Uint8Array(length).fill(0x7f);
      const masked = transform(ascii, octets(key));
      const seen = maskAndLook(masked.slice(), 0, length, key) === 0;
      assert.is(seen, length < KERNEL_FROM || kernel() !== undefined, `${length} bytes of ASCII`);
      const places = length <= 300 ? ascii.keys() : [0, 1, 63, 16_367, 16_383, 16_384, length - 17, length - 1];
      for (const at of places) {
        if (at >= length) continue;
        const other = masked.slice();
        other[at] = (other[at] as number) ^ 0x80;
        assert.is.not(maskAndLook(other, 0, length, key), 0, `byte ${at} of ${length} is not ASCII`);
        assert.is(other[at], 0xff);
        if (length < 20) assert.ok(other.every((byte, i) => byte === (i === at ? 0xff : 0x7f)));
      }
    }
  },
);

mask('5.3, 8.1 what lies beside a payload has no say in whether it is ASCII', () => {
  for (const length of [0, 1, 3, 4, 16, 63, 64, 100, 191]) {
    for (const start of [0, 1, 5]) {
      const memory = new Uint8Array(start + length + 7).fill(0xff);
      memory.fill(0x7f, start, start + length);
      assert.is(maskAndLook(memory, start, start + length, 0), 0, `${length} bytes at ${start}`);
    }
  }
});

mask('5.3 keys are the bytes of the random source in order, drawn 8 KiB at a time', () => {
  const drawn: number[] = [];
  const keys = new MaskKeys((bytes) => {
    drawn.push(bytes.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i + drawn.length) & 0xff;
  });
  assert.equal(drawn, []);
  assert.equal([keys.next(), keys.next()], [0x01020304, 0x05060708]);
  for (let i = 2; i < 2048; i++) keys.next();
  assert.equal(drawn, [8192]);
  assert.is(keys.next(), 0x02030405);
  assert.equal(drawn, [8192, 8192]);
});

mask('5.3 a key is a 32-bit integer: its first byte is the most significant', () => {
  const keys = new MaskKeys((bytes) => bytes.set(hex('ff 00 00 00 00 00 00 ff 80 00 00 00')));
  assert.equal([keys.next(), keys.next(), keys.next()], [-0x01000000, 0xff, -0x80000000]);
});

mask('5.3 there is no key without randomness: a source that throws is asked again', () => {
  let calls = 0;
  const keys = new MaskKeys((bytes) => {
    calls++;
    if (calls === 1 || calls === 3) throw new Error('no entropy');
    bytes.fill(calls);
  });
  assert.throws(() => keys.next(), 'no entropy');
  for (let i = 0; i < 2048; i++) assert.is(keys.next(), 0x02020202);
  assert.throws(() => keys.next(), 'no entropy');
  assert.is(keys.next(), 0x04040404);
});

mask('5.3 keys of the host do not repeat', () => {
  const keys = new MaskKeys((bytes) => crypto.getRandomValues(bytes));
  const drawn = new Set(Array.from({ length: 10_000 }, () => keys.next()));
  assert.ok(drawn.size > 9_990, `${drawn.size} of 10,000 are different`);
});

mask('5.3 a source that sends while it is asked is refused, and the key that was asked for is fresh', () => {
  let filled = 0;
  let refused = 0;
  const keys: MaskKeys = new MaskKeys((bytes) => {
    assert.throws(
      () => keys.next(),
      (error: unknown) => error instanceof StateError && error.rule === 'random-reentered',
    );
    refused++;
    new DataView(bytes.buffer, bytes.byteOffset, 4).setInt32(0, ++filled);
  });
  assert.equal([keys.next(), refused, keys.isDrawing], [1, 1, false]);
});

mask('5.3 keys that were prepared are there whatever the source does', () => {
  let broken = false;
  const keys = new MaskKeys((bytes) => {
    if (broken) throw new Error('no entropy');
    bytes.fill(7);
  });
  keys.prepare(5000);
  broken = true;
  for (let n = 0; n < 5000; n++) assert.is(keys.next(), 0x07070707);
  assert.throws(() => keys.next(), /no entropy/);
  assert.throws(() => keys.prepare(1), /no entropy/);
});

mask.run();
