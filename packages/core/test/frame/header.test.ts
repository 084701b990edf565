import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createFrameHeader,
  decodeFrameHeader,
  encodeFrameHeader,
  type FrameHeader,
  type FrameRules,
  frameHeaderSize,
  MAX_HEADER_SIZE,
  type Opcode,
  RSV1,
} from '../../src/frame/header.ts';
import { concat, hex, protocolError, toHex } from '../support.ts';

const frame = suite('frame');

const ANY: FrameRules = { masked: undefined, rsv: 0, maxFrameSize: Infinity };
const KEY = 0x37fa213d;

/** Each class of length at both ends, with the bytes after the first when there is no mask. */
const LENGTHS = [
  [0, '00'],
  [1, '01'],
  [125, '7d'],
  [126, '7e 00 7e'],
  [127, '7e 00 7f'],
  [255, '7e 00 ff'],
  [256, '7e 01 00'],
  [65535, '7e ff ff'],
  [65536, '7f 00 00 00 00 00 01 00 00'],
  [2 ** 31 - 1, '7f 00 00 00 00 7f ff ff ff'],
  [2 ** 31, '7f 00 00 00 00 80 00 00 00'],
  [2 ** 32 - 1, '7f 00 00 00 00 ff ff ff ff'],
  [2 ** 32, '7f 00 00 00 01 00 00 00 00'],
  [2 ** 32 + 1, '7f 00 00 00 01 00 00 00 01'],
  [2 ** 53 - 1, '7f 00 1f ff ff ff ff ff ff'],
] as const;

function decode(digits: string, rules: Partial<FrameRules> = {}): { size: number; header: FrameHeader } {
  const bytes = hex(digits);
  const header = createFrameHeader();
  const size = decodeFrameHeader(bytes, 0, bytes.length, { ...ANY, ...rules }, header);
  return { size, header };
}

function encode(header: Partial<FrameHeader>): string {
  const bytes = new Uint8Array(MAX_HEADER_SIZE);
  const size = encodeFrameHeader({ ...createFrameHeader(), ...header }, bytes, 0);
  return toHex(bytes.subarray(0, size));
}

frame('5.2 each length is encoded in the minimal number of bytes, and decoded', () => {
  for (const [length, digits] of LENGTHS) {
    const plain: FrameHeader = { final: true, rsv: 0, opcode: 2, masked: false, key: 0, length };
    assert.is(encode(plain), `82 ${digits}`);
    assert.equal(decode(`82 ${digits}`), { size: frameHeaderSize(length, false), header: plain });

    const masked: FrameHeader = { final: false, rsv: 0, opcode: 1, masked: true, key: KEY, length };
    const second = (Number.parseInt(digits.slice(0, 2), 16) | 0x80).toString(16);
    const expected = `01 ${second}${digits.slice(2)} 37 fa 21 3d`;
    assert.is(encode(masked), expected);
    assert.equal(decode(expected), { size: frameHeaderSize(length, true), header: masked });
  }
});

frame('5.2 every legal combination of fields survives the round trip', () => {
  for (const opcode of [0, 1, 2, 8, 9, 10] as const) {
    for (const final of opcode >= 8 ? [true] : [true, false]) {
      for (const rsv of opcode === 1 || opcode === 2 ? [0, 1, 2, 3, 4, 5, 6, 7] : [0]) {
        for (const key of [undefined, 0, 1, 0x7fffffff, -1, -2147483648]) {
          const header = { final, rsv, opcode, masked: key !== undefined, key: key ?? 0, length: 5 };
          assert.equal(decode(encode(header), { rsv: 7 }).header, header);
        }
      }
    }
  }
});

frame('5.2 the bits of the first byte are encoded', () => {
  assert.is(encode({ final: true, opcode: 1 }), '81 00');
  assert.is(encode({ final: false, opcode: 0 }), '00 00');
  assert.is(encode({ final: true, rsv: RSV1, opcode: 2 }), 'c2 00');
  assert.is(encode({ final: true, rsv: 7, opcode: 15 as Opcode }), 'ff 00');
});

frame('5.2 without extensions exactly nine values of the first byte of a frame are legal', () => {
  const legal = Array.from({ length: 256 }, (_, first) => Uint8Array.of(first)).filter((bytes) => {
    try {
      return decodeFrameHeader(bytes, 0, 1, ANY, createFrameHeader()) === 0;
    } catch {
      return false;
    }
  });
  assert.is(toHex(concat(...legal)), '00 01 02 80 81 82 88 89 8a');
});

frame('5.2 an incomplete header returns 0 and fills in nothing', () => {
  for (const digits of [
    '81 05',
    '01 85 37 fa 21 3d',
    '82 fe 01 00 37 fa 21 3d',
    '82 ff 0000000000010000 37 fa 21 3d',
  ]) {
    const bytes = hex(digits);
    for (let end = 0; end < bytes.length; end++) {
      const header = createFrameHeader();
      assert.is(decodeFrameHeader(bytes, 0, end, ANY, header), 0, `${end} bytes of ${digits}`);
      assert.equal(header, createFrameHeader());
    }
    assert.is(decodeFrameHeader(bytes, 0, bytes.length, ANY, createFrameHeader()), bytes.length);
  }
});

frame('a header is read from start and not beyond end', () => {
  const bytes = hex('ff ff 82 7e 01 00 ff');
  const header = createFrameHeader();
  assert.is(decodeFrameHeader(bytes, 2, 6, ANY, header), 4);
  assert.is(header.length, 256);
  assert.is(decodeFrameHeader(bytes, 2, 5, ANY, header), 0);
  assert.is(decodeFrameHeader(bytes, 7, 7, ANY, header), 0);
  assert.is(protocolError(() => decodeFrameHeader(bytes, 6, 7, ANY, header)).offset, 6);
});

frame('a header is written at start and nowhere else', () => {
  const bytes = new Uint8Array(10).fill(0xee);
  assert.is(encodeFrameHeader({ ...createFrameHeader(), opcode: 1, masked: true, key: KEY, length: 1 }, bytes, 2), 6);
  assert.is(toHex(bytes), 'ee ee 01 81 37 fa 21 3d ee ee');
});

/** The bytes at which a rule is enforced: with one byte less there is nothing to say yet. */
const BROKEN: [digits: string, rules: Partial<FrameRules>, rule: string][] = [
  ['83', {}, 'reserved-opcode'],
  ['8b', {}, 'reserved-opcode'],
  ['f3', {}, 'reserved-opcode'],
  ['c1', {}, 'reserved-bits'],
  ['a1', { rsv: RSV1 }, 'reserved-bits'],
  ['f1', { rsv: RSV1 }, 'reserved-bits'],
  ['c0', { rsv: 7 }, 'reserved-bits'],
  ['c8', { rsv: 7 }, 'reserved-bits'],
  ['c9', { rsv: 7 }, 'reserved-bits'],
  ['08', {}, 'control-fragmented'],
  ['81 05', { masked: true }, 'unmasked-frame'],
  ['81 85', { masked: false }, 'masked-frame'],
  ['89 7e', {}, 'control-too-long'],
  ['89 ff', { masked: true }, 'control-too-long'],
  ['82 7e 00 7d', {}, 'length-not-minimal'],
  ['82 7f 80', {}, 'length-sign-bit'],
  ['82 7f 00 00 00 00 00 00 ff ff', {}, 'length-not-minimal'],
  ['82 7f 00 20 00 00 00 00 00 00', {}, 'frame-too-big'],
  ['82 7f 7f ff ff ff ff ff ff ff', {}, 'frame-too-big'],
  ['82 05', { maxFrameSize: 4 }, 'frame-too-big'],
  ['82 fe 01 01', { maxFrameSize: 256 }, 'frame-too-big'],
];

for (const [digits, rules, rule] of BROKEN) {
  frame(`5.2 ${digits} breaks ${rule} at its last byte`, () => {
    const bytes = concat(hex('81 00'), hex(digits));
    const { length } = bytes;
    const all = { ...ANY, ...rules };
    const error = protocolError(() => decodeFrameHeader(bytes, 2, length, all, createFrameHeader()));
    assert.equal([error.rule, error.offset], [rule, 2]);
    assert.is(decodeFrameHeader(bytes, 2, length - 1, all, createFrameHeader()), 0);
  });
}

frame('5.1 a server requires masked frames, a client unmasked ones, and a tool accepts both', () => {
  assert.is(decode('81 85 37 fa 21 3d', { masked: true }).size, 6);
  assert.is(decode('81 05', { masked: false }).size, 2);
  assert.equal(decode('81 85 37 fa 21 3d', { masked: undefined }).header.key, KEY);
  assert.equal(decode('81 05', { masked: undefined }).header.masked, false);
});

frame('5.2 a reserved bit that an extension defines is legal on the first frame of a message', () => {
  assert.is(decode('c1 05', { rsv: RSV1 }).header.rsv, RSV1);
  assert.is(decode('42 05', { rsv: RSV1 }).header.rsv, RSV1);
  assert.is(decode('b1 05', { rsv: 3 }).header.rsv, 3);
});

frame('10.4 maxFrameSize is the longest payload accepted', () => {
  assert.is(decode('82 05', { maxFrameSize: 5 }).header.length, 5);
  assert.is(decode('82 7f 0000000000010000', { maxFrameSize: 65536 }).header.length, 65536);
});

frame('a length that is not a whole number from 0 to 2^53 - 1 throws', () => {
  for (const length of [-1, 1.5, 2 ** 53, Infinity, Number.NaN]) {
    assert.throws(() => encode({ length }), rangeError('payload length'));
    assert.throws(() => frameHeaderSize(length, false), rangeError('payload length'));
  }
});

frame('an opcode beyond 4 bits throws', () => {
  for (const opcode of [-1, 16, 1.5, Number.NaN]) {
    assert.throws(() => encode({ opcode: opcode as Opcode }), rangeError('opcode'));
  }
});

frame('reserved bits beyond 3 bits throw', () => {
  for (const rsv of [-1, 8, 0.5, Number.NaN]) assert.throws(() => encode({ rsv }), rangeError('reserved bits'));
});

frame('a header that does not fit throws, and writes nothing', () => {
  const bytes = new Uint8Array(8).fill(0xee);
  for (const start of [-1, 3, 8, Number.NaN]) {
    const header: FrameHeader = { final: true, rsv: 0, opcode: 2, masked: true, key: KEY, length: 5 };
    assert.throws(() => encodeFrameHeader(header, bytes, start), rangeError('does not fit'));
  }
  assert.is(toHex(bytes), 'ee ee ee ee ee ee ee ee');
});

function rangeError(part: string): (error: Error) => boolean {
  return (error) => error instanceof RangeError && error.message.includes(part);
}

frame.run();
