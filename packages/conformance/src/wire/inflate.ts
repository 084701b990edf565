/**
 * DEFLATE (RFC 1951) as permessage-deflate needs it: it keeps its window between messages and past a block with BFINAL, and tells how
 * far back a stream refers. It is slow and small, and no implementation under test uses it.
 */

/** What is wrong with compressed data. */
export class InflateError extends Error {}

const LENGTH_BASE: number[] = [];
const LENGTH_EXTRA: number[] = [];
const DISTANCE_BASE: number[] = [];
const DISTANCE_EXTRA: number[] = [];
for (let i = 0, base = 3; i < 28; i++) {
  const extra = i < 8 ? 0 : (i >> 2) - 1;
  LENGTH_BASE.push(base);
  LENGTH_EXTRA.push(extra);
  base += 1 << extra;
}
LENGTH_BASE.push(258);
LENGTH_EXTRA.push(0);
for (let i = 0, base = 1; i < 30; i++) {
  const extra = i < 4 ? 0 : (i >> 1) - 1;
  DISTANCE_BASE.push(base);
  DISTANCE_EXTRA.push(extra);
  base += 1 << extra;
}
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many codes there are of each length, and their symbols in order. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function codeOf(lengths: readonly number[]): Code {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length] = (counts[length] ?? 0) + 1;
  const offsets = [0, 0];
  for (let i = 1; i < 15; i++) offsets.push((offsets[i] ?? 0) + (counts[i] ?? 0));
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) {
    if (length === 0) continue;
    const at = offsets[length] ?? 0;
    symbols[at] = symbol;
    offsets[length] = at + 1;
  }
  counts[0] = 0;
  return { counts, symbols };
}

const FIXED_LENGTHS = codeOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)));
const FIXED_DISTANCES = codeOf(Array.from({ length: 30 }, () => 5));

/** One direction of a connection. */
export class Inflater {
  readonly #takeover: boolean;
  #output: Uint8Array = new Uint8Array(65_536);
  #end = 0;
  /** The greatest distance of the last message. */
  farthest = 0;

  constructor(takeover: boolean) {
    this.#takeover = takeover;
  }

  /**
   * Returns the payload of a message.
   *
   * @throws InflateError if the data is not DEFLATE, or does not end as 7.2.1 says
   */
  message(data: Uint8Array, limit: number): Uint8Array {
    const kept = this.#takeover ? Math.min(this.#end, 32_768) : 0;
    this.#output.copyWithin(0, this.#end - kept, this.#end);
    this.#end = kept;
    this.farthest = 0;
    const input = new Uint8Array(data.length + 4);
    input.set(data);
    input.set([0, 0, 255, 255], data.length);
    const bits = new Bits(input);
    // The last block is the empty one that was taken off: it ends with the input.
    for (let last = 0; last !== input.length; last = bits.position) {
      const final = bits.take(1);
      const type = bits.take(2);
      if (type === 0) this.#stored(bits);
      else if (type === 1) this.#compressed(bits, FIXED_LENGTHS, FIXED_DISTANCES);
      else if (type === 2) this.#dynamic(bits);
      else throw new InflateError('a block of type 3');
      if (final === 1) bits.align();
      if (type !== 0 && bits.position === input.length)
        throw new InflateError('the data does not end with an empty block');
      if (this.#end - kept > limit) throw new InflateError(`more than ${limit} bytes`);
    }
    return this.#output.slice(kept, this.#end);
  }

  #stored(bits: Bits): void {
    bits.align();
    const length = bits.take(16);
    if (bits.take(16) !== (length ^ 0xffff)) throw new InflateError('a stored block whose length is not confirmed');
    for (let i = 0; i < length; i++) this.#put(bits.take(8));
  }

  #dynamic(bits: Bits): void {
    const [lengths, distances, codes] = [bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4];
    const first = new Array<number>(19).fill(0);
    for (const symbol of ORDER.slice(0, codes)) first[symbol] = bits.take(3);
    const code = codeOf(first);
    const all: number[] = [];
    while (all.length < lengths + distances) {
      const symbol = bits.symbol(code);
      if (symbol < 16) all.push(symbol);
      else {
        const value = symbol === 16 ? all.at(-1) : 0;
        if (value === undefined) throw new InflateError('nothing to repeat');
        const times = symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7);
        for (let i = 0; i < times; i++) all.push(value);
      }
    }
    this.#compressed(bits, codeOf(all.slice(0, lengths)), codeOf(all.slice(lengths, lengths + distances)));
  }

  #compressed(bits: Bits, lengths: Code, distances: Code): void {
    while (true) {
      const symbol = bits.symbol(lengths);
      if (symbol === 256) return;
      if (symbol < 256) {
        this.#put(symbol);
        continue;
      }
      const base = LENGTH_BASE[symbol - 257];
      if (base === undefined) throw new InflateError('a length that does not exist');
      const length = base + bits.take(LENGTH_EXTRA[symbol - 257] ?? 0);
      const slot = bits.symbol(distances);
      const distance = (DISTANCE_BASE[slot] ?? Infinity) + bits.take(DISTANCE_EXTRA[slot] ?? 0);
      if (distance > this.#end) throw new InflateError(`a distance of ${distance}, and only ${this.#end} bytes before`);
      this.farthest = Math.max(this.farthest, distance);
      for (let i = 0; i < length; i++) this.#put(this.#output[this.#end - distance] ?? 0);
    }
  }

  #put(byte: number): void {
    if (this.#end === this.#output.length) {
      const larger = new Uint8Array(2 * this.#end);
      larger.set(this.#output);
      this.#output = larger;
    }
    this.#output[this.#end++] = byte;
  }
}

class Bits {
  readonly #bytes: Uint8Array;
  #next = 0;
  #held = 0;
  #count = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The number of bytes that have been begun. */
  get position(): number {
    return this.#next;
  }

  take(count: number): number {
    while (this.#count < count) {
      if (this.#next === this.#bytes.length) throw new InflateError('the data ends inside a block');
      this.#held |= (this.#bytes[this.#next++] ?? 0) << this.#count;
      this.#count += 8;
    }
    const value = this.#held & ((1 << count) - 1);
    this.#held >>>= count;
    this.#count -= count;
    return value;
  }

  align(): void {
    this.#held = 0;
    this.#count = 0;
  }

  symbol({ counts, symbols }: Code): number {
    for (let length = 1, code = 0, first = 0, index = 0; length < 16; length++) {
      code |= this.take(1);
      const count = counts[length] ?? 0;
      if (code - count < first) return symbols[index + (code - first)] ?? 0;
      index += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    throw new InflateError('bits that are no code');
  }
}
