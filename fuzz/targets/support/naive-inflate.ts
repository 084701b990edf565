/** DEFLATE by the text of RFC 1951: bit by bit, slow, and strict where zlib is. */

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12_289, 16_385, 24_577,
];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** The input ends inside a block. */
export class Truncated extends Error {}

/** The input is not DEFLATE. */
export class Malformed extends Error {}

/** RFC 7692 7.2.2: the four bytes that a sender removes from the end of a message. */
const TAIL = [0x00, 0x00, 0xff, 0xff];

/**
 * Inflates a message (RFC 7692 7.2.2). A final block (BFINAL) does not end it (7.2.3.4). The appended tail must complete the
 * header of an empty block; if the tail is read as data or as the end of another block, the message is truncated.
 * At most 1,024 blocks may have BFINAL set, plus one for each 64 bytes of output: a limit of ours.
 *
 * @param output the bytes inflated before, which are the window; new output is appended
 * @param maxDistance how far back a match may reach, in bytes
 * @throws {Truncated | Malformed}
 */
export function inflateMessage(message: Uint8Array, output: number[], maxDistance: number): void {
  const bits = new Bits(Uint8Array.of(...message, ...TAIL), message.length);
  const before = output.length;
  let finals = 0;
  while (bits.left > 0) {
    const final = bits.read(1) === 1;
    const type = bits.read(2);
    if (type === 0) copyStored(bits, output);
    else if (type === 1) copyCoded(bits, [FIXED_LITERALS, FIXED_DISTANCES], output, maxDistance);
    else if (type === 2) copyCoded(bits, readCodes(bits), output, maxDistance);
    else throw new Malformed('block type 3');
    // The block behind a final one begins at a byte boundary.
    if (final) bits.align();
    if (final && ++finals > 1024 + (output.length - before) / 64) throw new Malformed('too many final blocks');
    if (bits.isInTail && bits.left > 0) throw new Truncated();
  }
}

class Bits {
  readonly #bytes: Uint8Array;
  readonly #tail: number;
  #at = 0;

  /** @param tail the offset of the appended tail, in bytes */
  constructor(bytes: Uint8Array, tail: number) {
    this.#bytes = bytes;
    this.#tail = 8 * tail;
  }

  /** Tells whether the last bit read belongs to the appended tail. */
  get isInTail(): boolean {
    return this.#at > this.#tail;
  }

  get left(): number {
    return 8 * this.#bytes.length - this.#at;
  }

  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new Truncated();
      value |= ((byte >> (this.#at++ & 7)) & 1) << i;
    }
    return value;
  }

  align(): void {
    this.#at = (this.#at + 7) & ~7;
  }
}

/** 3.2.4 */
function copyStored(bits: Bits, output: number[]): void {
  bits.align();
  const length = bits.read(16);
  if ((bits.read(16) ^ length) !== 0xffff) throw new Malformed('LEN and NLEN');
  for (let i = 0; i < length; i++) {
    const byte = bits.read(8);
    if (bits.isInTail) throw new Truncated();
    output.push(byte);
  }
}

/** 3.2.2: symbols by their code and its length. */
type Code = ReadonlyMap<string, number>;

type Codes = readonly [literals: Code, distances: Code];

function codeOf(lengths: readonly number[], mayBeIncomplete: boolean): Code {
  const used = lengths.filter((length) => length > 0);
  const space = used.reduce((sum, length) => sum + 2 ** -length, 0);
  const single = used.length === 1 && used[0] === 1;
  if (space > 1) throw new Malformed('over-subscribed');
  if (space < 1 && !(mayBeIncomplete && (single || used.length === 0))) throw new Malformed('incomplete');
  const code = new Map<string, number>();
  let next = 0;
  for (let length = 1; length <= 15; length++) {
    for (const [symbol, each] of lengths.entries()) {
      if (each === length) code.set((next++).toString(2).padStart(length, '0'), symbol);
    }
    next *= 2;
  }
  return code;
}

function readSymbol(bits: Bits, code: Code): number {
  let read = '';
  while (read.length < 15) {
    read += bits.read(1);
    const symbol = code.get(read);
    if (symbol !== undefined) return symbol;
  }
  throw new Malformed('no such code');
}

/** 3.2.6 */
const FIXED_LITERALS = codeOf(
  Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
  false,
);
const FIXED_DISTANCES = codeOf(Array<number>(32).fill(5), false);

/** 3.2.7 */
function readCodes(bits: Bits): Codes {
  const literals = bits.read(5) + 257;
  const distances = bits.read(5) + 1;
  const count = bits.read(4) + 4;
  if (literals > 286 || distances > 30) throw new Malformed('too many symbols');
  const order: number[] = Array<number>(19).fill(0);
  for (const symbol of CODE_LENGTH_ORDER.slice(0, count)) order[symbol] = bits.read(3);
  const codeLengths = codeOf(order, false);
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const symbol = readSymbol(bits, codeLengths);
    if (symbol < 16) {
      lengths.push(symbol);
      continue;
    }
    const last = lengths.at(-1);
    if (symbol === 16 && last === undefined) throw new Malformed('nothing to repeat');
    const times = symbol === 16 ? 3 + bits.read(2) : symbol === 17 ? 3 + bits.read(3) : 11 + bits.read(7);
    for (let i = 0; i < times; i++) lengths.push(symbol === 16 ? (last ?? 0) : 0);
  }
  if (lengths.length > literals + distances) throw new Malformed('repeats too often');
  if (lengths[256] === 0) throw new Malformed('a block cannot end');
  return [codeOf(lengths.slice(0, literals), true), codeOf(lengths.slice(literals), true)];
}

/** 3.2.5 */
function copyCoded(bits: Bits, [literals, distances]: Codes, output: number[], maxDistance: number): void {
  while (true) {
    const symbol = readSymbol(bits, literals);
    if (symbol === 256) return;
    if (bits.isInTail) throw new Truncated();
    if (symbol < 256) {
      output.push(symbol);
      continue;
    }
    const base = LENGTH_BASE[symbol - 257];
    if (base === undefined) throw new Malformed('no such length');
    const length = base + bits.read(LENGTH_EXTRA[symbol - 257] ?? 0);
    const coded = readSymbol(bits, distances);
    const from = DISTANCE_BASE[coded];
    if (from === undefined) throw new Malformed('no such distance');
    const distance = from + bits.read(Math.max(0, (coded >> 1) - 1));
    if (distance > Math.min(output.length, maxDistance)) throw new Malformed('too far back');
    if (bits.isInTail) throw new Truncated();
    for (let i = 0; i < length; i++) output.push(output[output.length - distance] as number);
  }
}
