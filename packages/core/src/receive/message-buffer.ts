/**
 * The growable buffer for bytes that cannot be delivered as a view of the chunk in which they arrived.
 *
 * Its size depends on the number of bytes received, not on the number of parts. A length that the peer only announces makes it at most
 * twice as large as the bytes that have arrived (RFC 6455 10.4).
 */
import { copyBytes, TransferredError } from '../bytes.ts';
import { host } from '../host.ts';

/** Memory for an announced length up to this many bytes is allocated at once. */
const SMALL = 4096;

/** The smallest allocation for a longer or unknown length. */
const FIRST_CAPACITY = 1024;

const NOTHING = new Uint8Array(0);

/**
 * A part of at least this many bytes is kept as a view of its chunk instead of being copied, provided that it fills at least half of
 * the chunk's memory. A part is always copied when earlier frames of the same chunk were delivered: the application holds views of that
 * memory and may transfer it.
 */
const KEPT_FROM = 1024;

/**
 * Collects bytes part by part and returns them all at once. It occupies at most max(4 KiB, 2 × the most bytes held since the last
 * `take`), and as much again while it joins them.
 */
export class MessageBuffer {
  // The bytes in order: first the parts that are kept as views, then the first `#used` bytes of `#bytes`, which were copied.
  #kept: Uint8Array[] = [];
  #bytes: Uint8Array = NOTHING;
  #used = 0;
  #length = 0;
  // With a single kept part, the number of bytes in front of it that may be overwritten: its frame header has been parsed.
  #free = 0;

  /** The number of bytes held. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends `from[start]` to `from[end - 1]`. These bytes belong to the buffer from here on.
   *
   * @param announced the number of bytes that the buffer will hold in the end, if the peer has announced it
   * @param free the number of bytes in front of `from[start]` that may be overwritten, because they are a header that has been parsed
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
   * Does {@link append} and {@link take} in one step, which saves a copy. The result fills a buffer of its own, unless it could stay in
   * the chunk in which it arrived.
   *
   * @throws {TransferredError} when the memory of an appended part has been transferred or resized
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

  /** Returns a view of all bytes held. It is for reading only and valid until the next `append`. */
  peek(): Uint8Array {
    if (this.#kept.length > 0) {
      // Without room for more, a caller that peeks after every chunk would have everything joined each time.
      this.#bytes = this.#join(2 * this.#length);
      this.#used = this.#length;
      this.#kept = [];
    }
    return this.#used === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#used);
  }

  /** Returns all bytes held, which belong to the caller from here on. The buffer is empty then and occupies no memory. */
  take(): Uint8Array {
    return this.finish(NOTHING, 0, 0);
  }

  #clear(): void {
    // Most messages keep no parts, so most need no new array.
    if (this.#kept.length > 0) this.#kept = [];
    this.#bytes = NOTHING;
    this.#used = this.#length = this.#free = 0;
  }

  /** Makes room for `length` more copied bytes. */
  #reserve(length: number, announced: number): void {
    const need = this.#used + length;
    const { length: capacity } = this.#bytes;
    if (need <= capacity) return;
    const rest = announced - this.#length + this.#used;
    // The memory of the kept parts may already be twice their length, so only the copied bytes decide how much is allocated here.
    const alone = this.#kept.length === 0;
    const room = !alone ? 2 * need : rest <= SMALL ? rest : Math.max(2 * capacity, FIRST_CAPACITY);
    const grown = host.allocate(Math.max(need, Math.min(rest, room)));
    if (this.#used > 0) copyBytes(this.#bytes, 0, this.#used, grown, 0);
    this.#bytes = grown;
  }

  /** Turns the copied bytes into a kept part. */
  #seal(): void {
    if (this.#used === 0) return;
    // Memory that is less than half full is released, and its bytes are copied.
    this.#kept.push(
      2 * this.#used < this.#bytes.length ? this.#bytes.slice(0, this.#used) : this.#bytes.subarray(0, this.#used),
    );
    this.#bytes = NOTHING;
    this.#used = 0;
  }

  /** Moves the single kept part to the front of its own memory, over the parsed header, and returns a view of `length` bytes from there. */
  #moved(length: number): Uint8Array {
    const [part] = this.#kept as [Uint8Array];
    // See Chunk.isTransferred for why this is `byteLength`.
    if (part.byteLength !== this.#length) throw new TransferredError();
    const moved = new Uint8Array(part.buffer, part.byteOffset - this.#free, length);
    moved.set(part);
    return moved;
  }

  /** Returns new memory of `length` bytes that begins with all bytes held. */
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
