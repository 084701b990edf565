/** Joins the bytes to be written into parts that are each worth a call to the operating system. */
import type { Connection } from '@sockless/core';

/**
 * Parts are joined up to this many bytes, in new memory: copying costs less than another call. Beyond that it costs as
 * much or more, because new memory must be cleared as well.
 */
const MAX_JOINED = 16_384;

/** The most bytes in one write. It is small enough that progress shows whether the peer is reading. */
const MAX_WRITE = 262_144;

/**
 * Returns the next bytes to write, or `undefined` if there are none for now. They belong to the caller, or are borrowed
 * from the application.
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
