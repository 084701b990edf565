/**
 * The sender (RFC 6455 5.1, 5.3, 5.4, 6.1): messages, fragments and control frames → frames in the outbox.
 *
 * Header, payload and mask are written straight into the memory that the outbox offers, in one pass each.
 */
import { copyBytes, toBytes, viewOf, wordAt, writeLatin1 } from '../bytes.ts';
import type { ResolvedOptions } from '../connection/resolved-options.ts';
import type { MessageTransform } from '../deflate/extension.ts';
import { type DataOpcode, frameHeaderSize, Opcode, RSV1 } from '../frame/header.ts';
import { copyFrameHeader, writeFrameHeader } from '../frame/header-writer.ts';
import { copyMasked, MaskKeys, maskAndLook } from '../frame/mask.ts';
import { host } from '../host.ts';
import { StateError } from '../rules.ts';
import { encodeUtf8, utf8Length } from '../text/utf8.ts';
import { Outbox } from './outbox.ts';

const FINAL = 0x80;
const COMPRESSED = RSV1 << 4;
const NOTHING = new Uint8Array(0);

/** A borrowed payload shorter than this is copied all the same: a part of its own would cost more (benchmarks: echo). */
const LEND_FROM = 4096;

/** To this many bytes one pass that does everything is faster than several that are faster each. */
const SHORT = 32;

/** From this many characters on a text is measured before it is encoded, to get the memory that it needs and no more. */
const MEASURED_FROM = 4096;

/** Up to this many bytes of answers to Ping frames wait each in its place; beyond that one waits for all that came since. */
const MAX_PONGS = 4096;

/** The host's random source serves all connections from one pool. */
const hostKeys = host.random && new MaskKeys(host.random);

/** The outbound half of one connection: takes messages and control frames, gives bytes. */
export class Sender {
  readonly #keys: MaskKeys | undefined;
  readonly #fragmentSize: number;
  #transform: MessageTransform | undefined = undefined;
  readonly #outbox = new Outbox();
  // The masking key of the frame that is being written.
  #key = 0;

  // The fragmented message that the application is sending, and half a surrogate pair at the end of its last piece.
  #message: 0 | DataOpcode = 0;
  #compressing = false;
  #surrogate = '';

  // How long the answers to Ping frames in the outbox are together, how much is to be transmitted until the last of them has
  // left, and the payload of one for which there was no room.
  #pongs = 0;
  #pongsLeft = 0;
  #pong: Uint8Array | undefined = undefined;
  // The size of our Close frame once it has been queued, and of the answers to Ping frames behind it.
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
    const nothingWaits = this.#outbox.queuedBytes === 0 && this.#pong === undefined;
    // A random source may act on any connection in the middle of a frame.
    return nothingWaits && !this.#keys?.isDrawing && this.#message === 0 && this.#transform === undefined;
  }

  /** How many bytes wait for `transmit`. */
  get queuedBytes(): number {
    return this.#outbox.queuedBytes + (this.#pong === undefined ? 0 : this.#frameSize(this.#pong.length));
  }

  /**
   * Queues a whole message.
   *
   * @param compress whether to compress it, where that was negotiated; default: by its length
   * @param lend whether long bytes may be left where they are until they have been transmitted
   * @throws {StateError} `message-in-progress`
   */
  message(data: string | Uint8Array, compress?: boolean, lend = false): void {
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
    else this.#data(opcode, data, FINAL, lend);
  }

  /**
   * Queues the next fragment of a message.
   *
   * @param compress whether to compress the message, where that was negotiated; the first fragment's counts
   * @param lend whether long bytes may be left where they are until they have been transmitted
   * @throws {TypeError} when it is of another type than the message in progress
   */
  fragment(data: string | Uint8Array, final: boolean, compress?: boolean, lend = false): void {
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
    else this.#data(kind, piece, final ? FINAL : 0, lend);
    this.#message = final ? 0 : opcode;
    this.#surrogate = surrogate;
  }

  /** Queues a Ping or Pong frame of the application's. */
  control(opcode: typeof Opcode.Ping | typeof Opcode.Pong, payload: Uint8Array): void {
    this.#frame(FINAL | opcode, payload, 0, payload.length, false);
  }

  /** Queues the answer to a Ping frame: in its place, or, where too many wait, instead of the last one and behind all. */
  pong(payload: Uint8Array): void {
    const size = this.#frameSize(payload.length);
    if (this.#pongsLeft <= 0) this.#pongs = 0;
    if (this.#pong === undefined && this.#pongs + size <= MAX_PONGS) {
      this.#frame(FINAL | Opcode.Pong, payload, 0, payload.length, false);
      this.#pongs += size;
      this.#pongsLeft = this.#outbox.queuedBytes;
      if (this.#closeSize > 0) this.#closeSize += size;
      return;
    }
    // 5.5.3: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to previous Ping
    // frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed Ping frame."
    this.#pong = payload.slice();
  }

  /** Queues a Close frame: nothing but answers to Ping frames may be queued after it. */
  close(payload: Uint8Array): void {
    this.#placePong();
    this.#frame(FINAL | Opcode.Close, payload, 0, payload.length, false);
    this.#closeSize = this.#frameSize(payload.length);
    this.#message = 0;
    this.#surrogate = '';
  }

  /** Queues a head of the opening handshake, one byte a character, and the body behind it. */
  head(text: string, body: Uint8Array = NOTHING): void {
    const outbox = this.#outbox;
    const start = outbox.reserve(text.length + body.length);
    writeLatin1(text, outbox.bytes, start);
    outbox.bytes.set(body, start + text.length);
    outbox.commitHead(start + text.length + body.length);
  }

  /** Returns the next bytes to write, at most `max` of them, or `undefined` when none wait. */
  transmit(max = Infinity): Uint8Array | undefined {
    const outbox = this.#outbox;
    if (this.#pongsLeft <= 0) this.#placePong();
    const bytes = outbox.transmit(max);
    if (bytes !== undefined) this.#pongsLeft -= bytes.length;
    return bytes;
  }

  /**
   * Drops the messages that wait, and returns the number of their bytes. What stays is the rest of a frame that has been
   * transmitted in part, the head of the opening handshake, and our Close frame.
   */
  drop(): number {
    const dropped = this.#outbox.drop(this.#closeSize);
    this.#pongsLeft = Math.min(this.#pongsLeft, this.#outbox.queuedBytes);
    return dropped;
  }

  /** What became of a borrowed payload that the application transferred or resized: see {@link Outbox.broken}. */
  get broken(): Outbox['broken'] {
    return this.#outbox.broken;
  }

  /** The answer for which there was no room gets its place. */
  #placePong(): void {
    if (this.#pong === undefined) return;
    const payload = this.#pong;
    this.#pong = undefined;
    this.#pongsLeft = 0;
    this.pong(payload);
  }

  #frameSize(length: number): number {
    return frameHeaderSize(length, this.#keys !== undefined) + length;
  }

  /** Compresses a message, or a fragment of one, and queues it. */
  #compressed(opcode: Opcode, data: string | Uint8Array, final: boolean): void {
    const transform = this.#transform as MessageTransform;
    const bytes = toBytes(data);
    // What is compressed must be sent, or the peer's window is another one than ours.
    this.#keys?.prepare(2 + Math.ceil((bytes.length + bytes.length / 1000) / this.#fragmentSize));
    const output = transform.compress(bytes, final);
    // RFC 7692 6.1: 'An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first
    // fragments'.
    const first = opcode === Opcode.Continuation ? opcode : COMPRESSED | opcode;
    this.#data(first, output, final ? FINAL : 0, false);
  }

  /** Queues a message, or a fragment of one, in frames of at most `fragmentSize` bytes: all of them or, by an error, none. */
  #data(opcode: number, data: string | Uint8Array, final: number, lend: boolean): void {
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
    if (length > limit) {
      this.#keys?.prepare(Math.ceil(length / limit));
      for (; length - start > limit; start += limit) {
        this.#frame(first, data, start, start + limit, lend);
        first = Opcode.Continuation;
      }
    }
    this.#frame(final | first, data, start, length, lend);
  }

  #frame(first: number, payload: Uint8Array, start: number, end: number, lend: boolean): void {
    const length = end - start;
    if (length <= SHORT) {
      this.#shortBytes(first, payload, start, length);
      return;
    }
    if (lend && length >= LEND_FROM && this.#keys === undefined) {
      const header = new Uint8Array(frameHeaderSize(length, false));
      copyFrameHeader(first, false, 0, length, header, 0);
      this.#outbox.lend(header, viewOf(payload, start, end));
      return;
    }
    const outbox = this.#outbox;
    const at = this.#header(first, length);
    if (this.#keys === undefined) copyBytes(payload, start, end, outbox.bytes, at);
    else copyMasked(payload, start, end, outbox.bytes, at, this.#key, outbox.words);
    outbox.commit(at + length);
  }

  /** A frame with a few characters, in one pass, by words (benchmarks: encode); false when they are not all ASCII. */
  #shortText(first: number, text: string): boolean {
    const { length } = text;
    const start = this.#header(first, length);
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

  /** A frame with a few bytes, in one pass. */
  #shortBytes(first: number, payload: Uint8Array, from: number, length: number): void {
    const start = this.#header(first, length);
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

  /** A frame whose payload is encoded where it leaves from. */
  #textFrame(first: number, text: string): void {
    if (text.length < MEASURED_FROM) {
      this.#unmeasuredTextFrame(first, text);
      return;
    }
    const outbox = this.#outbox;
    const { measured } = host;
    const length = measured === undefined ? utf8Length(text) : measured.byteLength(text);
    const at = this.#header(first, length);
    if (length === text.length) writeLatin1(text, outbox.bytes, at);
    else encodeUtf8(text, outbox.bytes, at, host.writeUtf8);
    if (this.#keys !== undefined) maskAndLook(outbox.bytes, at, at + length, this.#key, outbox.words);
    outbox.commit(at + length);
  }

  #unmeasuredTextFrame(first: number, text: string): void {
    const masked = this.#drawKey();
    const outbox = this.#outbox;
    const start = outbox.reserve(14 + 3 * text.length);
    const { bytes, words } = outbox;
    // The length of the header depends on the length in bytes, which for most texts has as many digits as that in
    // characters.
    let at = start + frameHeaderSize(text.length, masked);
    const length = encodeUtf8(text, bytes, at, host.writeUtf8);
    const size = frameHeaderSize(length, masked);
    if (start + size !== at) {
      bytes.copyWithin(start + size, at, at + length);
      at = start + size;
    }
    writeFrameHeader(first, masked, this.#key, length, words, start);
    if (masked) maskAndLook(bytes, at, at + length, this.#key, words);
    outbox.commit(at + length);
  }

  /** Writes a header, with room for the payload behind it, and returns where that begins. */
  #header(first: number, length: number): number {
    const masked = this.#drawKey();
    const outbox = this.#outbox;
    const start = outbox.reserve(frameHeaderSize(length, masked) + length);
    return writeFrameHeader(first, masked, this.#key, length, outbox.words, start);
  }

  /** Draws the masking key of the next frame, if it has one: before any room is reserved, since the random source may throw. */
  #drawKey(): boolean {
    if (this.#keys === undefined) return false;
    this.#key = this.#keys.next();
    return true;
  }
}
