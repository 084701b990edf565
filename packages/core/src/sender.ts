/**
 * The outbound half-machine (RFC 6455 5.1, 5.3, 5.4, 6.1): messages, fragments and control frames → the outbox.
 *
 * Headers, small payloads and masked payloads are written into a slab that all senders share; what a sender wrote since
 * its last `transmit` leaves as one view of it. A longer payload that needs no mask goes by reference behind its
 * header.
 */
import { copyBytes, toBytes, wordAt, writeLatin1 } from './bytes.ts';
import type { MessageTransform } from './extension.ts';
import {
  createFrameHeader,
  type DataOpcode,
  decodeFrameHeader,
  type FrameRules,
  frameHeaderSize,
  Opcode,
  RSV1,
} from './frame.ts';
import { copyFrameHeader, writeFrameHeader } from './header-writer.ts';
import { host } from './host.ts';
import { copyMasked, MaskKeys, maskAndLook } from './mask.ts';
import type { ResolvedOptions } from './options.ts';
import { StateError } from './rules.ts';
import { encodeUtf8 } from './utf8.ts';

const FINAL = 0x80;
const COMPRESSED = RSV1 << 4;
const NOTHING = new Uint8Array(0);
const NO_WORDS: DataView = new DataView(NOTHING.buffer);

/**
 * The slab that is being filled, by one sender after the other. The bytes belong to the views that were handed out, until
 * all who have written to it have said that those have left: then it is filled again from its beginning.
 */
let slab: Uint8Array = NOTHING;
let slabWords = NO_WORDS;
let slabUsed = 0;
let slabNumber = 0;
let slabWriters = 0;
const SLAB_SIZE = 98_304;

/** More than this gets memory of its own, so that a slab's end is not wasted on it. */
const LARGE = 73_728;

/** What gets memory of its own because others wait gets so much, for those that follow. */
const OWN_SIZE = 16_384;

/** With a segment of a slab waiting, further ones get memory of their own: it keeps a whole slab alive. */
const MAX_SHARED = 1;

/** From this many bytes on a payload that needs no mask is not copied. */
const BY_REFERENCE_FROM = 4096;

/** To this many bytes one pass that does everything is faster than several that are faster each. */
const SHORT = 32;

/** From this many characters on a text is measured before it is encoded, to get the memory that it needs and no more. */
const MEASURED_FROM = 4096;

/** What a header of ours can be. */
const OWN_FRAMES: FrameRules = { masked: undefined, rsv: RSV1, maxFrameSize: Infinity };

/** Filled anew whenever frames that wait are looked through. */
const header = createFrameHeader();

const plainView = (bytes: Uint8Array, start: number, end: number): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);

const wordsOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/** The host's random source serves all connections from one pool. */
const hostKeys = host.random && new MaskKeys(host.random);

/** The outbound half of one connection: takes messages and control frames, gives bytes. */
export class Sender {
  readonly #keys: MaskKeys | undefined;
  readonly #fragmentSize: number;
  #transform: MessageTransform | undefined = undefined;
  #queuedBytes = 0;

  // Segments that are complete, from `#first` on.
  #segments: Uint8Array[] = [];
  #first = 0;
  // The first of them as it was, when the front of it has been transmitted.
  #cut: Uint8Array | undefined = undefined;
  // It is the payload of a frame whose header has been transmitted.
  #isPayload = false;

  // The segment that is being written: `#bytes[#from]` to `#bytes[#to - 1]`.
  #bytes: Uint8Array = NOTHING;
  #words = NO_WORDS;
  #from = 0;
  #to = 0;
  // They are this sender's alone, and not a slab.
  #own = false;
  // The number of the slab that it has written to, as far as that may not have left: a number keeps no slab alive.
  #wroteTo = 0;
  // The masking key of the frame that is being written; how many are being drawn, by a source that sends, or that threw.
  #key = 0;
  #drawing = 0;

  // The fragmented message that the application is sending, and half a surrogate pair at the end of its last piece.
  #message: 0 | DataOpcode = 0;
  #compressing = false;
  #surrogate = '';

  // The one Pong frame that waits.
  #pong: Uint8Array | undefined = undefined;
  // The size of our Close frame once it has been queued: the last bytes that leave.
  #closeSize = 0;

  /** @param masked whether this is a client, whose frames are all masked (5.1) */
  constructor(options: ResolvedOptions, masked: boolean) {
    this.#fragmentSize = options.fragmentSize;
    if (masked && options.random !== undefined) {
      this.#keys = options.random === host.random ? hostKeys : new MaskKeys(options.random);
    }
  }

  /** From here on messages can be compressed. */
  use(transform: MessageTransform | undefined): void {
    this.#transform = transform;
  }

  /** Whether it is as good as new: nothing waits, no message is in progress, and nothing is known of a connection. */
  get isAtRest(): boolean {
    const nothingWaits = this.#queuedBytes === 0 && this.#pong === undefined && this.#drawing === 0;
    return nothingWaits && this.#message === 0 && this.#transform === undefined;
  }

  /** How many bytes wait for `transmit`. */
  get queuedBytes(): number {
    return this.#queuedBytes + (this.#pong === undefined ? 0 : this.#frameSize(this.#pong.length));
  }

  /**
   * Queues a whole message.
   *
   * @param compress whether to compress it, where that was negotiated; default: by its length
   * @throws {StateError} `message-in-progress`
   */
  message(data: string | Uint8Array, compress?: boolean): void {
    // 5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message"
    if (this.#message !== 0) {
      throw new StateError(
        'message-in-progress',
        'a fragmented message is in progress; finish it with sendFragment first',
      );
    }
    const opcode = typeof data === 'string' ? Opcode.Text : Opcode.Binary;
    const transform = this.#transform;
    if (transform !== undefined && (compress ?? transform.wants(data.length))) this.#compressed(opcode, data, true);
    else this.#data(opcode, data, FINAL);
  }

  /**
   * Queues the next fragment of a message.
   *
   * @param compress whether to compress the message, where that was negotiated; the first fragment's counts
   * @throws {TypeError} when it is of another type than the message in progress
   */
  fragment(data: string | Uint8Array, final: boolean, compress?: boolean): void {
    const opcode = typeof data === 'string' ? Opcode.Text : Opcode.Binary;
    // 5.4: "all fragments of a message are of the same type, as set by the first fragment's opcode"
    if (this.#message !== 0 && this.#message !== opcode) {
      throw new TypeError(
        'all fragments of a message are of one type: all strings or all bytes (RFC 6455 section 5.4)',
      );
    }
    let piece = data;
    let surrogate = '';
    if (typeof piece === 'string') {
      piece = this.#surrogate + piece;
      const last = piece.charCodeAt(piece.length - 1);
      surrogate = !final && last >= 0xd800 && last <= 0xdbff ? piece.slice(-1) : '';
      if (surrogate !== '') piece = piece.slice(0, -1);
    }
    if (this.#message === 0) {
      // How long the message will be is not known.
      this.#compressing = this.#transform !== undefined && (compress ?? this.#transform.wants(Infinity));
    }
    const kind = this.#message === 0 ? opcode : Opcode.Continuation;
    if (this.#compressing) this.#compressed(kind, piece, final);
    else this.#data(kind, piece, final ? FINAL : 0);
    this.#message = final ? 0 : opcode;
    this.#surrogate = surrogate;
  }

  /** Queues a Ping or Pong frame of the application's. */
  control(opcode: typeof Opcode.Ping | typeof Opcode.Pong, payload: Uint8Array): void {
    this.#frame(FINAL | opcode, payload, 0, payload.length);
  }

  /** Queues the answer to a Ping frame, in place of one that still waits. `payload` is kept until it leaves. */
  pong(payload: Uint8Array): void {
    // 5.5.3: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to previous Ping
    // frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed Ping frame."
    this.#pong = payload;
  }

  /** Queues a Close frame: nothing may be queued after it. */
  close(payload: Uint8Array): void {
    this.#flushPong();
    this.#frame(FINAL | Opcode.Close, payload, 0, payload.length);
    this.#closeSize = this.#frameSize(payload.length);
    this.#message = 0;
    this.#surrogate = '';
  }

  /** Queues a head of the opening handshake, one byte a character, and the body behind it. */
  head(text: string, body: Uint8Array = NOTHING): void {
    this.#reserve(text.length + body.length);
    const end = this.#to + text.length;
    writeLatin1(text, this.#bytes, this.#to);
    this.#bytes.set(body, end);
    this.#commit(end + body.length);
  }

  /**
   * Gives the next bytes to write, at most `max`, or `undefined` when there are none: then nothing lent to `message` is
   * in use here.
   */
  transmit(max = Infinity): Uint8Array | undefined {
    this.#flushPong();
    if (this.#first < this.#segments.length) return this.#shift(max);
    if (this.#to > this.#from) {
      if (this.#to - this.#from > max) {
        this.#segments.push(this.#seal());
        return this.#shift(max);
      }
      const bytes = this.#seal();
      this.#letGo();
      this.#queuedBytes -= bytes.length;
      return bytes;
    }
    this.#letGo();
    return undefined;
  }

  /** Nothing waits: an idle connection keeps no slab alive. */
  #letGo(): void {
    this.#bytes = NOTHING;
    this.#words = NO_WORDS;
    this.#from = this.#to = 0;
    this.#own = false;
  }

  /** All that `transmit` gave has left: its memory may be used again. */
  written(): void {
    if (this.#queuedBytes > 0) return;
    if (this.#wroteTo === slabNumber && --slabWriters === 0) slabUsed = 0;
    this.#wroteTo = 0;
    // Whoever goes on writing to the slab has to be counted again.
    if (!this.#own) this.#bytes = NOTHING;
  }

  /**
   * Drops the messages that wait, and returns how many bytes those are. What is left is the rest of a frame that has been
   * transmitted in part, the head of the opening handshake, and our Close frame.
   */
  drop(): number {
    const before = this.#queuedBytes;
    if (before <= this.#closeSize) return 0;
    if (this.#to > this.#from) this.#segments.push(this.#seal());
    const waiting = this.#segments.slice(this.#first);
    const kept = this.#unfinished(waiting);
    if (this.#closeSize > 0) {
      const last = waiting.at(-1) as Uint8Array;
      kept.push(last.subarray(last.length - this.#closeSize));
    }
    this.#segments = kept;
    this.#first = 0;
    this.#queuedBytes = kept.reduce((sum, { length }) => sum + length, 0);
    return before - this.#queuedBytes;
  }

  /** Gives the rest of the frame or head at the front of what waits, if some of it has left, or it is a head. */
  #unfinished([first, second]: readonly Uint8Array[]): Uint8Array[] {
    const front = first as Uint8Array;
    if (this.#isPayload) return [front];
    const whole = this.#cut ?? front;
    const left = whole.length - front.length;
    let end = headSize(whole);
    while (end < left) {
      const size = decodeFrameHeader(whole, end, whole.length, OWN_FRAMES, header);
      end += size + header.length;
    }
    this.#cut = end === left ? undefined : whole.subarray(0, end);
    if (end === left) return [];
    // Of a frame by reference this is the header.
    if (end > whole.length) return [front, second as Uint8Array];
    return [front.subarray(0, end - left)];
  }

  /** Whether something that it gave may not have left, for all it knows. */
  get isWaiting(): boolean {
    return this.#wroteTo === slabNumber;
  }

  /** From here on it is another connection's, which knows nothing of what it gave before. */
  handOver(): void {
    this.#wroteTo = 0;
    this.#closeSize = 0;
  }

  #shift(max: number): Uint8Array {
    const bytes = this.#segments[this.#first] as Uint8Array;
    const { length } = bytes;
    if (length > max) {
      this.#cut ??= bytes;
      this.#segments[this.#first] = plainView(bytes, max, length);
      this.#queuedBytes -= max;
      return plainView(bytes, 0, max);
    }
    this.#isPayload = isHeaderAlone(this.#cut ?? bytes);
    this.#cut = undefined;
    // What has left is let go even if something always waits behind it; many at a time keeps that linear.
    this.#segments[this.#first++] = NOTHING;
    const count = this.#segments.length;
    if (this.#first === count || (this.#first > 64 && 2 * this.#first > count)) {
      this.#segments = this.#first === count ? [] : this.#segments.slice(this.#first);
      this.#first = 0;
    }
    this.#queuedBytes -= length;
    return bytes;
  }

  #flushPong(): void {
    if (this.#pong === undefined) return;
    const payload = this.#pong;
    this.#pong = undefined;
    this.#frame(FINAL | Opcode.Pong, payload, 0, payload.length);
  }

  #frameSize(length: number): number {
    return frameHeaderSize(length, this.#keys !== undefined) + length;
  }

  /** Compresses a message, or a fragment of one, and queues it. */
  #compressed(opcode: Opcode, data: string | Uint8Array, final: boolean): void {
    const transform = this.#transform as MessageTransform;
    const output = transform.compress(toBytes(data), final);
    // RFC 7692 6.1: 'An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first
    // fragments'.
    const first = opcode === Opcode.Continuation ? opcode : COMPRESSED | opcode;
    // The output lasts until the next call, a payload by reference until it leaves.
    const payload = this.#keys === undefined && output.length >= BY_REFERENCE_FROM ? output.slice() : output;
    this.#data(first, payload, final ? FINAL : 0);
  }

  /** Queues a message, or a fragment of one, in frames of at most `fragmentSize` bytes. */
  #data(opcode: number, data: string | Uint8Array, final: number): void {
    const limit = this.#fragmentSize;
    if (typeof data === 'string') {
      if (3 * data.length <= limit) {
        if (data.length > SHORT || !this.#shortText(final | opcode, data)) this.#textFrame(final | opcode, data);
        return;
      }
      data = toBytes(data);
    }
    const { length } = data;
    // 5.4: "A sender MAY create fragments of any size for non-control messages."
    let first: number = opcode;
    let start = 0;
    for (; length - start > limit; start += limit) {
      this.#frame(first, data, start, start + limit);
      first = Opcode.Continuation;
    }
    this.#frame(final | first, data, start, length);
  }

  #frame(first: number, payload: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#keys === undefined && length >= BY_REFERENCE_FROM) {
      // A few bytes of its own for the header are had sooner than a view of the slab.
      const header = new Uint8Array(frameHeaderSize(length, false));
      copyFrameHeader(first, false, 0, length, header, 0);
      this.#push(header);
      this.#push(length === payload.length ? payload : payload.subarray(start, end));
      return;
    }
    if (length <= SHORT) {
      this.#shortBytes(first, payload, start, length);
      return;
    }
    const at = this.#header(first, length);
    if (this.#keys === undefined) copyBytes(payload, start, end, this.#bytes, at);
    else copyMasked(payload, start, end, this.#bytes, at, this.#key, this.#words);
    this.#commit(at + length);
  }

  /** A frame with a few characters, in one pass, by words (benchmarks: encode); false when they are not all ASCII. */
  #shortText(first: number, text: string): boolean {
    const { length } = text;
    const start = this.#header(first, length);
    const words = this.#words;
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
    this.#commit(start + length);
    return true;
  }

  /** A frame with a few bytes, in one pass. */
  #shortBytes(first: number, payload: Uint8Array, from: number, length: number): void {
    const start = this.#header(first, length);
    const words = this.#words;
    let key = this.#key;
    let i = 0;
    for (; i + 4 <= length; i += 4) words.setInt32(start + i, wordAt(payload, from + i) ^ key);
    for (; i < length; i++) {
      words.setInt8(start + i, (payload[from + i] as number) ^ (key >>> 24));
      key = (key << 8) | (key >>> 24);
    }
    this.#commit(start + length);
  }

  /** A frame whose payload is encoded where it leaves from. */
  #textFrame(first: number, text: string): void {
    const { measured, writeUtf8 } = host;
    if (measured === undefined || text.length < MEASURED_FROM) {
      this.#unmeasuredTextFrame(first, text);
      return;
    }
    const length = measured.byteLength(text);
    const at = this.#header(first, length);
    const bytes = this.#bytes;
    if (length === text.length) measured.writeAscii(text, bytes, at);
    else encodeUtf8(text, bytes, at, writeUtf8);
    if (this.#keys !== undefined) maskAndLook(bytes, at, at + length, this.#key, this.#words);
    this.#commit(at + length);
  }

  #unmeasuredTextFrame(first: number, text: string): void {
    const masked = this.#drawKey();
    this.#reserve(14 + 3 * text.length);
    const bytes = this.#bytes;
    const start = this.#to;
    // The length of the header depends on the length in bytes, which for most texts has as many digits as that in
    // characters.
    let at = start + frameHeaderSize(text.length, masked);
    const length = encodeUtf8(text, bytes, at, host.writeUtf8);
    const size = frameHeaderSize(length, masked);
    if (start + size !== at) {
      bytes.copyWithin(start + size, at, at + length);
      at = start + size;
    }
    writeFrameHeader(first, masked, this.#key, length, this.#words, start);
    if (masked) maskAndLook(bytes, at, at + length, this.#key, this.#words);
    this.#commit(at + length);
  }

  /** Writes a header, with room for the payload behind it, and gives where that begins. */
  #header(first: number, length: number): number {
    const masked = this.#drawKey();
    this.#reserve(frameHeaderSize(length, masked) + length);
    return writeFrameHeader(first, masked, this.#key, length, this.#words, this.#to);
  }

  /** Draws the masking key of the next frame, if it has one: before any room is reserved, since the source may send. */
  #drawKey(): boolean {
    if (this.#keys === undefined) return false;
    this.#drawing++;
    this.#key = this.#keys.next();
    this.#drawing--;
    return true;
  }

  /** Makes room for `size` bytes at `#bytes[#to]`. */
  #reserve(size: number): void {
    const ours = this.#own || (this.#bytes === slab && this.#to === slabUsed);
    if (ours && this.#to + size <= this.#bytes.length) return;
    if (this.#to > this.#from) {
      const bytes = this.#seal();
      // A text that needed less than three bytes a character gives the rest back when it has to wait.
      this.#segments.push(this.#own && 2 * bytes.length < this.#bytes.length ? bytes.slice() : bytes);
    }
    this.#own = size > LARGE || this.#segments.length - this.#first >= MAX_SHARED;
    if (this.#own) {
      this.#bytes = host.allocate(Math.max(size, OWN_SIZE));
      this.#words = wordsOf(this.#bytes);
      this.#from = this.#to = 0;
      return;
    }
    if (slabUsed + size > slab.length) {
      slab = host.allocate(SLAB_SIZE);
      slabWords = wordsOf(slab);
      slabUsed = slabWriters = 0;
      slabNumber++;
    }
    if (this.#wroteTo !== slabNumber) {
      this.#wroteTo = slabNumber;
      slabWriters++;
    }
    this.#bytes = slab;
    this.#words = slabWords;
    this.#from = this.#to = slabUsed;
  }

  /** What was reserved has been written, up to `end`. */
  #commit(end: number): void {
    this.#queuedBytes += end - this.#to;
    this.#to = end;
    if (this.#bytes === slab) slabUsed = end;
  }

  /** Gives the segment that was being written; the next one begins behind it. */
  #seal(): Uint8Array {
    const bytes = this.#bytes.subarray(this.#from, this.#to);
    this.#from = this.#to;
    return bytes;
  }

  #push(bytes: Uint8Array): void {
    if (this.#to > this.#from) this.#segments.push(this.#seal());
    this.#segments.push(bytes);
    this.#queuedBytes += bytes.length;
  }
}

/** Whether this is the header of a frame whose payload is 4 KiB or longer, and nothing else. */
function isHeaderAlone({ length, 1: second }: Uint8Array): boolean {
  return (length === 4 && second === 126) || (length === 10 && second === 127);
}

/** How many bytes at the front are the head of an opening handshake: no frame of ours begins with "G" or "H". */
function headSize(bytes: Uint8Array): number {
  if (bytes[0] !== 0x47 && bytes[0] !== 0x48) return 0;
  let end = 4;
  while (wordAt(bytes, end - 4) !== 0x0d0a0d0a) end++;
  return end;
}
