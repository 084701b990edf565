/**
 * The one growable buffer: where bytes wait that cannot be handed out as a view of the chunk they came in.
 *
 * It grows with the bytes received, never with the number of pieces, and towards an announced length no faster than
 * twice what is there (RFC 6455 10.4).
 */
import { copyBytes, TransferredError } from '../bytes.ts';
import { host } from '../host.ts';

/** So much is made room for at once when that is all that was announced. */
const SMALL = 4096;

/** Otherwise the first bytes get this much room. */
const FIRST_CAPACITY = 1024;

const NOTHING = new Uint8Array(0);

/**
 * From this many bytes on a piece that is most of its memory is kept as it is: what is kept for it counts little. But not
 * behind other frames in the chunk: who has been given them owns that memory as well, and may transfer it.
 */
const PIECE_FROM = 1024;

/**
 * Bytes that grow at the end, until they are taken all at once. They occupy never more than max(4 KiB, 2 × the most they
 * have been since the last `take`), and as much again while they are joined.
 */
export class MessageBuffer {
  // Pieces that are kept as they came, and behind them the bytes that were copied.
  #pieces: Uint8Array[] = [];
  #bytes: Uint8Array = NOTHING;
  #used = 0;
  #length = 0;
  // So many bytes before the first piece, which is the only one, are nobody's.
  #free = 0;

  /** How many bytes it holds. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes `from[start]` to `from[end - 1]` for good, to stand behind what is there.
   *
   * @param announced how many bytes the buffer will hold in the end, as far as the peer has said
   * @param free how many bytes before `from[start]` are nobody's: a header that has been read
   */
  append(from: Uint8Array, start: number, end: number, announced = Infinity, free = 0): void {
    const length = end - start;
    if (
      length >= PIECE_FROM &&
      announced > SMALL &&
      this.#used + length > this.#bytes.length &&
      start === free &&
      2 * length >= from.buffer.byteLength
    ) {
      this.#seal();
      this.#free = this.#pieces.length === 0 ? free : 0;
      this.#pieces.push(length === from.length ? from : new Uint8Array(from.buffer, from.byteOffset + start, length));
    } else {
      this.#reserve(length, announced);
      copyBytes(from, start, end, this.#bytes, this.#used);
      this.#used += length;
    }
    this.#length += length;
  }

  /** {@link append} for one byte. */
  push(byte: number, announced: number): void {
    if (this.#used === this.#bytes.length) this.#reserve(1, announced);
    this.#bytes[this.#used++] = byte;
    this.#length++;
  }

  /**
   * {@link append} and {@link take}, with no copy in between. The bytes are alone in their buffer and as long as it is,
   * unless they could stay in the chunk that they came in.
   *
   * @throws {TransferredError} when memory that was given to `append` has been transferred
   */
  finish(from: Uint8Array, start: number, end: number): Uint8Array {
    const need = this.#length + (end - start);
    const { length: pieces } = this.#pieces;
    let whole: Uint8Array;
    if (pieces === 0 && this.#used > 0 && need === this.#bytes.length) whole = this.#bytes;
    else if (pieces === 1 && this.#used === 0 && end - start <= this.#free) whole = this.#moved(need);
    else whole = this.#join(need);
    copyBytes(from, start, end, whole, this.#length);
    this.#clear();
    return whole;
  }

  /** A view of what it holds, for reading only; valid until the next `append`. */
  peek(): Uint8Array {
    if (this.#pieces.length > 0) {
      // With room for more: who looks at every chunk would otherwise have all of it joined each time.
      this.#bytes = this.#join(2 * this.#length);
      this.#used = this.#length;
      this.#pieces = [];
    }
    return this.#used === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#used);
  }

  /** Returns what it holds, which is the caller's for good, and is empty and small again. */
  take(): Uint8Array {
    return this.finish(NOTHING, 0, 0);
  }

  #clear(): void {
    // To set its length is a call into C++ on V8, even where it is 0 already (benchmarks: decode, 1-byte cuts).
    if (this.#pieces.length > 0) this.#pieces = [];
    this.#bytes = NOTHING;
    this.#used = this.#length = this.#free = 0;
  }

  /** Makes room for so many further bytes. */
  #reserve(length: number, announced: number): void {
    const need = this.#used + length;
    const { length: capacity } = this.#bytes;
    if (need <= capacity) return;
    const rest = announced - this.#length + this.#used;
    // The pieces may be in twice their memory already, and give these bytes no further room.
    const alone = this.#pieces.length === 0;
    const room = !alone ? 2 * need : rest <= SMALL ? rest : Math.max(2 * capacity, FIRST_CAPACITY);
    const grown = host.allocate(Math.max(need, Math.min(rest, room)));
    if (this.#used > 0) copyBytes(this.#bytes, 0, this.#used, grown, 0);
    this.#bytes = grown;
  }

  /** What was copied becomes a piece. */
  #seal(): void {
    if (this.#used === 0) return;
    // With few bytes in much room, the bytes alone.
    this.#pieces.push(
      2 * this.#used < this.#bytes.length ? this.#bytes.slice(0, this.#used) : this.#bytes.subarray(0, this.#used),
    );
    this.#bytes = NOTHING;
    this.#used = 0;
  }

  /** Gives the one piece at the beginning of `length` bytes of its own memory: what is missing fits in behind it. */
  #moved(length: number): Uint8Array {
    const [piece] = this.#pieces as [Uint8Array];
    if (piece.length !== this.#length) throw new TransferredError();
    const moved = new Uint8Array(piece.buffer, piece.byteOffset - this.#free, length);
    moved.set(piece);
    return moved;
  }

  /** Gives all there is at the beginning of `length` bytes. */
  #join(length: number): Uint8Array {
    const held = this.#pieces.reduce((sum, piece) => sum + piece.length, this.#used);
    if (held !== this.#length) throw new TransferredError();
    const joined = host.allocate(length);
    let at = 0;
    for (const piece of this.#pieces) {
      joined.set(piece, at);
      at += piece.length;
    }
    copyBytes(this.#bytes, 0, this.#used, joined, at);
    return joined;
  }
}
