/**
 * The receiver of a connection (RFC 6455 5.4 to 5.6): takes chunks, returns events.
 *
 * The frame reader cuts each chunk into frames. The receiver turns control frames into events and passes data frames on to the message
 * in progress. Control frames and data frames both count towards the rate limits, until we close.
 */
import { copyBytes } from '../bytes.ts';
import type { CloseEvent, PingEvent, PongEvent } from '../connection/events.ts';
import type { ResolvedOptions } from '../connection/resolved-options.ts';
import type { MessageTransform } from '../deflate/extension.ts';
import type { Chunk } from '../frame/chunk.ts';
import { decodeClosePayload } from '../frame/close.ts';
import { chunkOf, type FramePart, FrameReader } from '../frame/frame-reader.ts';
import { Opcode, RSV1 } from '../frame/header.ts';
import { mask, rotateKey } from '../simd.ts';
import { type Collector, IGNORED, type MessageEvent } from './collector.ts';
import { Message } from './message.ts';
import { MessageBuffer } from './message-buffer.ts';
import { RateLimiter } from './rate-limit.ts';

/** A Pong frame without its latency, which the connection fills in. */
type ReceivedPong = { -readonly [Field in keyof PongEvent]: PongEvent[Field] };

/** The events of a receiver. */
export type ReceiverEvent = MessageEvent | PingEvent | ReceivedPong | CloseEvent;

const NOTHING = new Uint8Array(0);

/** Takes chunks and returns their events. It serves one connection at a time; when it is stateless and idle, another may use it. */
export class Receiver {
  readonly #reader: FrameReader;
  readonly #chunk: Chunk;
  // Whether nothing is kept from one message to the next: there are neither rate limits nor compression.
  readonly #isStateless: boolean;
  #limiter: RateLimiter | undefined;
  #message: Collector;
  // The payload of the control frame in progress: at most 125 bytes.
  #control: Uint8Array = NOTHING;
  // The chunks that arrived while the current one was still being read, before `next` had returned `undefined` for it.
  #backlog: MessageBuffer | undefined = undefined;

  constructor(options: ResolvedOptions, masked: boolean, transform?: MessageTransform) {
    const { maxFrameSize, rateLimits } = options;
    // RFC 7692 6: 'This document allocates the RSV1 bit of the WebSocket header for PMCEs'.
    this.#reader = new FrameReader({ masked, rsv: transform === undefined ? 0 : RSV1, maxFrameSize });
    this.#chunk = chunkOf(this.#reader);
    this.#limiter = rateLimits && new RateLimiter(rateLimits);
    this.#message = new Message(options, this.#chunk, this.#limiter, transform);
    this.#isStateless = this.#limiter === undefined && transform === undefined;
  }

  /** Starts to receive in the middle of a stream. The next chunk begins with a frame, at `offset` in the stream. */
  begin(offset: number): void {
    this.#chunk.base = offset;
  }

  /**
   * Whether nothing is kept from one message to the next, and data frames are not ignored. If so, another connection can use this receiver
   * once `next` has returned `undefined` and `pendingSince` is -1.
   */
  get isStateless(): boolean {
    return this.#isStateless && !this.#message.ignores;
  }

  /** Takes a chunk. The receiver owns it from here on, and may unmask payloads in place. */
  receive(chunk: Uint8Array): void {
    if (this.#chunk.end === 0 && this.#backlog === undefined) {
      this.#chunk.take(chunk);
      return;
    }
    this.#backlog ??= new MessageBuffer();
    this.#backlog.append(chunk);
  }

  /**
   * Ignores data frames. When the application closes, the connection calls this and then queues our Close frame. A connection without a
   * receiver at that time calls this on the next one that it borrows. From here on `next` returns only Ping frames, which still need an
   * answer (5.5.2), and the peer's Close frame (5.5.1). The connection answers the Ping frames and does not pass them on. The rate limits,
   * which protect the application, end here, since only the peer's Close frame still reaches it.
   */
  discard(): void {
    this.#message = IGNORED;
    this.#limiter = undefined;
  }

  /**
   * The offset in the stream of the fault for which `next` threw. For invalid UTF-8 in a text that is not compressed, it is the
   * first impossible byte, or the end of the message if that ends inside a code point. If memory of the chunk or of the
   * backlog was transferred, it is the first byte that has not been parsed. Otherwise it is where the latest frame begins.
   */
  get faultOffset(): number {
    const { fault, frameStart } = this.#chunk;
    return fault < 0 ? frameStart : fault;
  }

  /** The offset in the stream at which an incomplete message or frame begins; -1 when there is none. */
  get pendingSince(): number {
    const { since } = this.#message;
    return since < 0 ? this.#reader.pendingSince : since;
  }

  /** The number of payload bytes received of the message in progress, before decompression. */
  get payloadLength(): number {
    return this.#message.received;
  }

  /**
   * Returns the next event, or `undefined` when more bytes are needed.
   *
   * @throws {ProtocolError} when the peer broke a rule, at `faultOffset`; nothing can be parsed after it
   * @throws {TransferredError} when the application has transferred or shrunk the memory of bytes still to be parsed, or of an incomplete
   *   message
   */
  next(now: number): ReceiverEvent | undefined {
    const event = this.#message.next(now);
    if (event !== undefined) return event;
    while (true) {
      // The reader asks whether a message is in progress: that decides which frames may come next (5.4).
      const part = this.#reader.next(this.#message);
      if (part !== undefined) {
        const event = part.header.opcode < 8 ? this.#message.take(part, now) : this.#controlFrame(part, now);
        if (event !== undefined) return event;
      } else if (!this.#refill()) return undefined;
    }
  }

  /** Makes the backlog the next chunk. Returns false when there is none. */
  #refill(): boolean {
    const backlog = this.#backlog;
    if (backlog === undefined) return false;
    const chunk = this.#chunk;
    try {
      chunk.take(backlog.take());
    } catch (error) {
      // The application has transferred memory of the backlog, so the fault is where the backlog begins.
      chunk.fault = chunk.base;
      throw error;
    }
    this.#backlog = undefined;
    return true;
  }

  /**
   * Collects the payload of a control frame and returns its event. The payload is copied, so that an application that transfers it does
   * not take the chunk with it.
   */
  #controlFrame(part: FramePart, now: number): PingEvent | ReceivedPong | CloseEvent | undefined {
    const { header, start, end, offset } = part;
    if (part.first) {
      this.#limiter?.controlFrame(now);
      this.#control = new Uint8Array(header.length);
    }
    const { bytes } = this.#chunk;
    if (header.masked) {
      mask(bytes, start, end, rotateKey(header.key, offset), this.#chunk.words(end - start));
    }
    copyBytes(bytes, start, end, this.#control, offset);
    if (part.left > 0) return undefined;
    const payload = this.#control;
    this.#control = NOTHING;
    if (header.opcode === Opcode.Ping) return { type: 'ping', data: payload };
    if (header.opcode === Opcode.Close) return { type: 'close', ...decodeClosePayload(payload) };
    // After our own Close frame a Pong frame means nothing.
    return this.#message.ignores ? undefined : { type: 'pong', data: payload, latency: undefined };
  }
}
