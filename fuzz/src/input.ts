/** Reads choices from the front of an input; the rest is the data under test. */
import { type Random, seeded } from '../../packages/adapter/src/testing/random.ts';

/** The bytes of one input, followed by zeros. */
export class Input {
  readonly #data: Uint8Array;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  /** The next byte. */
  byte(): number {
    return this.#data[this.#at++] ?? 0;
  }

  /** The next two bytes as a number. */
  short(): number {
    return this.byte() * 256 + this.byte();
  }

  /** The choice that the next byte makes. */
  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.byte() % choices.length] ?? choices[0];
  }

  /** The next `length` bytes, or fewer at the end. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const start = Math.min(this.#at, this.#data.length);
    this.#at = start + length;
    return Uint8Array.from(this.#data.subarray(start, start + length));
  }

  /** The remaining bytes. */
  rest(): Uint8Array<ArrayBuffer> {
    return this.take(this.#data.length);
  }

  /** A random source seeded by the next two bytes. */
  random(): Random {
    return seeded(this.short());
  }
}

/** How to cut a stream, encoded in two bytes: byte by byte, or in parts up to a maximal length. */
export function cutBy(bytes: Uint8Array, longest: number, seed: number): Uint8Array<ArrayBuffer>[] {
  const random = seeded(seed);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = start + 1 + Math.floor(random() * longest);
    pieces.push(Uint8Array.from(bytes.subarray(start, end)));
    start = end;
  }
  return pieces;
}

/** Returns text with one character for each byte. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** Returns the bytes of such a text. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
