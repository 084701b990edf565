/**
 * The bytes of a connection that wait to be transmitted (RFC 6455 6.1).
 *
 * Most frames are written into the scratch, memory that all outboxes share. One outbox owns it at a time. Before another outbox uses it,
 * the owner copies its frames into a part, which is memory of its own. So an outbox holds a list of parts, and after them the frames in the
 * scratch, if it owns that. A part holds an HTTP head, one or more frames, or a head and the frames behind it. A lent frame, or a prepared
 * one that was not copied, is a part too (a `Loan`); its memory is not the outbox's. The scratch is never handed out: `transmit` returns a
 * copy, a part, or a piece of a part, and no outbox writes to any of these again. Two outboxes hand out the same memory only for a prepared
 * message, or when the application has lent the same bytes to both connections.
 *
 * A writer calls `reserve`, writes into `bytes` or `words` from the returned position on, and calls `commit`. Bytes that were written and
 * never committed are not queued: the next frame overwrites them, or their memory is dropped.
 */
import { copyBytes, wordsOf } from '../bytes.ts';
import { createFrameHeader, decodeFrameHeader, type FrameRules } from '../frame/header.ts';
import { host } from '../host.ts';
import { Loan } from './loan.ts';

const NOTHING = new Uint8Array(0);
const NO_WORDS: DataView = new DataView(NOTHING.buffer);

/** The length of the scratch in bytes. */
const SCRATCH_SIZE = 98_304;

/**
 * A frame above this length, unless it is lent or shared, gets new memory, together with the frames in the scratch that wait before it.
 * For a shorter frame the scratch is cheaper, although the frame is copied out of it later, because the scratch stays in caches
 * (benchmarks: echo).
 */
const LARGE = 81_920;

/** A prepared frame below this length is copied if others wait before it, because a part of its own costs more. */
const SHARED_FROM = 4096;

/** Accepts every frame that a sender can have written. */
const ANY: FrameRules = { masked: undefined, rsv: 7, maxFrameSize: Infinity };

/** The scratch, allocated when it is first needed, and its owner. */
let scratch = NOTHING;
let scratchWords = NO_WORDS;
let owner: Outbox | undefined;

/** The bytes of one connection that wait for `transmit`. */
export class Outbox {
  /** The memory to write a frame into: the scratch, or memory of this outbox's own. Valid from `reserve` to `commit`. */
  bytes: Uint8Array = NOTHING;
  /** A `DataView` of {@link bytes}. */
  words: DataView = NO_WORDS;
  /** The number of bytes that wait for `transmit`. */
  queuedBytes = 0;
  /**
   * Set when `transmit` stops because memory that it needs was transferred or shrunk. `'unsent'`: the memory is a borrowed payload or the
   * frame of a prepared message, and nothing of its frame has been transmitted. `'cut'`: some bytes of the first part have been
   * transmitted, and the rest is gone. The transmitted bytes may end inside a frame or between two. Each call of `transmit` resets
   * `broken` first.
   */
  broken: 'unsent' | 'cut' | undefined = undefined;

  // The queue, in order: first `#parts[#first]` from byte `#offset` on, then the parts after it, then the frames in `bytes[0]` to
  // `bytes[#position - 1]`.
  #position = 0;
  #parts: (Uint8Array | Loan)[] = [];
  #first = 0;
  #offset = 0;
  // The index in the first part, or in `bytes`, at which an HTTP head and its body end; 0 if there is no head.
  #head = 0;

  /** Makes room for `size` bytes and returns the index in {@link bytes} at which to write them. */
  reserve(size: number): number {
    const position = this.#position;
    return owner === this && position + size <= SCRATCH_SIZE && size <= LARGE ? position : this.#makeRoom(size);
  }

  /** Queues the bytes written since `reserve`, which end before index `end`. */
  commit(end: number): void {
    this.queuedBytes += end - this.#position;
    this.#position = end;
    if (owner !== this) this.vacate();
  }

  /** Queues an HTTP head and its body as {@link commit} queues frames. */
  commitHead(end: number): void {
    this.#head = this.queuedBytes + end - this.#position;
    this.commit(end);
  }

  /**
   * Queues a frame whose payload is borrowed from the application or a prepared message. The payload must not change until it has been
   * written, or copied by {@link endLoans}, because `transmit` returns views of it.
   *
   * @param header the header of the frame, which belongs to the outbox from here on
   * @param payload a view of fixed length, and no Node `Buffer`
   */
  lend(header: Uint8Array, payload: Uint8Array): void {
    this.vacate();
    this.#parts.push(new Loan(header, payload));
    this.queuedBytes += header.length + payload.length;
  }

  /** Queues the frame of a prepared message. Other outboxes may transmit it too, so no outbox writes to it. */
  share(frame: Loan): void {
    const { length } = frame;
    if (this.queuedBytes > 0 && length < SHARED_FROM) {
      const at = this.reserve(length);
      copyBytes(frame.from(0, length), 0, length, this.bytes, at);
      this.commit(at + length);
      return;
    }
    this.vacate();
    // A new list with one element takes less memory than an empty list to which an element is added.
    if (this.queuedBytes === 0) this.#parts = [frame];
    else this.#parts.push(frame);
    this.queuedBytes += length;
  }

  /**
   * Returns the next bytes to write, at most `max` of them, or `undefined` when none wait or this call sets {@link broken}. They belong to
   * the caller, with three exceptions: a borrowed payload, the frame of a prepared message, and the pieces that `max` cuts from one part.
   * Their memory is shared: the caller must not transfer it.
   */
  transmit(max: number): Uint8Array | undefined {
    this.broken = undefined;
    if (this.#first < this.#parts.length) return this.#shift(max);
    const length = this.#position;
    if (length === 0) return undefined;
    if (length > max) {
      this.vacate();
      return this.#shift(max);
    }
    const bytes = copyOf(this.bytes, 0, length);
    this.#position = this.#head = this.queuedBytes = 0;
    return bytes;
  }

  /** Whether the next part is a whole prepared frame that was not copied. */
  get nextIsShared(): boolean {
    const part = this.#parts[this.#first];
    return part instanceof Loan && part.isShared && this.#offset === 0;
  }

  /** Writes the next bytes into `into`, as many as fit, or fewer if it sets {@link broken}, and returns how many. */
  transmitInto(into: Uint8Array): number {
    let at = 0;
    while (at < into.length) {
      const length = this.#position;
      if (this.#first === this.#parts.length && length <= into.length - at) {
        // All that still waits, if anything, is in `this.bytes`.
        copyBytes(this.bytes, 0, length, into, at);
        this.#position = this.#head = this.queuedBytes = 0;
        return at + length;
      }
      const bytes = this.transmit(into.length - at);
      if (bytes === undefined) break;
      into.set(bytes, at);
      at += bytes.length;
    }
    return at;
  }

  /**
   * Drops every frame of which no byte has been transmitted, even if earlier fragments of its message have left, and returns the number of
   * bytes dropped. These stay: the rest of a frame that has been transmitted in part, an HTTP head, and the last `tail` bytes.
   *
   * If `transmit` has returned a piece of the first part, and its caller has transferred that piece, the rest of that memory is gone too,
   * and the next `transmit` that needs it sets {@link broken}. If the part is the outbox's own, nothing is dropped then, because its frames
   * cannot be told apart any more. If it is a lent or prepared frame, the frames behind it are dropped as usual.
   */
  drop(tail: number): number {
    const before = this.queuedBytes;
    if (before <= tail) return 0;
    this.vacate();
    const first = this.#parts[this.#first] as Uint8Array | Loan;
    if (first instanceof Uint8Array && this.#isCut(first)) return 0;
    const begun = this.#begun(first);
    const last: (Uint8Array | Loan)[] = [];
    for (let left = tail; left > 0; ) {
      // The tail consists of control frames, which are never borrowed.
      const part = this.#parts.pop() as Uint8Array;
      last.unshift(left < part.length ? copyOf(part, part.length - left, part.length) : part);
      left -= part.length;
    }
    if (begun === undefined) this.#offset = this.#head = 0;
    this.#parts = begun === undefined ? last : [begun, ...last];
    this.#first = 0;
    this.broken = undefined;
    this.queuedBytes = this.#parts.reduce((sum, { length }) => sum + length, 0) - this.#offset;
    return before - this.queuedBytes;
  }

  /** Copies what has not been transmitted of borrowed payloads. */
  endLoans(): void {
    for (const [i, part] of this.#parts.entries()) {
      // A payload whose memory is gone cannot be sent any more, so there is nothing to copy.
      if (part instanceof Loan && !(part.isShared || part.hasChanged)) part.end(i === this.#first ? this.#offset : 0);
    }
  }

  /** Moves the frames in {@link bytes} into a part. If that was the scratch, it is free afterwards. */
  vacate(): void {
    const { bytes } = this;
    const length = this.#position;
    const isScratch = owner === this;
    if (length > 0) this.#parts.push(isScratch || length < bytes.length ? copyOf(bytes, 0, length) : bytes);
    if (isScratch) owner = undefined;
    this.bytes = NOTHING;
    this.words = NO_WORDS;
    this.#position = 0;
  }

  #makeRoom(size: number): number {
    if (size > LARGE) {
      // The frames in the scratch are copied to the front of the new memory.
      const position = this.#position;
      const own = host.allocate(position + size);
      copyBytes(this.bytes, 0, position, own, 0);
      if (owner === this) owner = undefined;
      this.bytes = own;
      this.words = wordsOf(own);
      return position;
    }
    this.vacate();
    owner?.vacate();
    owner = this;
    if (scratch === NOTHING) {
      scratch = new Uint8Array(SCRATCH_SIZE);
      scratchWords = wordsOf(scratch);
    }
    this.bytes = scratch;
    this.words = scratchWords;
    return 0;
  }

  /** Returns the next bytes of the first part. */
  #shift(max: number): Uint8Array | undefined {
    const part = this.#parts[this.#first] as Uint8Array | Loan;
    const start = this.#offset;
    let bytes: Uint8Array;
    if (part instanceof Loan) {
      if (part.hasChanged || part.lacksHeader(start)) {
        this.broken = start === 0 ? 'unsent' : 'cut';
        return undefined;
      }
      bytes = part.from(start, max);
    } else {
      if (this.#isCut(part)) {
        this.broken = 'cut';
        return undefined;
      }
      bytes = start === 0 && part.length <= max ? part : part.subarray(start, start + max);
    }
    this.queuedBytes -= bytes.length;
    this.#offset = start + bytes.length;
    if (this.#offset === part.length) this.#forget();
    return bytes;
  }

  /** Whether the caller has transferred a transmitted piece of `part`, and with it the memory of the whole part. */
  #isCut(part: Uint8Array): boolean {
    return this.#offset > 0 && part.buffer.byteLength === 0;
  }

  /** Removes the first part, all of which has been transmitted. */
  #forget(): void {
    this.#offset = this.#head = 0;
    // Its memory is released at once. The array is shortened only when more than half of it is unused, so it is copied seldom.
    this.#parts[this.#first++] = NOTHING;
    const { length } = this.#parts;
    if (this.#first === length || (this.#first > 64 && 2 * this.#first > length)) {
      this.#parts = this.#first === length ? [] : this.#parts.slice(this.#first);
      this.#first = 0;
    }
  }

  /**
   * Returns the first bytes of `part` up to where dropping may begin: the end of the HTTP head, or of the frame of which only some
   * bytes have been transmitted. Returns `undefined` if nothing has to be completed.
   */
  #begun(part: Uint8Array | Loan): Uint8Array | Loan | undefined {
    const transmitted = this.#offset;
    if (part instanceof Loan) return transmitted > 0 ? part : undefined;
    const header = createFrameHeader();
    let end = this.#head;
    while (end < transmitted) end += decodeFrameHeader(part, end, part.length, ANY, header) + header.length;
    return end > transmitted ? copyOf(part, 0, end) : undefined;
  }
}

/** Returns `bytes[start]` to `bytes[end - 1]` in memory of their own. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = host.allocate(end - start);
  copyBytes(bytes, start, end, copy, 0);
  return copy;
}
