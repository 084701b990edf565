/** Masking and UTF-8 in every runtime, with WebAssembly or without, beside the text of the RFCs, byte by byte. */
import { applyMask } from '../../src/frame/mask.ts';
import { encodeUtf8 } from '../../src/text/encode.ts';
import { decodeUtf8, UTF8_BOUNDARY, validateUtf8 } from '../../src/text/utf8.ts';
import { grammar, transform } from '../reference.ts';
import { concat, decodeStrictly, equalBytes, hex, times, toHex } from '../support.ts';
import { type Expectation, same } from './expectation.ts';

const KEY = 0x37fa213d;
const OCTETS = [0x37, 0xfa, 0x21, 0x3d];

/** Masks in the middle of memory, and compares all of that. */
function expectMask(offset: number, length: number, phase: number): void {
  const memory = new Uint8Array(offset + length + 9).map((_, i) => (i * 31 + (i >> 8)) & 0xff);
  const expected = memory.slice();
  expected.set(transform(memory.subarray(offset, offset + length), OCTETS, phase), offset);
  const next = applyMask(memory, KEY, phase, offset, offset + length);
  const place = `${length} bytes at ${offset}, phase ${phase}`;
  equalBytes(memory, expected, place);
  same(next, (phase + length) % 4, place);
}

/** Compares validation, as a whole and in two pieces, with the grammar of RFC 3629. */
function expectValidation(bytes: Uint8Array): void {
  const { impossible, unfinished } = grammar(bytes);
  const { length } = bytes;
  for (const cut of [0, length >> 1, Math.max(0, length - 1)]) {
    let state = validateUtf8(bytes, 0, cut, UTF8_BOUNDARY);
    if (state >= 0) state = validateUtf8(bytes, cut, length, state);
    const name = `${toHex(bytes.subarray(-20))}, cut at ${cut} of ${length}`;
    same([state < 0 ? ~state : -1, state > 0], [impossible, unfinished > 0], name);
  }
  same(decodeUtf8(bytes) === undefined, impossible >= 0 || unfinished > 0, toHex(bytes.subarray(-20)));
}

/** Each byte beside which the grammar changes. */
const EDGES = [...hex('00 7f 80 8f 90 9f a0 bf c0 c1 c2 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff')];
const CHARACTERS = ['61', 'c3 a9', 'e2 82 ac', 'f0 9f 90 af'];

/** What the loops and kernels of masking and of UTF-8 do. */
export const KERNELS: readonly Expectation[] = [
  {
    name: '5.3 masking is as byte by byte, for every length to 260, alignment and phase',
    run() {
      for (let length = 0; length <= 260; length++) {
        for (let at = 0; at < 8; at++) expectMask(at, length, (at + length) % 4);
      }
    },
  },
  {
    name: '5.3 masking is as byte by byte, for long payloads',
    run() {
      for (const length of [1023, 4097, 16_383, 16_384, 16_385, 40_003]) {
        for (let phase = 0; phase < 4; phase++) expectMask(5 + phase, length, phase);
      }
    },
  },
  {
    name: '8.1 validation is as the grammar says, at each of its edges',
    run() {
      for (const a of EDGES) for (const b of EDGES) expectValidation(Uint8Array.of(a, b));
      for (const a of EDGES.filter((byte) => byte >= 0xe0)) {
        for (const b of EDGES) for (const c of [0x7f, 0x80, 0xbf, 0xc0]) expectValidation(Uint8Array.of(a, b, c, 0x80));
      }
    },
  },
  {
    name: '8.1 validation finds the first impossible byte after texts that are long enough for any kernel',
    run() {
      for (const character of CHARACTERS) {
        for (const end of ['', 'c3', 'e2 82', 'f0 9f 90', '80', 'ff', 'ed a0', 'c3 28', 'f0 9f 90 af 61']) {
          for (const count of [10, 30, 60]) expectValidation(hex(`${times(count, character)} ${end}`));
        }
      }
    },
  },
  {
    name: '8.1 long texts are validated in blocks, and a byte that cannot be is found in each',
    run() {
      for (const character of CHARACTERS) {
        const digits = hex(character);
        const whole = Uint8Array.from(
          { length: 33_000 * digits.length },
          (_, i) => digits[i % digits.length] as number,
        );
        const valid = concat(hex('61'), whole.subarray(0, 33_000 - (33_000 % digits.length)));
        same(validateUtf8(valid, 0, valid.length, UTF8_BOUNDARY), UTF8_BOUNDARY, character);
        for (const at of [0, 16_383, 16_384, 16_385, valid.length - 1]) {
          const bytes = valid.slice();
          bytes[at] = 0xff;
          same(validateUtf8(bytes, 0, bytes.length, UTF8_BOUNDARY), ~at, `${character}, ${at}`);
        }
      }
    },
  },
  {
    name: '8.1 every plane of Unicode is encoded, and decoded again, as this engine does for URIs',
    run() {
      for (let first = 0; first < 0x110000; first += 0x0800) {
        const points = Array.from({ length: 64 }, (_, i) => first + 31 * i);
        const text = points.map((point) => String.fromCodePoint(point)).join(' ');
        const memory = new Uint8Array(3 * text.length);
        const bytes = memory.subarray(0, encodeUtf8(text, memory, 0));
        const expected = text.replace(/[\ud800-\udfff]/gu, '\ufffd');
        same(decodeStrictly(bytes), expected, `from U+${first.toString(16)}`);
        same(decodeUtf8(bytes), expected, `from U+${first.toString(16)}`);
      }
    },
  },
];
