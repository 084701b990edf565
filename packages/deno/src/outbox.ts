/** What is to be written, in parts that are worth a call to the operating system each. */
import type { Connection } from '@sockless/core';

/**
 * Up to here parts are joined, in memory of their own: copying costs less than another call. Beyond, it costs as much or
 * more, since new memory has to be cleared as well.
 */
const MAX_JOINED = 16_384;

/** The operating system is handed this much at most: so little that what moves there shows that the peer reads. */
const MAX_WRITE = 262_144;

/**
 * Returns the next bytes to write, or `undefined` when there are none for now. Whoever writes them has them all to
 * itself, or borrows them from the application.
 */
export function nextWrite(connection: Connection, now: number): Uint8Array | undefined {
  const first = connection.transmit(now, MAX_WRITE);
  if (first === undefined || first.length >= MAX_JOINED || connection.queuedBytes === 0) return first;
  const parts = [first];
  let length = first.length;
  while (length < MAX_JOINED) {
    const next = connection.transmit(now, MAX_JOINED - length);
    if (next === undefined) break;
    parts.push(next);
    length += next.length;
  }
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
