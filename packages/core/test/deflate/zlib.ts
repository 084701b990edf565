// What native zlib, an implementation that is not ours, makes of messages.
import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { join } from '../support.ts';

const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);

/** A message as native zlib compresses it (7.2.1). */
export function deflate(data: string | Uint8Array, options: { windowBits?: number; level?: number } = {}): Uint8Array {
  const bytes = deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH, ...options });
  return Uint8Array.from(bytes.subarray(0, -TAIL.length));
}

/** Returns what native zlib decompresses from messages that share a window of 2^bits bytes (7.2.2). */
export function inflate(messages: readonly Uint8Array[], windowBits = 15): Uint8Array {
  const options = { windowBits, finishFlush: constants.Z_SYNC_FLUSH };
  return Uint8Array.from(inflateRawSync(join(messages.flatMap((message) => [message, TAIL])), options));
}
