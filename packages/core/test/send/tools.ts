// Senders to test, and the bytes that they transmit.
import * as assert from 'uvu/assert';
import type { ConnectionOptions } from '../../src/connection/options.ts';
import { resolveOptions } from '../../src/connection/resolved-options.ts';
import { Sender } from '../../src/send/sender.ts';
import { decodeFrames, type Frame } from '../reference.ts';
import { drain, hex, toHex } from '../support.ts';

/** The masking key of the examples of 5.7, which `random` always returns. */
export const KEY = hex('37 fa 21 3d');
export const random = (bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; at += 4) bytes.set(KEY, at);
};

export function server(options: ConnectionOptions = {}): Sender {
  return new Sender(resolveOptions(options), false);
}

export function client(options: ConnectionOptions = {}): Sender {
  return new Sender(resolveOptions({ random, ...options }), true);
}

/** Returns the parts of `transmit`. */
export function* parts(from: Sender): Generator<Uint8Array> {
  for (let part = from.transmit(); part !== undefined; part = from.transmit()) yield part;
}

/** Returns all bytes that wait, and asserts that `queuedBytes` was right. */
export function take(from: Sender): Uint8Array {
  const queued = from.queuedBytes;
  const bytes = drain(from);
  assert.is(queued, bytes.length, 'queuedBytes is what transmit returns');
  assert.is(from.queuedBytes, 0);
  return bytes;
}

/** Returns all bytes that wait, as digits. */
export function sent(from: Sender): string {
  return toHex(take(from));
}

/** Returns all frames that wait, as the reference decodes them. */
export function frames(from: Sender): Frame[] {
  const { frames, rest } = decodeFrames(take(from));
  assert.is(rest, 0);
  return frames;
}

/** Returns bytes that all differ from their neighbours. */
export function bytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).map((_, i) => (i * 7) & 0xff);
}

/** Returns bytes that tell which sender they belong to. */
export const of = (whose: number, length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(whose);

/** Returns the parts in which everything that waits leaves. */
export function transmitted(from: Sender, max?: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let part = from.transmit(max); part !== undefined; part = from.transmit(max)) parts.push(part);
  return parts;
}

/** Transfers the memory of bytes away. */
export const transfer = (bytes: Uint8Array<ArrayBuffer>): unknown =>
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
