/**
 * The growable buffer for bytes that cannot be delivered as a view of the chunk they came in.
 *
 * It grows with the bytes received, never with the number of parts, and towards an announced length no faster than twice what is
 * there (RFC 6455 10.4).
 */
import { copyBytes, TransferredError } from '../bytes.ts';
import { host } from '../host.ts';

/** Up to this many bytes, room for everything that was announced is made at once. */
const SMALL = 4096;

/** The least room that is made otherwise. */
const FIRST_CAPACITY = 1024;

const NOTHING = new Uint8Array(0);

/**
 * From this many bytes on a part that is at least half of its memory is kept where it is instead of being copied. Never when earlier
 * frames of the same chunk were delivered: the application holds views of that memory and may transfer it.
 */
const KEPT_FROM = 1024;

/**
 * Bytes that are appended part by part, and taken all at once. They never occupy more than max(4 KiB, 2 × the most bytes held since
 * the last `take`), and as much again while they are joined.
 */
export class MessageBuffer {
  // Parts that are kept where they are, and behind them the bytes that were copied.
  #kept: Uint8Array[] = [];
  #bytes: Uint8Array = NOTHING;
  #used = 0;
  #length = 0;
  // The number of reusable bytes in front of the single kept part: its frame's header, which has been parsed.
  #free = 0;

  /** The number of bytes it holds. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends `from[start]` to `from[end - 1]`, which must not change from here on.
   *
   * @param announced the number of bytes that the buffer will hold in the end, as far as the peer has announced it
   * @param free the number of bytes in front of `from[start]` that may be overwritten: those of a header that has been parsed
   */
  append(from: Uint8Array, start: number, end: number, announced: number = Infinity, free = 0): void {
    const length = end - start;
    if (
      length >= KEPT_FROM &&
      announced > SMALL &&
      this.#used + length > this.#bytes.length &&
      start === free &&
      2 * length >= from.buffer.byteLength
    ) {
      this.#seal();
      this.#free = this.#kept.length === 0 ? free : 0;
      this.#kept.push(length === from.length ? from : new Uint8Array(from.buffer, from.byteOffset + start, length));
    } else {
      this.#reserve(length, announced);
      copyBytes(from, start, end, this.#bytes, this.#used);
      this.#used += length;
    }
    this.#length += length;
  }

  /**
   * {@link append} and {@link take} with no copy in between. The bytes are alone in their buffer and as long as it is, unless they
   * could stay in the chunk that they came in.
   *
   * @throws {TransferredError} when memory that was given to `append` has been transferred
   */
  finish(from: Uint8Array, start: number, end: number): Uint8Array {
    const need = this.#length + (end - start);
    const { length: parts } = this.#kept;
    let whole: Uint8Array;
    if (parts === 0 && this.#used > 0 && need === this.#bytes.length) whole = this.#bytes;
    else if (parts === 1 && this.#used === 0 && end - start <= this.#free) whole = this.#moved(need);
    else whole = this.#join(need);
    copyBytes(from, start, end, whole, this.#length);
    this.#clear();
    return whole;
  }

  /** Returns a view of everything it holds, to be read only; valid until the next `append`. */
  peek(): Uint8Array {
    if (this.#kept.length > 0) {
      // With room for more: otherwise a caller that looks at every chunk would have everything joined each time.
      this.#bytes = this.#join(2 * this.#length);
      this.#used = this.#length;
      this.#kept = [];
    }
    return this.#used === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#used);
  }

  /** Returns everything it holds, which is the caller's for good; the buffer is then empty and occupies nothing. */
  take(): Uint8Array {
    return this.finish(NOTHING, 0, 0);
  }

  #clear(): void {
    // A new array is only made when it must be: most messages keep no parts.
    if (this.#kept.length > 0) this.#kept = [];
    this.#bytes = NOTHING;
    this.#used = this.#length = this.#free = 0;
  }

  /** Makes room for `length` further bytes. */
  #reserve(length: number, announced: number): void {
    const need = this.#used + length;
    const { length: capacity } = this.#bytes;
    if (need <= capacity) return;
    const rest = announced - this.#length + this.#used;
    // The kept parts may occupy twice their length already, so there is no further room for these bytes.
    const alone = this.#kept.length === 0;
    const room = !alone ? 2 * need : rest <= SMALL ? rest : Math.max(2 * capacity, FIRST_CAPACITY);
    const grown = host.allocate(Math.max(need, Math.min(rest, room)));
    if (this.#used > 0) copyBytes(this.#bytes, 0, this.#used, grown, 0);
    this.#bytes = grown;
  }

  /** The bytes that were copied become a kept part. */
  #seal(): void {
    if (this.#used === 0) return;
    // Few bytes in much room are copied, so that the room is released.
    this.#kept.push(
      2 * this.#used < this.#bytes.length ? this.#bytes.slice(0, this.#used) : this.#bytes.subarray(0, this.#used),
    );
    this.#bytes = NOTHING;
    this.#used = 0;
  }

  /** Returns the single kept part, moved to the front of its own memory, with room for `length` bytes in all. */
  #moved(length: number): Uint8Array {
    const [part] = this.#kept as [Uint8Array];
    // `byteLength`: see Chunk.isTransferred.
    if (part.byteLength !== this.#length) throw new TransferredError();
    const moved = new Uint8Array(part.buffer, part.byteOffset - this.#free, length);
    moved.set(part);
    return moved;
  }

  /** Returns `length` bytes that begin with everything it holds. */
  #join(length: number): Uint8Array {
    const held = this.#kept.reduce((sum, part) => sum + part.byteLength, this.#used);
    if (held !== this.#length) throw new TransferredError();
    const joined = host.allocate(length);
    let at = 0;
    for (const part of this.#kept) {
      joined.set(part, at);
      at += part.length;
    }
    copyBytes(this.#bytes, 0, this.#used, joined, at);
    return joined;
  }
}
