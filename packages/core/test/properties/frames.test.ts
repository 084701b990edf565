// FrameReader over any cuts of any stream, beside the reference.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readFrames } from '../frames.ts';
import { decodeFrames } from '../reference.ts';
import { split, splitBytes, toHex } from '../support.ts';
import { check } from './check.ts';
import { anyStream, cuts, mutatedStream, validStream, within } from './streams.ts';

const frames = suite('properties/frames');

const RULES = { masked: undefined, rsv: 7, maxFrameSize: Infinity };

frames('any stream gives the frames of the reference, whatever its chunks', () => {
  check(
    1000,
    fc.property(fc.oneof(validStream, anyStream, mutatedStream), cuts, ({ bytes }, places) => {
      const whole = readFrames([bytes], RULES);
      for (const chunks of [split(bytes, within(bytes, places)), ...(bytes.length < 2000 ? [splitBytes(bytes)] : [])]) {
        const cut = readFrames(chunks, RULES);
        assert.equal(cut, whole);
      }
      // The reference takes frames that are not legal as well.
      const expected = decodeFrames(bytes);
      const complete = whole.frames.filter(({ left }) => left === 0);
      const payloads = expected.frames.slice(0, complete.length).map(({ payload }) => toHex(payload));
      assert.equal(
        complete.map(({ payload }) => payload),
        payloads,
      );
      if (whole.fault !== undefined) return;
      assert.is(complete.length, expected.frames.length);
      assert.is(whole.pendingSince, expected.rest === 0 ? -1 : bytes.length - expected.rest);
    }),
  );
});

frames.run();
