/** Writes DEFLATE (RFC 1951) bit by bit, so that a case has exactly the blocks that it is about. */
import { concat, utf8 } from './bytes.ts';

/** Some bytes, or a match: the length and the distance of what is repeated. */
export type Symbols = readonly (string | Uint8Array | readonly [length: number, distance: number])[];

/** The empty stored block that RFC 7692 7.2.1 takes off the end, but for its first bits. */
const TAIL = 4;

/** A message in the making. Each method adds a block. */
export class Deflated {
  readonly #bytes: number[] = [];
  #held = 0;
  #count = 0;

  /** A stored block. It begins at the next byte. */
  stored(data: string | Uint8Array, { final = false }: { final?: boolean } = {}): this {
    const bytes = typeof data === 'string' ? utf8(data) : data;
    this.#put(Number(final), 1).#put(0, 2).#align();
    this.#put(bytes.length, 16).#put(bytes.length ^ 0xffff, 16);
    for (const byte of bytes) this.#put(byte, 8);
    return this;
  }

  /** A block with the fixed codes. */
  fixed(symbols: Symbols, { final = false, open = false }: { final?: boolean; open?: boolean } = {}): this {
    this.#put(Number(final), 1).#put(1, 2);
    for (const symbol of symbols) {
      if (typeof symbol === 'string') this.#literals(utf8(symbol));
      else if (symbol instanceof Uint8Array) this.#literals(symbol);
      else this.#match(symbol[0], symbol[1]);
    }
    if (!open) this.#fixedCode(256);
    if (final) this.#align();
    return this;
  }

  /**
   * A block whose codes are its own: `a` and a match of 258 bytes one back have one or two bits. One byte becomes 1,032.
   *
   * @param matches a multiple of 4
   */
  bomb(matches: number): this {
    this.#put(0, 1).#put(2, 2);
    // Code lengths 0, 1, 2 and runs of zeros (18), two bits each.
    this.#put(286 - 257, 5)
      .#put(0, 5)
      .#put(18 - 4, 4);
    for (const symbol of [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1])
      this.#put([18, 0, 2, 1].includes(symbol) ? 2 : 0, 3);
    const code = (symbol: number): unknown => this.#codeBits(symbol === 18 ? 3 : symbol, 2);
    const zeros = (count: number): void => {
      code(18);
      this.#put(count - 11, 7);
    };
    zeros(97); // 0 to 96
    code(2); // "a": code 10
    zeros(138);
    zeros(20); // to 255
    code(2); // 256: code 11
    zeros(28); // 257 to 284
    code(1); // 285: code 0
    code(1); // distance 1: code 0
    this.#codeBits(2, 2);
    // Both codes are 0, so that four matches are a byte of zeros, wherever it begins.
    this.#bytes.push(this.#held, ...new Array<number>(matches / 4 - 1).fill(0));
    this.#held = 0;
    this.#codeBits(3, 2);
    return this;
  }

  /** Arbitrary bits, the first one lowest. */
  bits(value: number, count: number): this {
    return this.#put(value, count);
  }

  /** Returns the message as it is sent: with an empty stored block at its end, less the last four bytes. */
  message(): Uint8Array {
    this.stored('');
    return concat(Uint8Array.from(this.#bytes.slice(0, -TAIL)));
  }

  /** Returns the blocks as they are: what lacks the end that 7.2.1 asks for. */
  raw(): Uint8Array {
    this.#align();
    return Uint8Array.from(this.#bytes);
  }

  #literals(bytes: Uint8Array): void {
    for (const byte of bytes) this.#fixedCode(byte);
  }

  #match(length: number, distance: number): void {
    const [symbol, lengthExtra, lengthBits] = slot(length, 3, 257, 8, 2);
    if (length === 258) this.#fixedCode(285);
    else this.#fixedCode(symbol).#put(lengthExtra, lengthBits);
    const [code, extra, bits] = slot(distance, 1, 0, 4, 1);
    this.#codeBits(code, 5).#put(extra, bits);
  }

  #fixedCode(symbol: number): this {
    if (symbol < 144) return this.#codeBits(0x30 + symbol, 8);
    if (symbol < 256) return this.#codeBits(0x190 + symbol - 144, 9);
    if (symbol < 280) return this.#codeBits(symbol - 256, 7);
    return this.#codeBits(0xc0 + symbol - 280, 8);
  }

  /** Huffman codes begin with their highest bit. */
  #codeBits(code: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) this.#put((code >> i) & 1, 1);
    return this;
  }

  #put(value: number, count: number): this {
    for (let i = 0; i < count; i++) {
      this.#held |= ((value >> i) & 1) << this.#count++;
      if (this.#count === 8) this.#align();
    }
    return this;
  }

  #align(): void {
    if (this.#count === 0) return;
    this.#bytes.push(this.#held);
    this.#held = 0;
    this.#count = 0;
  }
}

/** Returns the symbol of a length or a distance, and its extra bits. */
function slot(
  value: number,
  base: number,
  first: number,
  plain: number,
  perBit: number,
): [symbol: number, extra: number, bits: number] {
  for (let symbol = 0, start = base; ; symbol++) {
    const bits = symbol < plain ? 0 : (symbol >> perBit) - 1;
    if (value < start + (1 << bits)) return [first + symbol, value - start, bits];
    start += 1 << bits;
  }
}
