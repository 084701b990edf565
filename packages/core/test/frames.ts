// Reads frames with a FrameReader, and checks that its parts fit together.
import { applyMask, FrameReader, type FrameRules } from '../src/frame/index.ts';
import { ProtocolError } from '../src/rules.ts';
import { concat, toHex } from './support.ts';

/** The frames that were read, and how that ended; all of it can be compared. */
export interface FramesRead {
  readonly frames: readonly { readonly header: object; readonly payload: string; readonly left: number }[];
  /** The rule that was broken, where the frame begins that broke it, and its header that far. */
  readonly fault: readonly [rule: string, offset: number, header: string] | undefined;
  readonly pendingSince: number;
}

/** Reads chunks to their ends or to the first fault, and checks each part. */
export function readFrames(chunks: readonly Uint8Array[], rules: FrameRules): FramesRead {
  const reader = new FrameReader(rules);
  const found: { header: object; payload: Uint8Array; left: number }[] = [];
  let fault: FramesRead['fault'];
  try {
    for (const chunk of chunks) {
      reader.receive(chunk);
      for (let part = reader.next(); part !== undefined; part = reader.next()) {
        const { header, first, start, end, offset, left, whole } = part;
        if (first) found.push({ header: { ...header }, payload: new Uint8Array(0), left: header.length });
        const frame = found.at(-1);
        const isNext = offset === frame?.payload.length && frame.left - left === end - start;
        if (!isNext || whole !== (first && left === 0))
          throw new Error(`a part of ${start} to ${end} has no place here`);
        const bytes = chunk.slice(start, end);
        applyMask(bytes, header.key, offset);
        frame.payload = concat(frame.payload, bytes);
        frame.left = left;
      }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    fault = [error.rule, error.offset, toHex(reader.headerBytes)];
  }
  const frames = found.map(({ header, payload, left }) => ({ header, payload: toHex(payload), left }));
  return { frames, fault, pendingSince: reader.pendingSince };
}
