/**
 * The sender (RFC 6455 5.1, 5.4, 5.5, 6.1): from messages, fragments and control frames to frames.
 *
 * It decides which frames there are and in what order. The frame writer writes them into the outbox, where they wait for `transmit`.
 */
import { toBytes } from '../bytes-like.ts';
import type { MessageTransform } from '../deflate/extension.ts';
import { type DataOpcode, Opcode, RSV1 } from '../frame/header.ts';
import type { RandomSource } from '../host.ts';
import { StateError } from '../rules.ts';
import { writeLatin1 } from '../text/encode.ts';
import { FrameWriter } from './frame-writer.ts';
import { MaskKeys } from './mask-keys.ts';
import { Outbox } from './outbox.ts';

const FINAL = 0x80;
const COMPRESSED = RSV1 << 4;
const NOTHING = new Uint8Array(0);

/** Up to this many bytes of answers to Ping frames wait each in its place; beyond that one waits for all that came since. */
const MAX_PONGS = 4096;

/** The options that a sender reads. */
export interface SenderOptions {
  /** The longest payload of a frame of data, in bytes. */
  readonly fragmentSize: number;
  /** The source of masking keys, which a client must have. */
  readonly random: RandomSource | undefined;
}

/** The outbound half of one connection: takes messages and control frames, and returns bytes. */
export class Sender {
  readonly #fragmentSize: number;
  #transform: MessageTransform | undefined = undefined;
  readonly #outbox = new Outbox();
  readonly #frames: FrameWriter;

  // The fragmented message that the application is sending, and half a surrogate pair at the end of its last fragment.
  #message: 0 | DataOpcode = 0;
  #compressing = false;
  #surrogate = '';

  // The length of all answers to Ping frames in the outbox together, the number of bytes to transmit until the last of them has left,
  // and the payload of an answer for which there was no room.
  #pongs = 0;
  #pongsLeft = 0;
  #pong: Uint8Array | undefined = undefined;
  // The length of our Close frame once it has been queued, and of the answers to Ping frames behind it.
  #closeSize = 0;

  /** @param masked whether this is a client, whose frames are all masked (5.1) */
  constructor({ fragmentSize, random }: SenderOptions, masked: boolean) {
    this.#fragmentSize = fragmentSize;
    this.#frames = new FrameWriter(this.#outbox, masked && random !== undefined ? MaskKeys.from(random) : undefined);
  }

  /** From here on messages can be compressed. */
  use(transform: MessageTransform | undefined): void {
    this.#transform = transform;
  }

  /** Whether it is as good as new: nothing waits, no message is in progress, and nothing is known of a connection. */
  get isAtRest(): boolean {
    const nothingWaits = this.#outbox.queuedBytes === 0 && this.#pong === undefined;
    return nothingWaits && !this.#frames.isDrawing && this.#message === 0 && this.#transform === undefined;
  }

  /** The number of bytes that wait for `transmit`. */
  get queuedBytes(): number {
    return this.#outbox.queuedBytes + (this.#pong === undefined ? 0 : this.#frames.sizeOf(this.#pong.length));
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
    if (transform !== undefined && (compress ?? transform.wants(data.length))) this.#compress(opcode, data, FINAL);
    else this.#write(opcode, data, FINAL, lend);
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
    const first = this.#message === 0;
    // 5.4: "all fragments of a message are of the same type, as set by the first fragment's opcode"
    if (!first && this.#message !== opcode) {
      throw new TypeError(
        'all fragments of a message are of one type: all strings or all bytes (RFC 6455 section 5.4)',
      );
    }
    let payload = data;
    let surrogate = '';
    if (typeof payload === 'string') {
      // A fragment ends between two code points; the first half of a surrogate pair waits for the second.
      payload = this.#surrogate + payload;
      const last = payload.charCodeAt(payload.length - 1);
      surrogate = !final && last >= 0xd800 && last <= 0xdbff ? payload.slice(-1) : '';
      if (surrogate !== '') payload = payload.slice(0, -1);
    }
    if (first) {
      // How long the message will be is not known yet.
      this.#compressing = this.#transform !== undefined && (compress ?? this.#transform.wants(Infinity));
    }
    const kind = first ? opcode : Opcode.Continuation;
    const fin = final ? FINAL : 0;
    if (this.#compressing) this.#compress(kind, payload, fin);
    else this.#write(kind, payload, fin, lend);
    this.#message = final ? 0 : opcode;
    this.#surrogate = surrogate;
  }

  /** Queues a Ping or Pong frame of the application's. */
  control(opcode: typeof Opcode.Ping | typeof Opcode.Pong, payload: Uint8Array): void {
    this.#frames.bytes(FINAL | opcode, payload, 0, payload.length, false);
  }

  /** Queues the answer to a Ping frame: in its place, or, where too many wait, instead of the last one and behind all. */
  pong(payload: Uint8Array): void {
    const size = this.#frames.sizeOf(payload.length);
    if (this.#pongsLeft <= 0) this.#pongs = 0;
    if (this.#pong === undefined && this.#pongs + size <= MAX_PONGS) {
      this.control(Opcode.Pong, payload);
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
    this.#frames.bytes(FINAL | Opcode.Close, payload, 0, payload.length, false);
    this.#closeSize = this.#frames.sizeOf(payload.length);
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
    if (this.#pongsLeft <= 0) this.#placePong();
    const bytes = this.#outbox.transmit(max);
    if (bytes !== undefined) this.#pongsLeft -= bytes.length;
    return bytes;
  }

  /** Writes the next bytes into `into`, as many as it has room for, and returns how many. */
  transmitInto(into: Uint8Array): number {
    if (this.#pongsLeft <= 0) this.#placePong();
    const length = this.#outbox.transmitInto(into);
    this.#pongsLeft -= length;
    return length;
  }

  /**
   * Drops the messages that wait, and returns the number of their bytes. Three things stay: the rest of a frame that has been transmitted
   * in part, the head of the opening handshake, and our Close frame with the answers to Ping frames behind it.
   */
  drop(): number {
    const dropped = this.#outbox.drop(this.#closeSize);
    this.#pongsLeft = Math.min(this.#pongsLeft, this.#outbox.queuedBytes);
    return dropped;
  }

  /** Whether the application has transferred or resized a borrowed payload: see {@link Outbox.broken}. */
  get broken(): Outbox['broken'] {
    return this.#outbox.broken;
  }

  /** Queues the answer for which there was no room, if there is one. */
  #placePong(): void {
    if (this.#pong === undefined) return;
    const payload = this.#pong;
    this.#pong = undefined;
    this.#pongsLeft = 0;
    this.pong(payload);
  }

  /** Compresses a message, or a fragment of one, and queues it. */
  #compress(opcode: Opcode, data: string | Uint8Array, fin: number): void {
    const transform = this.#transform as MessageTransform;
    const bytes = toBytes(data);
    // Once bytes are compressed they must be sent, or the peer's window would differ from ours. So all keys are drawn before.
    // zlib's own bound is an eighth more than the bytes themselves, whatever its window and its memory.
    this.#frames.prepare(2 + Math.ceil((bytes.length * 1.125) / this.#fragmentSize));
    const output = transform.compress(bytes, fin === FINAL);
    // RFC 7692 6.1: 'An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first
    // fragments'.
    this.#write(opcode === Opcode.Continuation ? opcode : COMPRESSED | opcode, output, fin, false);
  }

  /** Queues a message, or a fragment of one, in frames of at most `fragmentSize` bytes: all of them or, when this throws, none. */
  #write(opcode: number, data: string | Uint8Array, fin: number, lend: boolean): void {
    const limit = this.#fragmentSize;
    if (typeof data === 'string' && 3 * data.length <= limit) {
      this.#frames.text(fin | opcode, data);
      return;
    }
    const bytes = typeof data === 'string' ? toBytes(data) : data;
    // 5.4: "A sender MAY create fragments of any size for non-control messages."
    let first = opcode;
    let start = 0;
    if (bytes.length > limit) {
      this.#frames.prepare(Math.ceil(bytes.length / limit));
      for (; bytes.length - start > limit; start += limit) {
        this.#frames.bytes(first, bytes, start, start + limit, lend);
        first = Opcode.Continuation;
      }
    }
    this.#frames.bytes(fin | first, bytes, start, bytes.length, lend);
  }
}
