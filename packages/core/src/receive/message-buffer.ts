/**
 * Collects bytes that must wait for more: the parts of a message or a handshake, or chunks that arrive while another is being read. It
 * copies short parts into memory that grows, and keeps long ones as views of their chunks.
 *
 * Its size depends on the number of bytes received, not on the number of parts. An announced length never makes it allocate more than
 * twice the number of bytes that have arrived, or 4 KiB if that is more (RFC 6455 10.4).
 */
import { copyBytes, TransferredError, viewOf } from '../bytes.ts';
import { host } from '../host.ts';

/** A part of at least this many bytes may be kept as a view of its chunk, if it fills at least half of the chunk's memory. */
const KEPT_FROM = 1024;

/** While no parts are kept as views, memory for an announced length up to this many bytes is allocated at once. */
const SMALL = 4096;

/** The smallest allocation for a longer or unknown length, while no parts are kept as views. */
const FIRST_CAPACITY = 1024;

/** Up to this many bytes, `new Uint8Array(n)` is much faster than `host.allocate(n)` (benchmarks: decode, 1-byte cuts). */
const IN_HEAP = 64;

const NOTHING = new Uint8Array(0);

/**
 * Collects bytes part by part and returns them all at once. It occupies at most twice the bytes held, or 4 KiB if that is
 * more, and as much again while it grows or joins them.
 */
export class MessageBuffer {
  // The bytes in order: first the parts that are kept as views, then the first `#used` bytes of `#bytes`, which were copied.
  #kept: Uint8Array[] = [];
  // The length of each kept part when it arrived. Its own `length` may differ later: a view of resizable memory can change with it.
  #lengths: number[] = [];
  #bytes: Uint8Array = NOTHING;
  #used = 0;
  #length = 0;
  // With a single kept part: the number of bytes before it (its parsed frame header) that may be overwritten.
  #free = 0;

  /** The number of bytes held. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends the bytes `start` to `end - 1` of `from`, which belong to the buffer from here on.
   *
   * @param announced the number of bytes that the buffer will hold in the end, if the peer has announced it
   * @param free the number of bytes in front of `from[start]` that may be overwritten, because they are a header that has been parsed
   */
  append(from: Uint8Array, start = 0, end: number = from.length, announced: number = Infinity, free = 0): void {
    const length = end - start;
    const isLong = length >= KEPT_FROM && announced > SMALL;
    const fits = this.#used + length <= this.#bytes.length;
    // If frames lie before this part in the chunk, the application may have views of them and transfer their memory.
    const isFirstInChunk = start === free;
    if (isLong && !fits && isFirstInChunk && 2 * length >= from.buffer.byteLength) {
      this.#seal();
      this.#free = this.#kept.length === 0 ? free : 0;
      this.#keep(length === from.length ? from : viewOf(from, start, end), length);
    } else {
      this.#reserve(length, announced);
      copyBytes(from, start, end, this.#bytes, this.#used);
      this.#used += length;
    }
    this.#length += length;
  }

  /**
   * Appends the last part and returns all bytes. This call copies no byte more than once. The result has an ArrayBuffer to itself, with one
   * exception: if all bytes held are one kept part, and the last part fits into the space of the parsed header in front of the kept one,
   * the kept part moves over that header, and the result is a view of its chunk.
   *
   * @throws {TransferredError} when the memory of a part that is kept as a view has been transferred or shrunk
   */
  finish(from: Uint8Array, start = 0, end: number = from.length): Uint8Array {
    const length = end - start;
    const need = this.#length + length;
    const { length: parts } = this.#kept;
    const fillsItsMemory = parts === 0 && this.#used > 0 && need === this.#bytes.length;
    const fitsIntoChunk = parts === 1 && this.#used === 0 && length <= this.#free;
    let whole: Uint8Array;
    if (fillsItsMemory) whole = this.#bytes;
    else if (fitsIntoChunk) whole = this.#moved(need);
    else whole = this.#join(need);
    copyBytes(from, start, end, whole, this.#length);
    // It makes new lists, which most messages do not need.
    if (parts > 0) this.#forget();
    this.#bytes = NOTHING;
    this.#used = this.#length = this.#free = 0;
    return whole;
  }

  /**
   * Returns a view of all bytes held. It is for reading only, valid until the next `append`, and never for the application: its memory may
   * be longer and hold bytes that were never written.
   *
   * @throws {TransferredError} as {@link finish} does
   */
  peek(): Uint8Array {
    if (this.#kept.length > 0) {
      // Allocate twice what is needed, so that a caller that peeks after every chunk does not join everything each time.
      this.#bytes = this.#join(2 * this.#length);
      this.#used = this.#length;
      this.#forget();
    }
    return this.#used === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#used);
  }

  /**
   * Returns all bytes held, which belong to the caller from here on. The buffer is empty afterwards and occupies no memory.
   *
   * @throws {TransferredError} as {@link finish} does
   */
  take(): Uint8Array {
    return this.finish(NOTHING);
  }

  /** Makes room for `length` more copied bytes. */
  #reserve(length: number, announced: number): void {
    const need = this.#used + length;
    const { length: capacity } = this.#bytes;
    if (need <= capacity) return;
    const rest = announced - this.#length + this.#used;
    let room = rest <= SMALL ? rest : Math.max(2 * capacity, FIRST_CAPACITY);
    // Kept parts may occupy twice their length already, so the memory of the copied bytes must not exceed twice their length either.
    if (this.#kept.length > 0) room = 2 * need;
    const size = Math.max(need, Math.min(rest, room));
    const grown = size <= IN_HEAP ? new Uint8Array(size) : host.allocate(size);
    if (this.#used > 0) copyBytes(this.#bytes, 0, this.#used, grown, 0);
    this.#bytes = grown;
  }

  /** Turns the copied bytes into a kept part. */
  #seal(): void {
    if (this.#used === 0) return;
    // Bytes that fill less than half of their memory are copied, so that the rest of it is released.
    const isTrimmed = 2 * this.#used < this.#bytes.length;
    this.#keep(isTrimmed ? this.#bytes.slice(0, this.#used) : this.#bytes.subarray(0, this.#used), this.#used);
    this.#bytes = NOTHING;
    this.#used = 0;
  }

  #keep(part: Uint8Array, length: number): void {
    this.#kept.push(part);
    this.#lengths.push(length);
  }

  #forget(): void {
    this.#kept = [];
    this.#lengths = [];
  }

  /** Returns the kept part at `index`, with the length that it had when it arrived. */
  #part(index: number): Uint8Array {
    const part = this.#kept[index] as Uint8Array;
    const length = this.#lengths[index] as number;
    // The last byte tells whether memory was lost: see Chunk.isTransferred.
    if (part[length - 1] === undefined) throw new TransferredError();
    return part.length === length ? part : viewOf(part, 0, length);
  }

  /** Moves the single kept part to the front of its chunk, over the parsed header, and returns a view of `length` bytes from there. */
  #moved(length: number): Uint8Array {
    const part = this.#part(0);
    const moved = new Uint8Array(part.buffer, part.byteOffset - this.#free, length);
    moved.set(part);
    return moved;
  }

  /** Returns new memory of `length` bytes that begins with all bytes held. */
  #join(length: number): Uint8Array {
    const joined = host.allocate(length);
    let at = 0;
    for (let i = 0; i < this.#kept.length; i++) {
      const part = this.#part(i);
      joined.set(part, at);
      at += part.length;
    }
    copyBytes(this.#bytes, 0, this.#used, joined, at);
    return joined;
  }
}
