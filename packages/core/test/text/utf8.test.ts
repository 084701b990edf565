// 8.1, with the kernel and, by without-webassembly.test.ts, without it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBy } from '../../src/host.ts';
import { lastBoundary } from '../../src/simd.ts';
import { decodeUtf8, nextUtf8, UTF8_BOUNDARY, unfinishedBytes, validateUtf8 } from '../../src/text/utf8.ts';
import { grammar } from '../reference.ts';
import { concat, decodeStrictly, hex, times, toHex, utf8 } from '../support.ts';

const test = suite('utf8');

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Compares validation, as a whole and byte by byte, and decoding with the grammar and with the host. */
function compare(bytes: Uint8Array): void {
  const { impossible, unfinished } = grammar(bytes);
  const state = validateUtf8(bytes, 0, bytes.length, UTF8_BOUNDARY);
  const text = hostDecode(bytes);
  const name = toHex(bytes);
  let next = UTF8_BOUNDARY;
  for (let at = 0; at < bytes.length && next >= 0; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x80 || next !== UTF8_BOUNDARY) next = nextUtf8(next, byte);
  }
  assert.is(next, Math.max(state, -1), name);
  if (impossible >= 0) {
    assert.is(state, ~impossible, name);
  } else {
    assert.is(state === UTF8_BOUNDARY, unfinished === 0, name);
    assert.is(unfinishedBytes(bytes, bytes.length, state), unfinished, name);
  }
  assert.is(decodeUtf8(bytes), text, name);
  assert.is(decodeBy(DECODER, bytes), text, name);
  assert.is(text === undefined, state !== UTF8_BOUNDARY, name);
}

function hostDecode(bytes: Uint8Array): string | undefined {
  try {
    return decodeStrictly(bytes);
  } catch {
    return undefined;
  }
}

test('8.1 every sequence of 1 byte is judged as the host judges it', () => {
  for (let a = 0; a < 256; a++) compare(Uint8Array.of(a));
});

test('8.1 every sequence of 2 bytes is judged as the host judges it', () => {
  for (let a = 0; a < 256; a++) {
    for (let b = 0; b < 256; b++) compare(Uint8Array.of(a, b));
  }
});

/** Each byte beside which the grammar changes. */
const EDGES = [...hex('00 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff')];
const TAILS = [...hex('7f 80 8f 90 9f a0 bf c0')];

test('8.1 sequences of 3 bytes at the edges of the grammar are judged as the host judges them', () => {
  for (const a of EDGES) for (const b of EDGES) for (const c of TAILS) compare(Uint8Array.of(a, b, c));
});

test('8.1 sequences of 4 bytes at the edges of the grammar are judged as the host judges them', () => {
  for (const a of EDGES.filter((byte) => byte >= 0xe0)) {
    for (const b of TAILS) for (const c of TAILS) for (const d of TAILS) compare(Uint8Array.of(a, b, c, d));
  }
});

/** Texts that are longer than from where the host checks them, valid and not, with an end of each kind. */
const LONG = ['61', 'c3 a9', 'e2 82 ac', 'f0 9f 90 af'].flatMap((character) =>
  ['', 'c3', 'e2 82', 'f0 9f 90', '80', 'ff', 'ed a0', 'c3 28', 'f0 9f 90 af 61'].map((end) =>
    hex(`${times(40, character)} ${times(50, '61')} ${end} ${end === 'c3 28' ? times(70, '61') : ''}`),
  ),
);

test('8.1 a text in any two parts fails at the same byte as the whole, with a decoder or without', () => {
  for (const bytes of LONG) {
    const { impossible } = grammar(bytes);
    const { length } = bytes;
    for (const decoder of [undefined, DECODER]) {
      const whole = validateUtf8(bytes, 0, length, UTF8_BOUNDARY, decoder);
      assert.is(whole < 0 ? ~whole : -1, impossible);
      for (let cut = 0; cut <= length; cut++) {
        let state = validateUtf8(bytes, 0, cut, UTF8_BOUNDARY, decoder);
        if (state >= 0) state = validateUtf8(bytes, cut, length, state, decoder);
        assert.is(state, whole, `cut at ${cut} of ${toHex(bytes)}`);
      }
    }
  }
});

test('8.1 an impossible byte is found anywhere in a long text', () => {
  const valid = hex(times(30, '61 c3 a9 e2 82 ac f0 9f 90 af'));
  for (let at = 0; at < valid.length; at++) {
    for (const byte of [0x80, 0x28, 0xc3, 0xe2, 0xff]) {
      const bytes = valid.slice();
      bytes[at] = byte;
      const { impossible } = grammar(bytes);
      for (const decoder of [undefined, DECODER]) {
        const state = validateUtf8(bytes, 0, bytes.length, UTF8_BOUNDARY, decoder);
        assert.is(state < 0 ? ~state : -1, impossible, `${byte} at ${at}`);
      }
    }
  }
});

test('8.1 the index of a fault counts from the beginning of the bytes, not from the argument `start`', () => {
  const bytes = concat(hex('ff ff'), hex(times(70, '61')), hex('ff'));
  for (const decoder of [undefined, DECODER]) {
    assert.is(validateUtf8(bytes, 2, 72, UTF8_BOUNDARY, decoder), UTF8_BOUNDARY);
    assert.is(validateUtf8(bytes, 2, 73, UTF8_BOUNDARY, decoder), ~72);
    assert.is(validateUtf8(bytes, 2, 2, UTF8_BOUNDARY, decoder), UTF8_BOUNDARY);
  }
});

test('8.1 if a part ends inside a code point that the next, long part does not continue, the fault is at byte 0 of the next part', () => {
  const begun = validateUtf8(hex('e2 82'), 0, 2, UTF8_BOUNDARY);
  const piece = hex(times(100, '61'));
  assert.is(validateUtf8(piece, 0, 100, begun), ~0);
  assert.is(validateUtf8(piece, 0, 100, begun, DECODER), ~0);
});

test('long texts are decoded', () => {
  for (const text of ['a'.repeat(5000), 'é'.repeat(4096), `a${'🐯'.repeat(4096)}`, '€'.repeat(100_000)]) {
    const bytes = utf8(text);
    assert.ok(decodeUtf8(bytes) === text);
    const within = concat(hex('ff'), bytes, hex('ff'));
    assert.ok(decodeUtf8(within, 1, bytes.length + 1) === text);
  }
});

test('a byte order mark is kept', () => {
  assert.is(decodeUtf8(hex('ef bb bf 61')), '\ufeffa');
  assert.is(decodeBy(DECODER, hex('ef bb bf 61')), '\ufeffa');
});

/** Texts of more than one block of the kernel, with a code point of each length across its end. */
const BLOCKS = ['61', 'c3 a9', 'e2 82 ac', 'f0 9f 90 af'].flatMap((character) => {
  const size = hex(character).length;
  const many = utf8(decodeStrictly(hex(character)).repeat(Math.ceil(33_000 / size)));
  return Array.from({ length: size }, (_, before) => concat(new Uint8Array(before).fill(0x61), many));
});

test('8.1 an impossible byte is found in texts of many blocks, in one part or two', () => {
  for (const valid of BLOCKS) {
    const { length } = valid;
    for (const decoder of [undefined, DECODER]) {
      for (const cut of [0, 1, 16_382, 16_383, 16_384, 16_385, 16_386, 16_387, length - 1]) {
        const state = validateUtf8(valid, 0, cut, UTF8_BOUNDARY, decoder);
        assert.is(validateUtf8(valid, cut, length, state, decoder), UTF8_BOUNDARY, `cut at ${cut} of ${length}`);
      }
      for (const at of [0, 1, 100, 16_382, 16_383, 16_384, 16_385, 16_386, 20_000, length - 2, length - 1]) {
        const bytes = valid.slice();
        bytes[at] = 0xff;
        assert.is(validateUtf8(bytes, 0, length, UTF8_BOUNDARY, decoder), ~at, `${at} of ${length}`);
      }
    }
  }
});

test('8.1 unfinishedBytes counts the bytes of an incomplete code point', () => {
  for (const [digits, back] of [
    ['61', 0],
    ['c3', 1],
    ['c3 a9', 0],
    ['e2', 1],
    ['e2 82', 2],
    ['e2 82 ac', 0],
    ['f0', 1],
    ['f0 9f', 2],
    ['f0 9f 90', 3],
    ['f0 9f 90 af', 0],
    ['80 80 80 80', 0],
    ['c3 61', 0],
    ['', 0],
  ] as const) {
    for (const before of ['', '61', '61 61 61 61', 'c3 a9']) {
      const bytes = hex(`${before} ${digits}`);
      assert.is(lastBoundary(bytes, bytes.length), bytes.length - back, `${before} ${digits}`);
      assert.is(lastBoundary(concat(bytes, hex('80')), bytes.length), bytes.length - back, `${before} ${digits}`);
    }
  }
});

test('decodeBy returns undefined when the decoder throws', () => {
  assert.is(decodeBy(DECODER, hex('ff')), undefined);
  assert.is(decodeBy({ decode: () => 'anything' }, hex('ff')), 'anything');
});

test.run();
