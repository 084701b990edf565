/**
 * Writes frames into an outbox (RFC 6455 5.2 to 5.4): divides a payload that is too long, and writes header, payload and mask. A short
 * payload is written and masked in one pass.
 *
 * The masking key is drawn before anything is written, since the random source may throw. Until `commit` a frame is not queued, so an
 * error before that leaves the outbox as it was.
 */
import { copyBytes, viewOf, wordAt, wordsOf } from '../bytes.ts';
import { toBytes } from '../bytes-like.ts';
import { frameHeaderSize, MAX_HEADER_SIZE, Opcode, writeFrameHeader } from '../frame/header.ts';
import { host } from '../host.ts';
import { copyMasked, mask } from '../simd.ts';
import { encodeUtf8, utf8Length, writeLatin1 } from '../text/encode.ts';
import type { MaskKeys } from './mask-keys.ts';
import type { Outbox } from './outbox.ts';
import type { EncodedFrame } from './prepared.ts';

/**
 * A payload below this length is copied even if it may be borrowed, because an outbox part of its own costs more than a copy (benchmarks:
 * echo).
 */
const LEND_FROM = 4096;

/** Up to this many characters or bytes, one slow pass for everything takes less time than several fast ones. */
const SHORT = 32;

/** A text of at least this many characters is measured before it is encoded, so that no more memory is allocated than it needs. */
const MEASURED_FROM = 4096;

/** Writes the frames of one sender. */
export class FrameWriter {
  readonly #outbox: Outbox;
  readonly #keys: MaskKeys | undefined;
  // The masking key of the frame that is being written. It stays 0 at a server, which masks nothing.
  #key = 0;

  /** @param keys the source of masking keys, for a client: it masks every frame (5.1) */
  constructor(outbox: Outbox, keys: MaskKeys | undefined) {
    this.#outbox = outbox;
    this.#keys = keys;
  }

  /** Whether a masking key is being drawn. The random source is the application's code, and may call any connection meanwhile. */
  get isDrawing(): boolean {
    return this.#keys?.isDrawing === true;
  }

  /** Draws the masking keys of the next `count` frames in advance, so that writing them cannot fail. */
  prepare(count: number): void {
    this.#keys?.prepare(count);
  }

  /** See {@link MaskKeys.dropSpare}. */
  dropSpareKeys(): void {
    this.#keys?.dropSpare();
  }

  /** Returns the length of a frame with a payload of `length` bytes. */
  sizeOf(length: number): number {
    return frameHeaderSize(length, this.#keys !== undefined) + length;
  }

  /**
   * Queues a message or a fragment of one in frames with payloads of at most `limit` bytes. If a masking key cannot be drawn, no frame has
   * been queued.
   *
   * @param opcode the reserved bits and the opcode of the first frame
   * @param fin FIN, for the last frame, or 0
   * @param lend as for {@link bytes}
   */
  data(opcode: number, data: string | Uint8Array, fin: number, lend: boolean, limit: number): void {
    if (typeof data === 'string' && 3 * data.length <= limit) {
      this.text(fin | opcode, data);
      return;
    }
    const bytes = typeof data === 'string' ? toBytes(data) : data;
    // 5.4: "A sender MAY create fragments of any size for non-control messages."
    let next = opcode;
    let start = 0;
    if (bytes.length > limit) {
      this.prepare(Math.ceil(bytes.length / limit));
      for (; bytes.length - start > limit; start += limit) {
        this.bytes(next, bytes, start, start + limit, lend);
        next = Opcode.Continuation;
      }
    }
    this.bytes(fin | next, bytes, start, bytes.length, lend);
  }

  /**
   * Queues a frame whose payload is given as bytes.
   *
   * @param first the first byte of its header: FIN, the reserved bits and the opcode
   * @param payload holds the payload in `payload[start]` to `payload[end - 1]`
   * @param lend whether the outbox may borrow a long payload instead of copying it; it never borrows what must be masked
   */
  bytes(first: number, payload: Uint8Array, start: number, end: number, lend: boolean): void {
    const length = end - start;
    if (length <= SHORT) {
      this.#shortBytes(first, payload, start, length);
      return;
    }
    const outbox = this.#outbox;
    if (lend && length >= LEND_FROM && this.#keys === undefined) {
      const header = new Uint8Array(frameHeaderSize(length, false));
      writeFrameHeader(first, false, 0, length, wordsOf(header), 0);
      outbox.lend(header, viewOf(payload, start, end));
      return;
    }
    const at = this.#begin(first, length);
    if (this.#keys === undefined) copyBytes(payload, start, end, outbox.bytes, at);
    else copyMasked(payload, start, end, outbox.bytes, at, this.#key, outbox.words);
    outbox.commit(at + length);
  }

  /** Queues an encoded frame: at a server unchanged, at a client masked. */
  encoded({ first, payload, frame }: EncodedFrame): void {
    if (this.#keys === undefined) this.#outbox.share(frame);
    else this.bytes(first, payload, 0, payload.length, false);
  }

  /** Queues a text frame. The text is encoded directly into the outbox's memory. */
  text(first: number, text: string): void {
    if (text.length <= SHORT && this.#shortAscii(first, text)) return;
    const isMasked = this.#drawKey();
    const isMeasured = text.length >= MEASURED_FROM;
    // A text that is not measured is expected to be ASCII. If it is not, its header usually still has the expected length.
    const expected = isMeasured ? utf8Length(text) : text.length;
    const header = frameHeaderSize(expected, isMasked);
    const outbox = this.#outbox;
    const start = outbox.reserve(isMeasured ? header + expected : MAX_HEADER_SIZE + 3 * text.length);
    const { bytes, words } = outbox;
    let at = start + header;
    let length = expected;
    if (isMeasured && expected === text.length) writeLatin1(text, bytes, at);
    else length = encodeUtf8(text, bytes, at, host.writeUtf8);
    if (length !== expected) {
      const moved = start + frameHeaderSize(length, isMasked);
      if (moved !== at) bytes.copyWithin(moved, at, at + length);
      at = moved;
    }
    writeFrameHeader(first, isMasked, this.#key, length, words, start);
    if (isMasked) mask(bytes, at, at + length, this.#key, words);
    outbox.commit(at + length);
  }

  /** Queues a frame with a short ASCII text, in one pass word by word (benchmarks: encode). Returns false if it is not ASCII. */
  #shortAscii(first: number, text: string): boolean {
    const { length } = text;
    const start = this.#begin(first, length);
    const { words } = this.#outbox;
    let key = this.#key;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      const u0 = text.charCodeAt(i);
      const u1 = text.charCodeAt(i + 1);
      const u2 = text.charCodeAt(i + 2);
      const u3 = text.charCodeAt(i + 3);
      if ((u0 | u1 | u2 | u3) >= 0x80) return false;
      words.setInt32(start + i, ((u0 << 24) | (u1 << 16) | (u2 << 8) | u3) ^ key);
    }
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return false;
      words.setInt8(start + i, unit ^ (key >>> 24));
      key = (key << 8) | (key >>> 24);
    }
    this.#outbox.commit(start + length);
    return true;
  }

  /** Queues a frame with a short payload, in one pass word by word. */
  #shortBytes(first: number, payload: Uint8Array, from: number, length: number): void {
    const start = this.#begin(first, length);
    const { words } = this.#outbox;
    let key = this.#key;
    let i = 0;
    for (; i + 4 <= length; i += 4) words.setInt32(start + i, wordAt(payload, from + i) ^ key);
    for (; i < length; i++) {
      words.setInt8(start + i, (payload[from + i] as number) ^ (key >>> 24));
      key = (key << 8) | (key >>> 24);
    }
    this.#outbox.commit(start + length);
  }

  /** Reserves room for a frame, writes its header, and returns the index at which the payload begins. */
  #begin(first: number, length: number): number {
    const isMasked = this.#drawKey();
    const start = this.#outbox.reserve(frameHeaderSize(length, isMasked) + length);
    return writeFrameHeader(first, isMasked, this.#key, length, this.#outbox.words, start);
  }

  /** Draws the masking key of the next frame. Returns false at a server, which masks nothing. */
  #drawKey(): boolean {
    if (this.#keys === undefined) return false;
    this.#key = this.#keys.next();
    return true;
  }
}
