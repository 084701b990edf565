/** FrameReader (RFC 6455 5.2): a stream of frames, cut in any way, compared with the reference. */
import { readFrames } from '../../packages/core/test/frames.ts';
import { decodeFrames } from '../../packages/core/test/reference.ts';
import { hex, splitBytes, toHex } from '../../packages/core/test/support.ts';
import { VECTORS } from '../../packages/core/test/vectors.ts';
import { cutBy, Input } from '../src/input.ts';
import { mutateFrames } from '../src/receive/frames.ts';
import { holds, same } from '../src/target.ts';

export const name = 'frames';
export const description =
  'Any stream, however it is cut, has the same frames, which are those that the reference finds.';

const MASKED = [true, false, undefined] as const;
const LIMITS = [Infinity, 0, 10, 125, 126, 65_535] as const;
const SETUP = 6;

export function fuzz(data: Uint8Array): void {
  const input = new Input(data);
  const rules = { masked: input.pick(MASKED), rsv: input.pick([0, 4, 7]), maxFrameSize: input.pick(LIMITS) };
  const longest = 1 + input.byte();
  const seed = input.short();
  const stream = input.rest();
  const whole = readFrames([stream], rules);
  for (const chunks of [cutBy(stream, longest, seed), splitBytes(stream)]) {
    same('any cut gives the same frames', ['whole', [whole]], ['cut', [readFrames(chunks, rules)]]);
  }
  const { frames, rest } = decodeFrames(stream);
  const complete = whole.frames.filter(({ left }) => left === 0).map(({ payload }) => payload);
  const expected = frames.map(({ payload }) => toHex(payload));
  same('payloads are those of the reference', ['ours', complete], ['its', expected.slice(0, complete.length)]);
  if (whole.fault !== undefined) return;
  holds('no frame is missing', complete.length === frames.length);
  const since = rest === 0 ? -1 : stream.length - rest;
  holds('pendingSince is the offset of the incomplete frame', whole.pendingSince === since, () => String(since));
}

export const mutate = (data: Uint8Array, random: () => number): Uint8Array =>
  Buffer.concat([data.subarray(0, SETUP), mutateFrames(data.subarray(SETUP), 'server', random)]);

export function* seeds(): Iterable<Uint8Array> {
  for (const { hex: digits } of VECTORS) yield Uint8Array.of(2, 2, 0, 3, 0, 1, ...hex(digits));
}
