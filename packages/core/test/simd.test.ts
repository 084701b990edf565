// The three verbs, with the kernel and, by without-webassembly.test.ts, without it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { host } from '../src/host.ts';
import { kernel } from '../src/kernel.ts';
import { copyMasked, decode, mask, masksByWords, rotateKey, validate } from '../src/simd.ts';
import { octets, transform } from './reference.ts';
import { concat, decodeStrictly, equalBytes, hex, utf8 } from './support.ts';

const simd = suite('simd');

const KEY = 0x37fa213d;

simd('5.3 rotateKey uses only the last two bits of the phase', () => {
  for (const [phase, rotated] of [0x01020384, 0x02038401, 0x03840102, 0x84010203].entries()) {
    for (const turns of [0, 4, 8, 32, 125, 65_536, 2 ** 31, 2 ** 32 + 4].map((turn) => turn - (turn % 4))) {
      assert.is(rotateKey(0x01020384, phase + turns), rotated | 0, `${phase} + ${turns}`);
    }
  }
  assert.is(rotateKey(-1, 3), -1);
});

simd('5.3, 8.1 mask never reports ASCII wrongly, and always reports it with a kernel or for a short payload', () => {
  const key = 0x80ff017f | 0;
  const lengths = [...Array.from({ length: 301 }, (_, length) => length), 16_384, 16_385, 40_000];
  for (const length of lengths) {
    const ascii = new Uint8Array(length).fill(0x7f);
    const masked = transform(ascii, octets(key));
    const seen = mask(masked.slice(), 0, length, key) === 0;
    assert.is(seen, length < 192 || kernel() !== undefined, `${length} bytes of ASCII`);
    const places = length <= 300 ? ascii.keys() : [0, 1, 63, 16_367, 16_383, 16_384, length - 17, length - 1];
    for (const at of places) {
      if (at >= length) continue;
      const other = masked.slice();
      other[at] = (other[at] as number) ^ 0x80;
      assert.is.not(mask(other, 0, length, key), 0, `byte ${at} of ${length} is not ASCII`);
      assert.is(other[at], 0xff);
      if (length < 20) assert.ok(other.every((byte, i) => byte === (i === at ? 0xff : 0x7f)));
    }
  }
});

simd('5.3, 8.1 bytes beside a payload do not affect whether it is ASCII', () => {
  for (const length of [0, 1, 3, 4, 16, 63, 64, 100, 191]) {
    for (const start of [0, 1, 5]) {
      const memory = new Uint8Array(start + length + 7).fill(0xff);
      memory.fill(0x7f, start, start + length);
      assert.is(mask(memory, start, start + length, 0), 0, `${length} bytes at ${start}`);
    }
  }
});

simd('5.3 mask has the same result with a DataView, and writes to nothing else', () => {
  for (const length of [0, 1, 3, 4, 5, 16, 63, 100, 190, 191, 192, 193, 1000, 16_385]) {
    for (const key of [KEY, 0, 0x80ff017f | 0]) {
      for (const start of [0, 1, 6]) {
        const memory = new Uint8Array(start + length + 7).map((_, i) => (i * 31) & 0xff);
        const expected = memory.slice();
        expected.set(transform(memory.subarray(start, start + length), octets(key)), start);
        const plain = memory.slice();
        const seen = [
          mask(memory, start, start + length, key, new DataView(memory.buffer)),
          mask(plain, start, start + length, key),
        ].map((result) => result === 0);
        assert.is(seen[0], seen[1]);
        equalBytes(memory, expected, `${length} bytes at ${start}, by words`);
        equalBytes(plain, expected, `${length} bytes at ${start}`);
      }
    }
    assert.is(masksByWords(length), length < 192);
  }
});

simd('5.3 mask with the key 0 changes nothing, and still reports ASCII', () => {
  for (const length of [0, 1, 96, 191, 192, 16_385]) {
    const bytes = new Uint8Array(length).fill(0x7f);
    assert.is(mask(bytes, 0, length, 0) === 0, length < 192 || kernel() !== undefined);
    assert.ok(bytes.every((byte) => byte === 0x7f));
  }
});

simd('5.3 copyMasked writes a masked copy from any place to any place, and changes nothing else', () => {
  for (const length of [...Array.from({ length: 70 }, (_, n) => n), 125, 190, 191, 192, 193, 1000, 16_384, 40_001]) {
    for (const [start, at] of [
      [0, 0],
      [3, 6],
      [5, 14],
    ] as const) {
      for (const key of [KEY, 0]) {
        const from = new Uint8Array(start + length + 3).map((_, i) => (i * 37) & 0xff);
        const before = from.slice();
        const into = new Uint8Array(at + length + 5).fill(0xee);
        copyMasked(from, start, start + length, into, at, key, new DataView(into.buffer));
        const expected = concat(
          new Uint8Array(at).fill(0xee),
          Uint8Array.from(transform(before.subarray(start, start + length), octets(key))),
          new Uint8Array(5).fill(0xee),
        );
        equalBytes(into, expected, `${length} bytes from ${start} to ${at}`);
        equalBytes(from, before);
      }
    }
  }
});

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

simd('8.1 validate returns the end of the code points that are known to be valid', () => {
  const isFast = kernel() !== undefined;
  for (const character of ['a', 'é', '€', '🐯']) {
    for (const count of [1, 15, 64, 100, 20_000]) {
      const whole = utf8(character.repeat(count));
      for (const [bytes, unfinished] of [
        [whole, 0],
        [concat(whole, hex('f0 9f 90')), 3],
      ] as const) {
        const { length } = bytes;
        const name = `${count} × ${character}, ${unfinished}`;
        for (const decoder of [undefined, DECODER]) {
          const known = length >= 64 && (isFast || decoder !== undefined) ? length - unfinished : 0;
          assert.is(validate(bytes, 0, length, decoder), known, name);
        }
      }
      const broken = whole.slice();
      broken[0] = 0xff;
      for (const decoder of [undefined, DECODER]) assert.is(validate(broken, 0, broken.length, decoder), 0);
    }
  }
  const bytes = concat(hex('ff'), new Uint8Array(64).fill(0x61), hex('ff'));
  assert.is(validate(bytes, 1, 65, DECODER), 65);
  assert.is(validate(bytes, 1, 64, DECODER), 1, 'few bytes are left to the caller');
  assert.is(validate(bytes, 0, 66, DECODER), 0);
});

simd('8.1 decode returns the text, or undefined for invalid UTF-8 or when there is no fast path', () => {
  for (const text of ['a'.repeat(95), 'a'.repeat(96), 'é'.repeat(8192), '€'.repeat(100), 'b'.repeat(16_385)]) {
    const bytes = utf8(text);
    const { length } = bytes;
    const masked = Uint8Array.from(transform(bytes, octets(KEY)));
    const before = masked.slice();
    const isFast = kernel() !== undefined;
    assert.ok(decode(bytes, 0) === (isFast ? text : undefined));
    assert.ok(decode(masked, KEY) === (isFast && length >= 96 && length <= 16_384 ? text : undefined));
    equalBytes(masked, before);
    assert.is(decode(concat(bytes, hex('c3')), 0), undefined);
    const { slices } = host;
    Object.assign(host, { slices: undefined });
    assert.is(decode(bytes, 0), undefined);
    Object.assign(host, { slices });
  }
  assert.is(decodeStrictly(utf8('é')), 'é');
});

simd.run();
