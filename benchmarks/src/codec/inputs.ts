/** Inputs for decoding and encoding: texts, payloads, frames, and streams of frames cut into chunks. */
import { isUtf8 } from 'node:buffer';
import { frameHead } from '../net/frames.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** The size of the chunks that a busy Node socket delivers. */
export const CHUNK = 64 * KIB;

/** The contents of a payload. */
export type Kind = 'text' | 'CJK text' | 'mixed text' | 'binary';

const ALPHABETS: Readonly<Record<Exclude<Kind, 'binary'>, readonly string[]>> = {
  text: [...'the quick brown fox jumps over the lazy dog '],
  'CJK text': [...'天地玄黄宇宙洪荒日月盈昃辰宿列張寒来暑往秋収冬蔵'],
  'mixed text': [...'Größe, naïveté, 東京, ça va 👍 and plain words too '],
};

/** Formats a size: '16 B', '64 KiB', '1 MiB'. */
export function sizeName(size: number): string {
  if (size < KIB) return `${size} B`;
  return size < MIB ? `${size / KIB} KiB` : `${size / MIB} MiB`;
}

/** Returns a payload of exactly `size` bytes; each `seed` begins at a different place of the alphabet. */
export function payload(kind: Kind, size: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(size);
  if (kind === 'binary') {
    for (let at = 0; at < size; at++) bytes[at] = (at * 31 + seed * 7 + (at >> 8)) & 0xff;
    return bytes;
  }
  const letters = ALPHABETS[kind];
  const first = seed % letters.length;
  bytes.fill([...letters.slice(first), ...letters.slice(0, first)].join(''));
  // Dots replace a code point that was cut off.
  let end = size;
  while (end > 0 && ((bytes[end - 1] as number) & 0xc0) === 0x80) end--;
  if (end > 0 && (bytes[end - 1] as number) >= 0xc0) end--;
  if (!isUtf8(bytes.subarray(end))) bytes.fill('.', end);
  return bytes;
}

/** Returns a message in a single frame (RFC 6455 5.2), masked with a key derived from `seed`. */
export function frame(kind: Kind, data: Buffer, masked: boolean, seed: number): Buffer {
  const head = frameHead(kind === 'binary' ? 2 : 1, data.length, masked);
  if (!masked) return Buffer.concat([head, data]);
  const key = Buffer.from([0x37 ^ seed, 0xfa, 0x21, 0x3d ^ (seed >> 8)]);
  return Buffer.concat([head, key, data.map((byte, at) => byte ^ (key[at & 3] as number))]);
}

/** Whole frames, and the chunks in which they arrive. */
export interface Stream {
  readonly chunks: readonly Buffer[];
  readonly messages: number;
  /** The sum of the lengths of the messages, in UTF-16 code units of text or bytes of binary. */
  readonly length: number;
}

/** How the frames of a {@link Stream} arrive. */
export type Delivery = 'one frame per chunk' | 'coalesced' | '1460-byte cuts' | '1-byte cuts';

/** Returns as many messages of one kind and size as fill a chunk of 64 KiB, or a single one if it is longer. */
export function stream(kind: Kind, size: number, masked: boolean, delivery: Delivery): Stream {
  const space = delivery === '1-byte cuts' ? 2 * KIB : CHUNK;
  const one = frame(kind, payload(kind, size), masked, 0).length;
  const count = Math.max(1, Math.floor(space / one));
  const payloads = Array.from({ length: count }, (_, seed) => payload(kind, size, seed));
  const frames = payloads.map((data, seed) => frame(kind, data, masked, seed));
  return {
    chunks: delivery === 'one frame per chunk' ? frames : cut(frames, CUTS[delivery]),
    messages: count,
    length: payloads.reduce((sum, data) => sum + lengthOf(kind, data), 0),
  };
}

/** The distribution of lengths in a mixed stream: uniform, or uniform in orders of magnitude, so that most are short. */
export type Mix = 'even' | 'short';

/** Returns texts and binary messages of 1 to 4096 bytes in a shuffled order that is the same every time. */
export function mixedStream(masked: boolean, chunk: number, mix: Mix): Stream {
  const frames: Buffer[] = [];
  let length = 0;
  for (let seed = 0, random = 1; seed < 128; seed++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fffffff;
    const kind = random & 0x10000 ? 'text' : 'binary';
    const part = (random >> 8) & 4095;
    const data = payload(kind, mix === 'even' ? 1 + part : Math.floor(4097 ** ((part + 0.5) / 4096)), seed);
    frames.push(frame(kind, data, masked, seed));
    length += lengthOf(kind, data);
  }
  return { chunks: cut(frames, chunk), messages: frames.length, length };
}

const CUTS = { coalesced: CHUNK, '1460-byte cuts': 1460, '1-byte cuts': 1 };

function cut(frames: readonly Buffer[], size: number): Buffer[] {
  const all = Buffer.concat(frames);
  return Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.subarray(n * size, (n + 1) * size));
}

const lengthOf = (kind: Kind, data: Buffer): number => (kind === 'binary' ? data.length : data.toString().length);
