/**
 * The sender of a connection (RFC 6455 5.1, 5.4, 5.5, 6.1): takes messages, fragments and control frames, returns bytes.
 *
 * It decides what to send, and in what order. The frame writer divides long payloads into frames and writes them into the outbox, where
 * they wait for `transmit`.
 */
import { toBytes } from '../bytes-like.ts';
import type { MessageTransform } from '../deflate/extension.ts';
import { type DataOpcode, Opcode, RSV1 } from '../frame/header.ts';
import type { RandomSource } from '../host.ts';
import { StateError } from '../rules.ts';
import { writeLatin1 } from '../text/encode.ts';
import { checkText, UTF8_BOUNDARY } from '../text/utf8.ts';
import { FrameWriter } from './frame-writer.ts';
import { MaskKeys } from './mask-keys.ts';
import { Outbox } from './outbox.ts';
import { encodedFor, type PreparedMessage, plainOf } from './prepared.ts';
import { joinBytes, joinString, SEALED } from './seam.ts';

const FINAL = 0x80;
const COMPRESSED = RSV1 << 4;
const NOTHING = new Uint8Array(0);

/**
 * At most this many bytes of Pong frames are queued as one batch, which ends when all of them have left. An answer that does not fit is
 * held, and each later answer replaces it. The held one is queued when the batch ends, or else in front of our Close frame.
 */
const MAX_PONGS = 4096;

/** The options that a sender reads. */
export interface SenderOptions {
  /** The longest payload of a data frame, in bytes. */
  readonly fragmentSize: number;
  /** The source of masking keys, which a client must have. */
  readonly random: RandomSource | undefined;
}

/**
 * Queues messages and control frames. It serves one connection at a time; when it is idle, another may use it. At a client, every method
 * that queues a frame also throws what the random source throws.
 */
export class Sender {
  readonly #fragmentSize: number;
  #transform: MessageTransform | undefined = undefined;
  readonly #outbox = new Outbox();
  readonly #frames: FrameWriter;

  // The type of the fragmented message that the application is sending; 0 between messages.
  #message: 0 | DataOpcode = 0;
  #compressing = false;
  // What the end of the previous fragment left open.
  #seam = SEALED;

  // The length of the current batch of answers, including those that have left already.
  #pongBytes = 0;
  // The number of bytes to transmit until the last answer of the batch has left. 0 or less once it has. After `drop` it may be
  // too high: a held answer then waits longer than it has to.
  #bytesToLastPong = 0;
  // The payload of the answer that is held.
  #heldPong: Uint8Array | undefined = undefined;
  // The length of our Close frame and of all answers to Ping frames after it; 0 until it has been queued.
  #tailBytes = 0;

  /** @param masked whether frames are masked: true at a client (5.1) */
  constructor({ fragmentSize, random }: SenderOptions, masked: boolean) {
    this.#fragmentSize = fragmentSize;
    this.#frames = new FrameWriter(this.#outbox, masked && random !== undefined ? MaskKeys.from(random) : undefined);
  }

  /** Sets the transform that compresses messages from here on. */
  use(transform: MessageTransform | undefined): void {
    this.#transform = transform;
  }

  /**
   * Whether nothing waits, the random source is not running (it may be the application's code and call a connection), no message is
   * in progress, and there is no transform. Another connection can then use this sender, unless it has sent a Close frame.
   */
  get isIdle(): boolean {
    return this.isClear && !this.#frames.isDrawing && this.#transform === undefined;
  }

  /** Whether nothing waits, and no message is in progress. */
  get isClear(): boolean {
    return this.#outbox.queuedBytes === 0 && this.#heldPong === undefined && this.#message === 0;
  }

  /** The number of bytes that wait for `transmit`. */
  get queuedBytes(): number {
    return this.#outbox.queuedBytes + (this.#heldPong === undefined ? 0 : this.#frames.sizeOf(this.#heldPong.length));
  }

  /**
   * Queues a whole message.
   *
   * @param compress whether to compress it, if that was negotiated; default: by its length
   * @param lend whether a long payload may be borrowed instead of copied
   * @param text whether bytes are sent as text
   * @throws {StateError} `message-in-progress`
   * @throws {TypeError} when bytes are sent as text and are not valid UTF-8
   */
  message(data: string | Uint8Array, compress?: boolean, lend = false, text = false): void {
    this.#checkBetweenMessages();
    const isText = text || typeof data === 'string';
    const opcode = isText ? Opcode.Text : Opcode.Binary;
    if (text && typeof data !== 'string') checkText(data, UTF8_BOUNDARY, true);
    const transform = this.#transform;
    if (transform !== undefined && (compress ?? transform.wants(data.length))) this.#compress(opcode, data, FINAL);
    else this.#frames.data(opcode, data, FINAL, lend, this.#fragmentSize);
  }

  /**
   * Queues a prepared message.
   *
   * @throws {StateError} `message-in-progress`
   * @throws {TypeError} when a caller of `transmit` has transferred the memory of the message's frame
   */
  prepared(message: PreparedMessage): void {
    this.#checkBetweenMessages();
    const encoded = encodedFor(message, this.#transform);
    if (encoded === undefined) {
      const { first, payload } = plainOf(message);
      this.#compress((first & 0xf) as Opcode, payload, FINAL);
    } else if (encoded.payload.length > this.#fragmentSize) {
      this.#frames.data(encoded.first & ~FINAL, encoded.payload, FINAL, true, this.#fragmentSize);
    } else this.#frames.encoded(encoded);
  }

  /**
   * Queues the next fragment of a message.
   *
   * @param compress whether to compress the message, if that was negotiated; only the value given with the first fragment counts
   * @param lend whether a long payload may be borrowed instead of copied
   * @param text whether bytes are sent as text
   * @throws {TypeError} when it is of another type than the message in progress, when it is sent as text and is not valid UTF-8, or when
   *   the previous fragment ended inside a character and this one is not of the same kind (string or bytes)
   */
  fragment(data: string | Uint8Array, final: boolean, compress?: boolean, lend = false, text = false): void {
    const opcode = text || typeof data === 'string' ? Opcode.Text : Opcode.Binary;
    const isFirst = this.#message === 0;
    // 5.4: "all fragments of a message are of the same type, as set by the first fragment's opcode"
    if (!isFirst && this.#message !== opcode) {
      throw new TypeError(
        'the fragments of a message must be all text (strings, or bytes with the option text) or all binary ' +
          '(RFC 6455 section 5.4)',
      );
    }
    let payload = data;
    let seam = SEALED;
    if (typeof payload === 'string') ({ payload, seam } = joinString(this.#seam, payload, final));
    else if (text) seam = joinBytes(this.#seam, payload, final);
    if (isFirst) {
      // The length of the message is not known yet, so it counts as long.
      this.#compressing = this.#transform !== undefined && (compress ?? this.#transform.wants(Infinity));
    }
    const kind = isFirst ? opcode : Opcode.Continuation;
    const fin = final ? FINAL : 0;
    if (this.#compressing) this.#compress(kind, payload, fin);
    else this.#frames.data(kind, payload, fin, lend, this.#fragmentSize);
    this.#message = final ? 0 : opcode;
    this.#seam = seam;
  }

  /** Queues a Ping or Pong frame. */
  control(opcode: typeof Opcode.Ping | typeof Opcode.Pong, payload: Uint8Array): void {
    this.#frames.bytes(FINAL | opcode, payload, 0, payload.length, false);
  }

  /**
   * Queues the answer to a Ping frame. If the batch has no room for it, or an answer is held already, this one is held, in place of the
   * earlier one if there is one.
   */
  pong(payload: Uint8Array): void {
    if (this.#bytesToLastPong <= 0) this.#pongBytes = 0;
    const isRoom = this.#heldPong === undefined && this.#pongBytes + this.#frames.sizeOf(payload.length) <= MAX_PONGS;
    if (isRoom) this.#queuePong(payload);
    // 5.5.3: "If an endpoint receives a Ping frame and has not yet sent Pong frame(s) in response to previous Ping
    // frame(s), the endpoint MAY elect to send a Pong frame for only the most recently processed Ping frame."
    else this.#heldPong = payload.slice();
  }

  /** Queues our Close frame. Only answers to Ping frames may be queued after it. */
  close(payload: Uint8Array): void {
    this.#placePong();
    this.#frames.bytes(FINAL | Opcode.Close, payload, 0, payload.length, false);
    this.#tailBytes = this.#frames.sizeOf(payload.length);
    this.#message = 0;
    this.#seam = SEALED;
  }

  /** Queues the head of a request or response (one byte for each character) and its body. */
  head(text: string, body: Uint8Array = NOTHING): void {
    const outbox = this.#outbox;
    const start = outbox.reserve(text.length + body.length);
    writeLatin1(text, outbox.bytes, start);
    outbox.bytes.set(body, start + text.length);
    outbox.commitHead(start + text.length + body.length);
  }

  /**
   * Returns the next bytes to write, at most `max` of them, or `undefined` when none wait or this call sets {@link broken}.
   *
   * @throws what the random source throws when an answer that was held needs a masking key
   */
  transmit(max: number = Infinity): Uint8Array | undefined {
    if (this.#bytesToLastPong <= 0) this.#placePong();
    const bytes = this.#outbox.transmit(max);
    if (bytes !== undefined) this.#bytesToLastPong -= bytes.length;
    return bytes;
  }

  /** See {@link Outbox.nextIsShared}. */
  get nextIsShared(): boolean {
    return this.#outbox.nextIsShared;
  }

  /**
   * Writes the next bytes into `into` and returns how many. If an answer is held and all queued answers have left, this call first
   * queues the held one behind all waiting bytes, as `transmit` does.
   *
   * @throws what the random source throws when that answer needs a masking key
   */
  transmitInto(into: Uint8Array): number {
    if (this.#bytesToLastPong <= 0) this.#placePong();
    const length = this.#outbox.transmitInto(into);
    this.#bytesToLastPong -= length;
    return length;
  }

  /**
   * Drops queued bytes, and returns the number of bytes dropped. These stay:
   * - the rest of a frame that has been transmitted in part,
   * - the head of the opening handshake,
   * - our Close frame, with the answers to Ping frames after it,
   * - an answer that is held. If our Close frame is queued later, the answer leaves before it.
   *
   * If the caller of `transmit` has transferred bytes that are still needed, everything may stay: see {@link Outbox.drop}.
   */
  drop(): number {
    const dropped = this.#outbox.drop(this.#tailBytes);
    this.#bytesToLastPong = Math.min(this.#bytesToLastPong, this.#outbox.queuedBytes);
    return dropped;
  }

  /** See {@link Outbox.endLoans}. */
  endLoans(): void {
    this.#outbox.endLoans();
  }

  /** See {@link Outbox.broken}. */
  get broken(): Outbox['broken'] {
    return this.#outbox.broken;
  }

  #checkBetweenMessages(): void {
    // 5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message"
    if (this.#message === 0) return;
    throw new StateError('message-in-progress', 'finish the fragmented message in progress with sendFragment first');
  }

  /** Queues the answer that is held, if there is one. */
  #placePong(): void {
    const payload = this.#heldPong;
    if (payload === undefined) return;
    this.#heldPong = undefined;
    if (this.#bytesToLastPong <= 0) this.#pongBytes = 0;
    this.#queuePong(payload);
  }

  /**
   * Queues an answer. If the random source throws, the answer is held; `transmit` tries again once the queued answers have left.
   */
  #queuePong(payload: Uint8Array): void {
    try {
      this.control(Opcode.Pong, payload);
    } catch (error) {
      // The random source may be the application's code, and call a method of this connection. Then an answer to a later Ping frame may
      // be held already. That one is enough.
      this.#heldPong ??= payload.slice();
      throw error;
    }
    const size = this.#frames.sizeOf(payload.length);
    this.#pongBytes += size;
    this.#bytesToLastPong = this.#outbox.queuedBytes;
    if (this.#tailBytes > 0) this.#tailBytes += size;
  }

  /** Compresses a message, or a fragment of one, and queues it. */
  #compress(opcode: Opcode, data: string | Uint8Array, fin: number): void {
    const transform = this.#transform as MessageTransform;
    const bytes = toBytes(data);
    // Bytes that have been compressed must be sent, or the peer's window would differ from ours. Drawing masking keys may throw, so enough
    // are drawn before compressing. The longest output of zlib is n + n / 8 + n / 64 + 5 bytes, and 5 for a flush: the next line rounds it
    // up.
    this.#frames.prepare(2 + Math.ceil((bytes.length * 1.15 + 10) / this.#fragmentSize));
    const output = transform.compress(bytes, fin === FINAL);
    // RFC 7692 6.1: 'An endpoint MUST NOT set the "Per-Message Compressed" bit of control frames and non-first fragments'.
    const first = opcode === Opcode.Continuation ? opcode : COMPRESSED | opcode;
    this.#frames.data(first, output, fin, false, this.#fragmentSize);
    this.#frames.dropSpareKeys();
  }
}
