import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createFrameHeader,
  decodeFrameHeader,
  encodeFrameHeader,
  type FrameHeader,
  frameHeaderSize,
} from '../../src/frame/header.ts';
import { applyMask } from '../../src/frame/mask.ts';
import { host } from '../../src/host.ts';
import { kernel } from '../../src/kernel.ts';
import { decode } from '../../src/simd.ts';
import { encodeUtf8 } from '../../src/text/encode.ts';
import { decodeText } from '../../src/text/text.ts';
import { decodeUtf8, UTF8_BOUNDARY, validateUtf8 } from '../../src/text/utf8.ts';
import { encodeFrame, octets, transform } from '../reference.ts';
import { decodeStrictly, equalBytes, toHex, utf8 } from '../support.ts';
import { check } from './check.ts';
import { anyText, within } from './streams.ts';

const codec = suite('properties/codec');

const key = fc.integer(); // 32 bits

const length = fc.oneof(
  fc.nat(200),
  fc.nat(70_000),
  fc.constantFrom(125, 126, 65_535, 65_536, 2 ** 31, 2 ** 32, 2 ** 53 - 1),
  fc.maxSafeNat(),
);

const header: fc.Arbitrary<FrameHeader> = fc
  .record({
    final: fc.boolean(),
    rsv: fc.nat(7),
    opcode: fc.constantFrom(0, 1, 2, 8, 9, 10),
    key: fc.option(key),
    length,
  })
  .map(({ opcode, key, ...fields }) => ({
    opcode,
    masked: key !== null,
    key: key ?? 0,
    // What only data frames may have.
    final: opcode >= 8 || fields.final,
    rsv: opcode === 1 || opcode === 2 ? fields.rsv : 0,
    // 5.5.1: a Close frame has no payload or at least the two bytes of a code.
    length: opcode === 8 ? 2 + (fields.length % 124) : opcode >= 8 ? fields.length % 126 : fields.length,
  }));

codec('5.2 an encoded header is decoded to the same, at any place', () => {
  check(
    5000,
    fc.property(header, fc.nat(20), fc.nat(5), (header, start, behind) => {
      const size = frameHeaderSize(header.length, header.masked);
      const bytes = new Uint8Array(start + size + behind).fill(0xff);
      assert.is(encodeFrameHeader(header, bytes, start), size);
      const rules = { masked: undefined, rsv: 7, maxFrameSize: Infinity };
      const decoded = createFrameHeader();
      assert.is(decodeFrameHeader(bytes, start, start + size - 1, rules, decoded), 0);
      assert.is(decodeFrameHeader(bytes, start, bytes.length, rules, decoded), size);
      assert.equal(decoded, header);
    }),
  );
});

codec('5.2 a header is encoded as the reference encodes it', () => {
  check(
    1000,
    fc.property(header, (header) => {
      const { final: fin, rsv, opcode, masked, key } = header;
      const length = header.length % 70_000;
      const frame = encodeFrame({
        fin,
        rsv,
        opcode,
        ...(masked ? { key: octets(key) } : {}),
        payload: new Uint8Array(length),
      });
      const bytes = new Uint8Array(frame.length - length);
      encodeFrameHeader({ ...header, length }, bytes, 0);
      assert.is(toHex(bytes), toHex(frame.subarray(0, bytes.length)));
    }),
  );
});

codec('5.3 payloads are masked as the RFC says, in any parts', () => {
  const size = fc.oneof(fc.nat(70), fc.nat(400), fc.nat(5000));
  check(
    3000,
    fc.property(
      size,
      fc.nat(15),
      fc.nat(15),
      key,
      fc.nat(3),
      fc.array(fc.nat(), { maxLength: 3 }),
      (size, view, start, key, phase, places) => {
        const memory = new Uint8Array(view + start + size + 9).map((_, i) => (i * 37) & 0xff);
        const expected = memory.slice();
        const at = view + start;
        expected.set(transform(memory.subarray(at, at + size), octets(key), phase), at);

        const bytes = memory.subarray(view);
        let next = phase;
        const bounds = [0, ...places.map((place) => place % (size + 1)), size].sort((a, b) => a - b);
        for (const [i, end] of bounds.slice(1).entries()) {
          next = applyMask(bytes, key, next, start + (bounds[i] as number), start + end);
        }
        assert.is(next, (phase + size) % 4);
        equalBytes(memory, expected);
      },
    ),
  );
});

/** Bytes that are UTF-8, or nearly. */
const nearlyUtf8 = fc
  .tuple(fc.array(anyText(20), { maxLength: 8 }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }))
  .map(([texts, changes]) => {
    const bytes = utf8(texts.join('plain'));
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
    return bytes;
  });

const HOST = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

codec('8.1 text is validated and decoded as the host does it', () => {
  check(
    4000,
    fc.property(fc.oneof(nearlyUtf8, fc.uint8Array({ maxLength: 12 })), key, (bytes, mask) => {
      const text = attempt(() => decodeStrictly(bytes));
      assert.is(decodeUtf8(bytes), text);
      for (const decoder of [undefined, HOST, host.textDecoder]) {
        assert.is(decodeText(bytes, 'nothing', decoder), text);
        if (text !== undefined) assert.is(decodeText(bytes, 'utf8', decoder), text);
      }
      const masked = transform(bytes, octets(mask));
      const may = kernel() !== undefined && bytes.length >= 96;
      assert.is(decode(masked, mask), may || (mask === 0 && kernel() !== undefined) ? text : undefined);
      assert.is(validateUtf8(bytes, 0, bytes.length, UTF8_BOUNDARY) === UTF8_BOUNDARY, text !== undefined);
    }),
  );
});

codec('8.1 invalid UTF-8 in any parts fails at the first impossible byte', () => {
  check(
    3000,
    fc.property(
      nearlyUtf8,
      fc.array(fc.nat(), { maxLength: 5 }),
      fc.constantFrom(undefined, HOST),
      (bytes, places, decoder) => {
        const whole = validateUtf8(bytes, 0, bytes.length, UTF8_BOUNDARY);
        const bounds = [0, ...within(bytes, places), bytes.length].sort((a, b) => a - b);
        let state = UTF8_BOUNDARY;
        for (const [i, end] of bounds.slice(1).entries()) {
          if (state >= 0) state = validateUtf8(bytes, bounds[i] as number, end, state, decoder);
        }
        assert.is(state, whole);
        if (whole >= 0) return;
        // What is before the byte can be completed, and what ends with it cannot.
        assert.ok(attempt(() => stream(bytes.subarray(0, ~whole))));
        assert.not(attempt(() => stream(bytes.subarray(0, ~whole + 1))));
      },
    ),
  );
});

/** Whether the bytes may be the beginning of a text; throws when not. */
function stream(bytes: Uint8Array): boolean {
  new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  return true;
}

codec('a text is encoded as the host encodes it', () => {
  const units = fc.array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff }), fc.nat(127)), {
    maxLength: 80,
  });
  check(
    3000,
    fc.property(units, fc.nat(10), fc.constantFrom(undefined, host.writeUtf8), (units, start, write) => {
      const text = String.fromCharCode(...units);
      const into = new Uint8Array(start + 3 * text.length);
      const length = encodeUtf8(text, into, start, write);
      assert.is(toHex(into.subarray(start, start + length)), toHex(utf8(text)));
      assert.ok(into.subarray(0, start).every((byte) => byte === 0));
    }),
  );
});

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

codec.run();
