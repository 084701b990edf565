/** What the properties are checked with: streams of frames, encoded by the reference, and ways to cut them. */
import fc from 'fast-check';
import type { Role } from '../../src/index.ts';
import { encodeFrame, type Frame } from '../reference.ts';
import { concat, utf8 } from '../support.ts';

export const role = fc.constantFrom<Role>('client', 'server');

const key = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));

/** Mostly short, some around where the length takes more bytes. */
const binary = fc.oneof(
  { weight: 6, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.uint8Array({ minLength: 120, maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(125, 126, 65_535, 65_536).map((length) => new Uint8Array(length).fill(0x5a)),
  },
);

/** Any code point but surrogates. The unit 'binary' of fast-check has the same, and a table of them that takes 0.6 s and 100 MB. */
const character = fc.nat(0x10f7ff).map((number) => String.fromCodePoint(number < 0xd800 ? number : number + 0x800));

/** Text of any code points; the maximum length is in code points. */
export const anyText = (maxLength: number): fc.Arbitrary<string> => fc.string({ unit: character, maxLength });

export const text = fc.oneof(
  { weight: 3, arbitrary: fc.string({ maxLength: 30 }) },
  { weight: 3, arbitrary: anyText(30) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', minLength: 30, maxLength: 120 }) },
);

const utf8Text = text.map(utf8);
const control = fc.uint8Array({ maxLength: 125 });

/** Frames without the mask that the role asks for. */
type Plain = Omit<Frame, 'key' | 'rsv' | 'extended'>;

const interrupted = fc.record({ fin: fc.constant(true), opcode: fc.constantFrom(9, 10), payload: control });

/** A message in one frame or many, with control frames between them. */
const message: fc.Arbitrary<Plain[]> = fc
  .tuple(
    fc.oneof(fc.tuple(fc.constant(1), utf8Text), fc.tuple(fc.constant(2), binary)),
    fc.array(fc.nat(), { maxLength: 4 }),
    fc.array(fc.option(interrupted), { maxLength: 4 }),
  )
  .map(([[opcode, payload], cuts, between]) => {
    const bounds = [...cuts.map((cut) => cut % (payload.length + 1)), 0, payload.length].sort((a, b) => a - b);
    const last = bounds.length - 2;
    return bounds
      .slice(1)
      .flatMap((end, i): Plain[] => [
        { fin: i === last, opcode: i === 0 ? opcode : 0, payload: payload.slice(bounds[i], end) },
        ...(i < last && between[i] ? [between[i]] : []),
      ]);
  });

const close = fc
  .oneof(
    fc.constant(new Uint8Array(0)),
    fc
      .tuple(fc.constantFrom(1000, 1001, 1011, 3000, 4999), anyText(30))
      .map(([code, reason]) => concat(Uint8Array.of(code >> 8, code & 0xff), utf8(reason))),
  )
  .map((payload): Plain => ({ fin: true, opcode: 8, payload }));

/** A conversation of one side that breaks no rule. */
export const validFrames: fc.Arbitrary<Plain[]> = fc
  .tuple(
    fc.array(
      fc.oneof(
        message,
        interrupted.map((frame) => [frame]),
      ),
      { maxLength: 6 },
    ),
    fc.option(close),
  )
  .map(([messages, end]) => [...messages.flat(), ...(end === null ? [] : [end])]);

/** Frames of which each may be anything: reserved, fragmented, too long, not minimal, masked or not, no UTF-8. */
const anyFrame = fc.record({
  fin: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  rsv: fc.oneof({ weight: 30, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(7) }),
  opcode: fc.oneof({ weight: 20, arbitrary: fc.constantFrom(0, 1, 2, 8, 9, 10) }, { weight: 1, arbitrary: fc.nat(15) }),
  payload: fc.oneof(utf8Text, fc.uint8Array({ maxLength: 20 }), fc.constantFrom(...samples())),
  extended: fc.oneof(
    { weight: 30, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(2, 8) },
  ),
  wrongMask: fc.integer({ min: 0, max: 30 }).map((n) => n === 0),
});

/** Payloads that break a rule in some place: a control frame, a Close frame, a text. */
function samples(): Uint8Array[] {
  return ['e282', 'eda080', 'f09f', '03e8', '03ed', '03e8ff', '03', '61'.repeat(126)].map((digits) =>
    Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16)),
  );
}

/** A stream that breaks no rule, for whom it is meant. */
export const validStream = fc
  .tuple(role, validFrames, fc.array(key, { minLength: 1, maxLength: 5 }))
  .map(([to, frames, keys]) => ({
    role: to,
    bytes: concat(
      ...frames.map((frame, i) => encodeFrame({ ...frame, key: to === 'server' ? keys[i % keys.length] : undefined })),
    ),
  }));

/** A stream of whole frames that may break any rule. */
export const anyStream = fc.tuple(role, fc.array(anyFrame, { maxLength: 8 }), key).map(([to, frames, mask]) => ({
  role: to,
  bytes: concat(
    ...frames.map(({ wrongMask, extended, ...frame }) =>
      encodeFrame({
        ...frame,
        ...(extended === undefined ? {} : { extended }),
        key: (to === 'server') !== wrongMask ? mask : undefined,
      }),
    ),
  ),
}));

/** A valid stream in which some bytes have been changed. */
export const mutatedStream = fc
  .tuple(validStream, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 }))
  .map(([stream, changes]) => {
    const bytes = stream.bytes.slice();
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
    return { role: stream.role, bytes };
  });

/** Where to cut: few places, or many. */
export const cuts = fc.oneof(fc.array(fc.nat(), { maxLength: 4 }), fc.array(fc.nat(300), { maxLength: 40 }));

/** The places as indexes into `bytes`. */
export function within(bytes: Uint8Array, places: readonly number[]): number[] {
  return places.map((place) => place % (bytes.length + 1));
}
