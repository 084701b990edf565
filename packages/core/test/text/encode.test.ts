// From a string to bytes, by a way of the host's or by core's own.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { host, lookUpHost, type Write } from '../../src/host.ts';
import { encodeUtf8, utf8Length, writeLatin1 } from '../../src/text/encode.ts';
import { toHex, utf8 } from '../support.ts';

const encode = suite('encode');

const WRITES = [host.writeUtf8, lookUpHost({ TextEncoder }).writeUtf8];
const { utf8Length: lengthOfHost, writeLatin1: writeOfHost } = host;

encode('a text that was cut from a longer one inside a surrogate pair is encoded without what follows', () => {
  // The first test of this file, because V8 reads beyond such a text, which it keeps as a view of the longer one, for as long
  // as the first of its optimising compilers has compiled the loop and the second has not.
  const longer = 'Here a 🐯 is: 🐯';
  for (const cut of [8, 15]) {
    const text = longer.slice(0, cut);
    const expected = toHex(utf8(text));
    assert.ok(expected.endsWith('ef bf bd'));
    const memory = new Uint8Array(3 * text.length);
    for (let turn = 0; turn < 20_000; turn++) {
      const length = encodeUtf8(text, memory, 0);
      if (memory[length - 1] !== 0xbd) assert.is(toHex(memory.subarray(0, length)), expected, `turn ${turn}`);
    }
  }
});

/** Encodes at 2 into memory full of 0xee, and checks that nothing beside the text was written. */
function encoded(text: string, write?: Write): Uint8Array {
  const memory = new Uint8Array(2 + 3 * text.length + 2).fill(0xee);
  const length = encodeUtf8(text, memory, 2, write);
  const behind = memory.subarray(2 + length);
  assert.ok(memory[0] === 0xee && memory[1] === 0xee && behind.every((byte) => byte === 0xee), 'wrote beside the text');
  return memory.subarray(2, 2 + length);
}

encode('every code point is encoded as the host encodes it, lone surrogates as U+FFFD', () => {
  for (let first = 0; first < 0x110000; first += 0x1000) {
    // A space between them keeps surrogates lone.
    const points = Array.from({ length: 0x1000 }, (_, i) => String.fromCodePoint(first + i));
    const text = points.join(' ');
    const memory = new Uint8Array(3 * text.length);
    const length = encodeUtf8(text, memory, 0);
    assert.ok(equal(memory.subarray(0, length), utf8(text)), `from U+${first.toString(16)}`);
  }
});

encode('halves of surrogate pairs in any order are encoded as the host encodes them', () => {
  const units = ['', 'a', '\ud800', '\udbff', '\udc00', '\udfff', '€'];
  for (const a of units) {
    for (const b of units) {
      for (const c of units) assert.is(toHex(encoded(a + b + c)), toHex(utf8(a + b + c)));
    }
  }
});

encode("short and long texts are encoded, with the host's encoder or without", () => {
  for (const character of ['a', 'é', '€', '🐯', '\ud800']) {
    for (let length = 0; length <= 40; length++) {
      const text = character.repeat(length);
      const expected = toHex(utf8(text));
      assert.is(toHex(encoded(text)), expected);
      for (const write of WRITES) assert.is(toHex(encoded(text, write)), expected);
    }
  }
});

encode('the length in bytes is correct, whether the host or core measures it', () => {
  try {
    for (const offers of [host.utf8Length, undefined]) {
      Object.assign(host, { utf8Length: offers });
      for (const text of [
        '',
        'a',
        'é',
        '€',
        '🐯',
        '\ud800',
        '\udc00a',
        'a\ud800',
        '\ud800\ud800\udc00',
        'é€🐯'.repeat(1000),
      ]) {
        assert.is(utf8Length(text), utf8(text).length, text.slice(0, 10));
      }
    }
  } finally {
    Object.assign(host, { utf8Length: lengthOfHost });
  }
});

encode('Latin-1 is written by the host or by core', () => {
  try {
    for (const offers of [writeOfHost, undefined]) {
      Object.assign(host, { writeLatin1: offers });
      const into = new Uint8Array(8).fill(0xee);
      writeLatin1('a\x7f\xff', into, 2);
      assert.equal([...into], [0xee, 0xee, 0x61, 0x7f, 0xff, 0xee, 0xee, 0xee]);
    }
  } finally {
    Object.assign(host, { writeLatin1: writeOfHost });
  }
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

encode.run();
