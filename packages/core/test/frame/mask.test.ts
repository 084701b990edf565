// 5.3, with the kernel and, by without-webassembly.test.ts, without it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { applyMask } from '../../src/frame/mask.ts';
import { octets, transform } from '../reference.ts';
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

mask('5.3 the example of 5.7 is masked and unmasked', () => {
  const bytes = hex('48 65 6c 6c 6f');
  assert.is(applyMask(bytes, 0x37fa213d), 1);
  assert.is(toHex(bytes), '7f 9f 4d 51 58');
  assert.is(applyMask(bytes, 0x37fa213d), 1);
  assert.is(toHex(bytes), '48 65 6c 6c 6f');
});

mask('5.3 every length from 0 to 300, alignment and phase is masked as the RFC says', () => {
  for (let length = 0; length <= 300; length++) {
    for (let alignment = 0; alignment < 8; alignment++) {
      for (let phase = 0; phase < 4; phase++) compare(0, 8 + alignment, length, 0x37fa213d, phase);
    }
  }
});

mask('5.3 long payloads are masked as the RFC says, in every alignment and phase', () => {
  for (const length of [1023, 1024, 1025, 4097, 16_383, 16_384, 16_385, 32_768, 65_541]) {
    for (let alignment = 0; alignment < 8; alignment++)
      compare(0, alignment, length, 0x37fa213d, (alignment + length) % 4);
  }
});

mask('5.3 a view may begin anywhere in its buffer', () => {
  for (let view = 0; view < 8; view++) {
    for (let start = 0; start < 8; start++) {
      for (const length of [3, 47, 48, 49, 100]) compare(view, view + start, length, 0x37fa213d, start % 4);
    }
  }
});

mask('5.3 short payloads after a long one are masked as the RFC says', () => {
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

mask('5.3 keys may be signed or unsigned', () => {
  for (const key of KEYS) {
    for (const length of [0, 1, 2, 3, 4, 47, 48, 63, 64, 200]) {
      for (let phase = 0; phase < 4; phase++) {
        compare(0, 5, length, key, phase);
        compare(0, 5, length, key >>> 0, phase);
      }
    }
  }
});

mask(
  '5.3 a payload cut in two is masked right if the second part begins with the phase that the first returned',
  () => {
    const whole = new Uint8Array(300).map((_, i) => i & 0xff);
    const expected = toHex(transform(whole, octets(0x01020304)));
    for (let cut = 0; cut <= 300; cut++) {
      const bytes = whole.slice();
      const phase = applyMask(bytes, 0x01020304, 0, 0, cut);
      applyMask(bytes, 0x01020304, phase, cut);
      assert.is(toHex(bytes), expected, `cut at ${cut}`);
    }
  },
);

mask.run();
