// FrameReader over any cuts of any stream, beside the reference.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { applyMask, FrameReader } from '../../src/frame/index.ts';
import { ProtocolError } from '../../src/rules.ts';
import { decodeFrames } from '../reference.ts';
import { concat, split, splitBytes, toHex } from '../support.ts';
import { check } from './check.ts';
import { anyStream, cuts, mutatedStream, validStream, within } from './streams.ts';

const frames = suite('properties/frames');

/** A frame as it was read, its payload unmasked. */
interface Read {
  readonly fields: string;
  payload: Uint8Array;
  whole: boolean;
}

/** All that a reader finds in chunks, and the rule that ends it with its place. */
function readAll(chunks: readonly Uint8Array[]): { found: Read[]; fault: unknown; pendingSince: number } {
  const reader = new FrameReader({ masked: undefined, rsv: 7, maxFrameSize: Infinity });
  const found: Read[] = [];
  try {
    for (const chunk of chunks) {
      reader.receive(chunk);
      for (let part = reader.next(); part !== undefined; part = reader.next()) {
        const { header, start, end, offset, left } = part;
        const { final, rsv, opcode, masked, key, length } = header;
        if (part.first) {
          const fields = String([final, rsv, opcode, masked && key, length]);
          found.push({ fields, payload: new Uint8Array(0), whole: false });
        }
        const frame = found.at(-1) as Read;
        assert.is(frame.payload.length, offset);
        const bytes = chunk.slice(start, end);
        applyMask(bytes, key, offset);
        frame.payload = concat(frame.payload, bytes);
        frame.whole = left === 0;
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { found, fault: [error.rule, error.offset, toHex(reader.headerBytes)], pendingSince: -1 };
  }
  return { found, fault: undefined, pendingSince: reader.pendingSince };
}

const summary = ({ fields, payload, whole }: Read): unknown[] => [fields, toHex(payload), whole];

frames('any cut of any stream gives the same frames, and the reference finds the same', () => {
  check(
    1000,
    fc.property(fc.oneof(validStream, anyStream, mutatedStream), cuts, ({ bytes }, places) => {
      const whole = readAll([bytes]);
      for (const chunks of [split(bytes, within(bytes, places)), ...(bytes.length < 2000 ? [splitBytes(bytes)] : [])]) {
        const cut = readAll(chunks);
        assert.equal(cut.found.map(summary), whole.found.map(summary));
        assert.equal([cut.fault, cut.pendingSince], [whole.fault, whole.pendingSince]);
      }
      const expected = decodeFrames(bytes);
      const complete = whole.found.filter((frame) => frame.whole);
      // The reference takes frames that are not legal as well.
      assert.equal(
        complete.map(({ payload }) => toHex(payload)),
        expected.frames.slice(0, complete.length).map(({ payload }) => toHex(payload)),
      );
      if (whole.fault !== undefined) return;
      assert.is(complete.length, expected.frames.length);
      assert.is(whole.pendingSince, expected.rest === 0 ? -1 : bytes.length - expected.rest);
    }),
  );
});

frames.run();
