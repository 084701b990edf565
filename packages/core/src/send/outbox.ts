/**
 * The bytes that wait to be transmitted (RFC 6455 6.1), in order: finished parts and borrowed payloads, then the frames that are still in
 * the scratch.
 *
 * Frames are written into a scratch. There is one scratch, and one outbox owns it at a time: an outbox that needs it first makes its
 * owner copy its frames out. `transmit` returns exact copies, so nothing that has been handed out is ever written to again, and no two
 * connections share memory.
 *
 * A writer calls `reserve`, writes into `bytes` or `words` from the position that it returns, and calls `commit`. A frame that was reserved
 * and never committed has not happened.
 */
import { copyBytes, wordsOf } from '../bytes.ts';
import { createFrameHeader, decodeFrameHeader, type FrameRules } from '../frame/header.ts';
import { host } from '../host.ts';

const NOTHING = new Uint8Array(0);
const NO_WORDS: DataView = new DataView(NOTHING.buffer);

const SCRATCH_SIZE = 98_304;

/**
 * Frames longer than this get memory of their own at once. Up to it the scratch is worth a second copy: it stays in the processor's
 * caches, which memory that has just been allocated is not in (benchmarks: echo, 64 KiB).
 */
const LARGE = 81_920;

/** Takes every frame that a sender can have written. */
const ANY: FrameRules = { masked: undefined, rsv: 7, maxFrameSize: Infinity };

/** The memory that frames are written into, allocated when it is first needed, and the outbox that has frames in it. */
let scratch = NOTHING;
let scratchWords = NO_WORDS;
let owner: Outbox | undefined;

/** The bytes of one connection that wait for `transmit`. */
export class Outbox {
  /** The memory that frames are written into: valid from `reserve` to `commit`. */
  bytes: Uint8Array = NOTHING;
  /** A view for words of all of {@link bytes}. */
  words: DataView = NO_WORDS;
  /** The number of bytes that wait for `transmit`. */
  queuedBytes = 0;
  /**
   * Set when `transmit` stops because memory that it needs is gone: `'unsent'` where nothing of a borrowed payload's frame has left,
   * `'cut'` where some of a frame has.
   */
  broken: 'unsent' | 'cut' | undefined = undefined;

  // `bytes[0]` to `bytes[#position - 1]` are whole frames that wait behind all parts.
  #position = 0;
  // The parts from `#first` on wait; the first one of them from `#offset` on.
  #parts: (Uint8Array | Loan)[] = [];
  #first = 0;
  #offset = 0;
  // The number of bytes at the very beginning that are not frames but an HTTP head.
  #head = 0;

  /** Makes room for `size` bytes and returns the index in {@link bytes} where they begin. */
  reserve(size: number): number {
    const position = this.#position;
    return owner === this && position + size <= SCRATCH_SIZE && size <= LARGE ? position : this.#makeRoom(size);
  }

  /** Queues the bytes written since `reserve`, up to the index `end`. */
  commit(end: number): void {
    this.queuedBytes += end - this.#position;
    this.#position = end;
    if (owner !== this) this.vacate();
  }

  /** {@link commit} for an HTTP head and the body behind it, which are not frames. */
  commitHead(end: number): void {
    this.#head = this.queuedBytes + end - this.#position;
    this.commit(end);
  }

  /**
   * Queues a frame whose payload stays where it is. It is read when it is transmitted, so it must not change until then.
   *
   * @param header the frame's header, which is the outbox's from here on
   * @param payload a plain view of fixed length
   */
  lend(header: Uint8Array, payload: Uint8Array): void {
    this.vacate();
    this.#parts.push(new Loan(header, payload));
    this.queuedBytes += header.length + payload.length;
  }

  /** Returns the next bytes to write, at most `max` of them, or `undefined` when none wait. They are the caller's for good. */
  transmit(max: number): Uint8Array | undefined {
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

  /** Writes the next bytes into `into`, as many as it has room for, and returns how many. */
  transmitInto(into: Uint8Array): number {
    let at = 0;
    while (at < into.length) {
      const length = this.#position;
      if (this.#first === this.#parts.length && length <= into.length - at) {
        // All that waits is in the scratch, or nothing does.
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
   * Drops every message none of whose bytes have been transmitted, and returns the number of bytes dropped. The rest of a frame that
   * has been transmitted in part stays, and so do an HTTP head and the last `tail` bytes.
   */
  drop(tail: number): number {
    const before = this.queuedBytes;
    if (before <= tail) return 0;
    this.vacate();
    const begun = this.#begun(this.#parts[this.#first] as Uint8Array | Loan);
    const last: (Uint8Array | Loan)[] = [];
    for (let left = tail; left > 0; ) {
      // These are control frames, which are never borrowed.
      const part = this.#parts.pop() as Uint8Array;
      last.unshift(left < part.length ? copyOf(part, part.length - left, part.length) : part);
      left -= part.length;
    }
    if (begun === undefined) this.#offset = 0;
    this.#parts = begun === undefined ? last : [begun, ...last];
    this.#first = 0;
    this.broken = undefined;
    this.queuedBytes = this.#parts.reduce((sum, { length }) => sum + length, -this.#offset);
    return before - this.queuedBytes;
  }

  /** Moves all frames out of the memory that they were written into, which is then free. */
  vacate(): void {
    const { bytes } = this;
    const length = this.#position;
    const isOwn = owner !== this;
    if (length > 0) this.#parts.push(isOwn && length === bytes.length ? bytes : copyOf(bytes, 0, length));
    if (!isOwn) owner = undefined;
    this.bytes = NOTHING;
    this.words = NO_WORDS;
    this.#position = 0;
  }

  #makeRoom(size: number): number {
    if (size > LARGE) {
      // The frames that wait in the scratch leave with it, in one part.
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
      if (part.hasChanged) {
        this.broken = start === 0 ? 'unsent' : 'cut';
        return undefined;
      }
      bytes = part.from(start, max);
    } else {
      if (start > 0 && part.buffer.byteLength === 0) {
        // The caller has transferred the piece before, and with it the memory of this one.
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

  /** Forgets the first part, all of which has been transmitted. */
  #forget(): void {
    this.#offset = this.#head = 0;
    // It is released even if something always waits behind it; many at a time keep that linear.
    this.#parts[this.#first++] = NOTHING;
    const { length } = this.#parts;
    if (this.#first === length || (this.#first > 64 && 2 * this.#first > length)) {
      this.#parts = this.#first === length ? [] : this.#parts.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Returns the beginning of the first part up to the end of the frame, or the HTTP head, that has been transmitted in part, if any. */
  #begun(part: Uint8Array | Loan): Uint8Array | Loan | undefined {
    const transmitted = this.#offset;
    if (part instanceof Loan) return transmitted > 0 ? part : undefined;
    const header = createFrameHeader();
    let end = this.#head;
    while (end < transmitted) end += decodeFrameHeader(part, end, part.length, ANY, header) + header.length;
    return end > transmitted ? copyOf(part, 0, end) : undefined;
  }
}

/** A frame whose payload is the application's. */
class Loan {
  readonly #header: Uint8Array;
  readonly #payload: Uint8Array;
  readonly #memory: ArrayBufferLike;
  readonly #end: number;
  /** The length of the frame, as its header says. */
  readonly length: number;

  constructor(header: Uint8Array, payload: Uint8Array) {
    this.#header = header;
    this.#payload = payload;
    this.#memory = payload.buffer;
    this.#end = payload.byteOffset + payload.length;
    this.length = header.length + payload.length;
  }

  /**
   * Whether the application has transferred or resized the payload's memory. The memory is asked and not the view: V8 11 forgets in
   * optimised code that the length of a view is 0 then (test: properties/ownership).
   */
  get hasChanged(): boolean {
    return this.#memory.byteLength < this.#end;
  }

  /** Returns at most `max` bytes of the frame from `start` on: of the header or of the payload. */
  from(start: number, max: number): Uint8Array {
    const header = this.#header;
    const at = start - header.length;
    if (at < 0) return start === 0 && header.length <= max ? header : header.subarray(start, start + max);
    return at === 0 && this.#payload.length <= max ? this.#payload : this.#payload.subarray(at, at + max);
  }
}

/** Returns `bytes[start]` to `bytes[end - 1]` in memory of their own. */
function copyOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = host.allocate(end - start);
  copyBytes(bytes, start, end, copy, 0);
  return copy;
}
