/** Mutates a stream of frames by meaning: whole frames, their fields and their payloads. */
import type { Random } from '../../../packages/adapter/src/testing/random.ts';
import { concat, hex } from '../../../packages/core/test/bytes.ts';
import { decodeFrames, encodeFrame, type Frame } from '../../../packages/core/test/reference.ts';
import type { Role } from './subject.ts';

const PAYLOADS = [
  ...[
    '',
    '61',
    '48 65 6c 6c 6f',
    '03 e8',
    '03 e8 62 79 65',
    '03 ed',
    '0b b8',
    '13 87',
    'e2 82 ac',
    'e2 82',
    'f0 9f 90 af',
  ],
  ...[
    'ff',
    'c0 80',
    'ed a0 80',
    'f2 48 cd c9 c9 07 00',
    'f3 48 cd c9 c9 07 00 00',
    '00',
    '01 00 00 ff ff',
    '61 '.repeat(126),
  ],
].map(hex);

/** Returns the stream with one to three changes. The bytes of an incomplete frame are kept. */
export function mutateFrames(stream: Uint8Array, to: Role, random: Random): Uint8Array {
  const { frames, rest } = decodeFrames(stream);
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const fresh = (): Frame => ({
    fin: random() < 0.8,
    rsv: random() < 0.9 ? 0 : 4,
    opcode: random() < 0.95 ? pick([0, 1, 1, 2, 8, 9, 10]) : below(16),
    key:
      (to === 'server') === random() < 0.98
        ? pick([
            [0, 0, 0, 0],
            [1, 2, 3, 4],
          ])
        : undefined,
    payload: pick(PAYLOADS),
    extended: 0,
  });
  for (let change = 1 + below(3); change > 0; change--) {
    const at = below(frames.length + 1);
    const frame = frames[at];
    if (frame === undefined || random() < 0.2) {
      frames.splice(at, 0, fresh());
      continue;
    }
    const { payload } = frame;
    const cut = below(payload.length + 1);
    const changes: (() => Frame[])[] = [
      () => [],
      () => [frame, frame],
      () => [fresh()],
      () => [{ ...frame, fin: !frame.fin }],
      () => [{ ...frame, opcode: below(16) }],
      () => [{ ...frame, rsv: frame.rsv ^ pick([1, 2, 4, 4, 4]) }],
      () => [{ ...frame, key: frame.key === undefined ? [0, 0, 0, 0] : undefined }],
      () => [{ ...frame, payload: concat(payload.subarray(0, cut), pick(PAYLOADS), payload.subarray(cut)) }],
      () => [{ ...frame, payload: payload.subarray(0, cut) }],
      () => [{ ...frame, payload: payload.map((byte, i) => (i === cut ? byte ^ (1 << below(8)) : byte)) }],
      // 5.4: a message in two fragments, sometimes with a control frame between them.
      () => [
        { ...frame, fin: false, payload: payload.subarray(0, cut) },
        ...(random() < 0.3 ? [fresh()] : []),
        { ...frame, opcode: 0, rsv: 0, payload: payload.subarray(cut) },
      ],
    ];
    frames.splice(at, 1, ...pick(changes)());
  }
  // The shortest length field for the payload, and now and then a longer one, or one whose sign bit is set (5.2).
  const encoded = frames.map(({ extended: _, ...frame }) => {
    if (random() < 0.98) return encodeFrame(frame);
    const bytes = encodeFrame({ ...frame, extended: frame.payload.length > 65_535 ? 8 : pick([2, 8, 8]) });
    if (random() < 0.5 && ((bytes[1] ?? 0) & 127) === 127) bytes[2] = 128;
    return bytes;
  });
  return concat(...encoded, stream.subarray(stream.length - rest));
}

/** Returns the stream without one of its frames, or with less in one of them. */
export function* simplerFrames(stream: Uint8Array): Iterable<Uint8Array> {
  const { frames, rest } = decodeFrames(stream);
  const end = stream.subarray(stream.length - rest);
  const encode = ({ extended, ...frame }: Frame, payload: Uint8Array): Uint8Array => {
    const isMinimal = extended === (frame.payload.length < 126 ? 0 : frame.payload.length < 65_536 ? 2 : 8);
    return encodeFrame({ ...frame, payload, ...(isMinimal ? {} : { extended }) });
  };
  const all = frames.map((frame) => encode(frame, frame.payload));
  const replaced = (at: number, ...by: Uint8Array[]): Uint8Array =>
    concat(...all.slice(0, at), ...by, ...all.slice(at + 1), end);
  for (const [at, frame] of frames.entries()) {
    yield replaced(at);
    const { payload } = frame;
    for (const left of [0, payload.length >> 1, payload.length - 1]) {
      if (left < 0) continue;
      yield replaced(at, encode(frame, payload.subarray(0, left)));
      yield replaced(at, encode(frame, payload.subarray(payload.length - left)));
    }
  }
}
