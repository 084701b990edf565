// 8.1, by every way from bytes to a string. Run a second time without WebAssembly by without-webassembly.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Host, host, type Utf8TextDecoder } from '../../src/host.ts';
import { KERNEL_SIZE, kernel } from '../../src/kernel.ts';
import {
  decodePayload,
  decodeShortAscii,
  decodeText,
  decodeValid,
  isAscii,
  type Known,
  SHORT_ASCII,
} from '../../src/text/text.ts';
import { decodeUtf8 } from '../../src/text/utf8.ts';
import { transform } from '../reference.ts';
import { concat, decodeStrictly, equalBytes, hex, utf8 } from '../support.ts';
import { Memory } from './memory.ts';

const text = suite('text');

const { slices, textDecoder } = host;
const KEY = 0x37fa213d;
const OCTETS = [0x37, 0xfa, 0x21, 0x3d];
/** A decoder that is not the host's: it counts how often it is asked. */
class OwnDecoder implements Utf8TextDecoder {
  calls = 0;
  decode(bytes: Uint8Array): string {
    this.calls++;
    return decodeStrictly(bytes);
  }
}

/** The ways to decode a text: the missing capabilities of the host, and the decoder of the options. */
const WAYS: Record<string, [lacks: Partial<Host>, decoder: Utf8TextDecoder | undefined]> = {
  "all that is the host's": [{}, textDecoder],
  'no slices': [{ slices: undefined }, textDecoder],
  'no decoder': [{ textDecoder: undefined }, undefined],
  'no decoder, no slices': [{ textDecoder: undefined, slices: undefined }, undefined],
  "the host's decoder not wanted": [{}, undefined],
  'a decoder of one’s own': [{}, new OwnDecoder()],
  'a decoder of one’s own, no slices': [{ slices: undefined }, new OwnDecoder()],
};

text.after.each(() => {
  Object.assign(host, { slices, textDecoder });
});

/** Decodes bytes in every way; all must give the same, and leave the bytes as they are. */
function decodeEveryWay(bytes: Uint8Array, name: string): string | undefined {
  const expected = attempt(bytes);
  const known: Known[] = ['nothing'];
  if (expected !== undefined) known.push('utf8');
  if (bytes.every((byte) => byte < 0x80)) known.push('ascii');
  const before = bytes.slice();
  const masked = transform(bytes, OCTETS);
  for (const [way, [lacks, decoder]] of Object.entries(WAYS)) {
    Object.assign(host, { slices, textDecoder, ...lacks });
    for (const fact of known) {
      const found = decodeText(bytes, fact, decoder);
      if (found !== expected) assert.unreachable(`${name}: ${way}, known: ${fact}`);
    }
    if (expected !== undefined) {
      for (const ascii of new Set([false, known.includes('ascii')])) {
        if (decodeValid(bytes, ascii, decoder) !== expected) assert.unreachable(`${name}: ${way}, valid`);
      }
    }
    for (const hasWords of [false, true]) {
      for (const key of [KEY, 0]) {
        const chunk = concat(Uint8Array.of(0xff, 0xff), key === 0 ? bytes : masked, Uint8Array.of(0xff));
        const found = decodePayload(new Memory(chunk, hasWords), 2, 2 + bytes.length, key, decoder);
        if (found !== expected) assert.unreachable(`${name}: ${way}, ${hasWords}, key ${key}`);
        const edges = [chunk[0], chunk[1], chunk.at(-1)];
        if (edges.some((byte) => byte !== 0xff)) assert.unreachable(`${name}: ${way} wrote beside the payload`);
        // The caller looks for the impossible byte.
        if (found === undefined) equalBytes(chunk.subarray(2, -1), bytes, name);
      }
    }
  }
  equalBytes(bytes, before, name);
  Object.assign(host, { slices, textDecoder });
  return expected;
}

function attempt(bytes: Uint8Array): string | undefined {
  try {
    return decodeStrictly(bytes);
  } catch {
    return undefined;
  }
}

/** A view of bytes that begins anywhere in its memory, as payloads do. */
const inMemory = (bytes: Uint8Array, at: number): Uint8Array =>
  concat(new Uint8Array(at).fill(0xff), bytes, new Uint8Array(3).fill(0xff)).subarray(at, at + bytes.length);

const ascii = (length: number): Uint8Array => new Uint8Array(length).map((_, i) => (i * 7 + 1) & 0x7f);

text('there is a kernel exactly if there is WebAssembly', () => {
  assert.is(kernel() === undefined, !('WebAssembly' in globalThis));
  assert.is(kernel(), kernel());
});

text('8.1 ASCII of every length is decoded, by every decoding path', () => {
  for (let length = 0; length <= 300; length++) {
    assert.is(decodeEveryWay(inMemory(ascii(length), length % 5), `${length} bytes`)?.length, length);
  }
  for (const length of [4095, 16_383, 16_384, 16_385, 32_768, 32_769, 70_000]) {
    assert.is(decodeEveryWay(ascii(length), `${length} bytes`)?.length, length);
  }
});

text(
  '8.1 one character beyond ASCII, or one invalid sequence, is found anywhere in a text, by every decoding path',
  () => {
    for (const length of [1, 2, 3, 4, 15, 16, 17, 33, 95, 96, 97, 111, 112, 113, 128, 131]) {
      for (let at = 0; at < length; at++) {
        for (const insert of ['c3 a9', 'e2 82 ac', 'f0 9f 90 af', '80', 'c3', 'ff', 'e2 82', 'ed a0 80', 'f0 9f 90']) {
          const bytes = ascii(length);
          const character = hex(insert);
          if (at + character.length > length) continue;
          bytes.set(character, at);
          const decoded = decodeEveryWay(inMemory(bytes, at % 4), `${insert} at ${at} of ${length}`);
          assert.is(decoded === undefined, attempt(character) === undefined);
        }
      }
    }
  },
);

text('8.1 code points across the end of a block, or of sixteen bytes, are decoded, by every decoding path', () => {
  for (const character of ['a', 'é', '€', '🐯', '\u{10ffff}', '\ud7ff', '\ue000', '\ufffd', '\ufeff']) {
    const size = utf8(character).length;
    const many = character.repeat(Math.ceil((2 * KERNEL_SIZE + 100) / size));
    for (let before = 0; before < size; before++) {
      const expected = 'x'.repeat(before) + many;
      const decoded = decodeEveryWay(utf8(expected), `${before} before ${character}`);
      assert.ok(decoded === expected);
      // One such character alone, across the end of the first block.
      const alone = `${'y'.repeat(KERNEL_SIZE - 1 - before)}${character}${'z'.repeat(50)}`;
      assert.ok(decodeEveryWay(utf8(alone), `${character} at ${-1 - before}`) === alone);
    }
  }
});

text('8.1 mixed characters of all lengths are decoded, by every decoding path', () => {
  const mixed = [...'aé€🐯 漢字 Ω\0\x7f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}\ufffd'];
  for (let length = 0; length < 200; length++) {
    const expected = Array.from({ length }, (_, i) => mixed[(i * i + length) % mixed.length]).join('');
    assert.is(decodeEveryWay(utf8(expected), `${length} characters`), expected);
  }
  const long = mixed.join('').repeat(2000);
  assert.ok(decodeEveryWay(utf8(long), 'many') === long);
});

text('8.1 a fault is found anywhere in a long text, by every decoding path', () => {
  for (const fill of ['61', 'e6 bc a2', 'c3 a9']) {
    const count = Math.floor(40_000 / hex(fill).length);
    const whole = utf8(decodeStrictly(hex(fill)).repeat(count));
    const { length } = whole;
    for (const at of [0, 1, 16_381, 16_382, 16_383, 16_384, 16_385, 20_000, 32_767, 32_768, length - 2, length - 1]) {
      const bytes = whole.slice();
      bytes[at] = 0xff;
      assert.is(decodeEveryWay(bytes, `${fill} but at ${at}`), undefined);
    }
    // A code point that is begun and not ended.
    for (const end of ['c3', 'e2', 'e2 82', 'f0 9f 90']) {
      assert.is(decodeEveryWay(concat(whole, hex(end)), `${fill} and ${end}`), undefined);
      assert.is(decodeEveryWay(concat(whole.subarray(0, 16_381), hex(end), whole), `${fill}, ${end}`), undefined);
    }
  }
  // Nothing but continuation bytes, and nothing but beginnings.
  for (const byte of [0x80, 0xc3, 0xe2, 0xf0]) {
    assert.is(decodeEveryWay(new Uint8Array(40_000).fill(byte), `40,000 times ${byte}`), undefined);
  }
});

text('8.1 a byte order mark is kept, and U+FFFD is a character', () => {
  for (const expected of ['\ufeffa', '\ufeff', '\ufeff'.repeat(100), '\ufffd', `a\ufffd${'b'.repeat(200)}`]) {
    assert.is(decodeEveryWay(utf8(expected), expected), expected);
  }
});

text('8.1 the decoder of the application is always used', () => {
  const own = new OwnDecoder();
  for (const known of ['ascii', 'utf8', 'nothing'] as const) {
    assert.is(decodeText(ascii(200), known, own), decodeStrictly(ascii(200)));
  }
  assert.is(own.calls, 3);
  assert.is(decodePayload(new Memory(ascii(200), true), 0, 200, 0, own), decodeStrictly(ascii(200)));
  assert.is(own.calls, 4);
});

text('8.1 a text is not affected by the texts before it', () => {
  const texts = ['é'.repeat(8000), 'a'.repeat(100), '€'.repeat(50), 'b'.repeat(97), '🐯'.repeat(30), 'c'.repeat(96)];
  for (const a of texts) {
    for (const b of texts) {
      assert.ok(decodeText(utf8(a), 'nothing', textDecoder) === a);
      assert.ok(decodeText(utf8(b), 'nothing', textDecoder) === b);
      assert.is(decodeText(utf8(b).subarray(0, 96 - 1), 'nothing', undefined), decodeUtf8(utf8(b).subarray(0, 95)));
    }
  }
});

text('8.1 a validated text is decoded even if the decoder of the application refuses it', () => {
  const refusing: Utf8TextDecoder = {
    decode() {
      throw new TypeError('I would rather not');
    },
  };
  const bytes = utf8('é'.repeat(20));
  assert.is(decodeValid(bytes, false, refusing), 'é'.repeat(20));
  assert.is(decodePayload(new Memory(bytes, false), 0, 40, 0, refusing), undefined);
});

text('isAscii never returns true wrongly, and is always right with a kernel or for a short text', () => {
  for (const length of [0, 1, 95, 96, 97, 112, 127, 128, 300, 16_384, 16_385, 40_000]) {
    for (const [start, behind] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [3, 5],
    ] as const) {
      const bytes = new Uint8Array(start + length + behind).fill(0xff);
      bytes.fill(0x7f, start, start + length);
      const name = `${start} + ${length} + ${behind}`;
      assert.is(isAscii(bytes, start, start + length), kernel() !== undefined || length < 192, name);
      for (const at of [0, 1, length >> 1, 16_383, 16_384, length - 1]) {
        if (at < 0 || at >= length) continue;
        bytes[start + at] = 0x80;
        assert.is(isAscii(bytes, start, start + length), false, `${name}, at ${at}`);
        bytes[start + at] = 0x7f;
      }
    }
  }
  const bytes = new Uint8Array(98);
  for (let at = 0; at < 98; at++) {
    bytes[at] = 0x80;
    assert.is(isAscii(bytes, 1, 97), at === 0 || at === 97, `at ${at}`);
    bytes[at] = 0;
  }
});

text('up to 16 bytes of ASCII are decoded, masked or not, and nothing around them', () => {
  const long = 'abcdefghijklmnop';
  assert.is(SHORT_ASCII, long.length);
  for (const key of [KEY, 0, 0xff80ff7f | 0]) {
    const octets = [key >>> 24, (key >>> 16) & 255, (key >>> 8) & 255, key & 255];
    for (let length = 0; length <= SHORT_ASCII; length++) {
      const expected = long.slice(0, length);
      for (const behind of [0, 1, 15, 16, 17]) {
        for (const start of [0, 1, 5]) {
          const bytes = new Uint8Array(start + length + behind).fill(0xff);
          bytes.set(transform(utf8(expected), octets), start);
          const view = new DataView(bytes.buffer);
          const name = `${length} bytes behind ${start}, before ${behind}`;
          assert.is(decodeShortAscii(bytes, start, length, key, undefined), expected, name);
          assert.is(decodeShortAscii(bytes, start, length, key, view), expected, name);
        }
      }
    }
  }
});

text(
  'in a text of up to 16 bytes a byte above 127 is noticed anywhere; bytes before and after the text do not count',
  () => {
    for (let length = 0; length <= SHORT_ASCII; length++) {
      for (const behind of [1, 20]) {
        for (let at = 0; at < length + behind; at++) {
          for (let bit = 1; bit < 256; bit <<= 1) {
            const bytes = new Uint8Array(1 + length + behind);
            bytes[1 + at] = bit;
            const plain = String.fromCharCode(...bytes.subarray(1, 1 + length));
            const expected = bit === 0x80 && at < length ? undefined : plain;
            const masked = transform(bytes, [0x3d, ...OCTETS.slice(0, 3)]);
            for (const view of [undefined, new DataView(masked.buffer)]) {
              assert.is(decodeShortAscii(masked, 1, length, KEY, view), expected, `${bit} at ${at} of ${length}`);
            }
          }
        }
      }
    }
  },
);

text.run();
