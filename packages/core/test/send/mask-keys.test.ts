import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { StateError } from '../../src/rules.ts';
import { MaskKeys } from '../../src/send/mask-keys.ts';
import { hex } from '../support.ts';

const maskKeys = suite('mask-keys');

maskKeys('5.3 keys are the bytes of the random source in order, drawn 8 KiB at a time', () => {
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

maskKeys('5.3 a key is a 32-bit integer: its first byte is the most significant', () => {
  const keys = new MaskKeys((bytes) => bytes.set(hex('ff 00 00 00 00 00 00 ff 80 00 00 00')));
  assert.equal([keys.next(), keys.next(), keys.next()], [-0x01000000, 0xff, -0x80000000]);
});

maskKeys('5.3 after a source has thrown, the next key is drawn anew', () => {
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

maskKeys('5.3 any number of keys drawn in advance can be used although the source throws later', () => {
  for (const count of [1, 2048, 2049, 5000]) {
    let isEmpty = false;
    const keys = new MaskKeys((bytes) => {
      if (isEmpty) throw new Error('no entropy');
      bytes.fill(1);
    });
    keys.prepare(count);
    isEmpty = true;
    for (let n = 0; n < count; n++) assert.is(keys.next(), 0x01010101);
  }
});

maskKeys('5.3 keys of the host do not repeat', () => {
  const keys = new MaskKeys((bytes) => crypto.getRandomValues(bytes));
  const drawn = new Set(Array.from({ length: 10_000 }, () => keys.next()));
  assert.ok(drawn.size > 9_990, `${drawn.size} of 10,000 are different`);
});

maskKeys('5.3 a random source that calls `next` gets an error, and the outer `next` still returns a fresh key', () => {
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

maskKeys('5.3 when the keys drawn in advance are used up, the error of the source is thrown', () => {
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

maskKeys('5.3 the source is asked for at most 65,536 bytes in a call, as crypto.getRandomValues demands', () => {
  const lengths: number[] = [];
  const keys = new MaskKeys((bytes) => {
    lengths.push(bytes.length);
    bytes.fill(lengths.length);
  });
  keys.prepare(40_000);
  assert.equal(lengths, [65_536, 65_536, 28_928]);
  const drawn = Array.from({ length: 40_000 }, () => keys.next());
  assert.equal([drawn[0], drawn[16_384], drawn[39_999]], [0x01010101, 0x02020202, 0x03030303]);
  keys.prepare(2 * 16_384);
  assert.equal(lengths.slice(3), [65_536, 65_536]);
});

maskKeys('unused keys that were drawn in advance are dropped, except 8 KiB', () => {
  let draws = 0;
  const keys = new MaskKeys((bytes) => {
    draws++;
    for (let at = 3; at < bytes.length; at += 4) bytes[at] = at >> 2;
  });
  keys.prepare(10_000);
  keys.next();
  keys.dropSpare();
  const before = draws;
  for (let n = 1; n <= 2048; n++) assert.is(keys.next(), n & 0xff);
  assert.is(draws, before);
  keys.next();
  assert.is(draws, before + 1);
});

maskKeys('a random source that transfers the memory of its bytes is refused', () => {
  const keys = new MaskKeys(({ buffer }) => structuredClone(buffer, { transfer: [buffer] }));
  assert.throws(() => keys.next(), TypeError);
  assert.throws(() => keys.next(), TypeError);
});

maskKeys.run();
