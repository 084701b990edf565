/**
 * The inbound half of a connection (RFC 6455 5.4 to 5.6): chunks in, events out.
 *
 * The frame reader cuts the chunk into frames. Control frames are answered to here, data frames go to the message in progress, and both
 * are counted for the rate limits.
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
import { type Collector, IGNORED, Message, type MessageEvent } from './message.ts';
import { MessageBuffer } from './message-buffer.ts';
import { RateLimiter } from './rate-limit.ts';

/** What bytes turn into. */
export type ReceiverEvent = MessageEvent | PingEvent | PongEvent | CloseEvent;

const NOTHING = new Uint8Array(0);

/** Takes the chunks of one connection and returns their events. */
export class Receiver {
  readonly #reader: FrameReader;
  readonly #chunk: Chunk;
  // Whether it keeps nothing from one message to the next.
  readonly #isStateless: boolean;
  #limiter: RateLimiter | undefined;
  #message: Collector;
  // The payload of the control frame in progress: at most 125 bytes.
  #control: Uint8Array = NOTHING;
  // What arrived before all events of the chunk had been taken.
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

  /** The next chunk begins with a frame, and `offset` bytes of the stream lie before it. */
  begin(offset: number): void {
    this.#chunk.base = offset;
  }

  /** Whether it is as good as new: between two messages, with nothing to parse and nothing known of a connection. */
  get isAtRest(): boolean {
    const isIdle = this.#chunk.end === 0 && this.#backlog === undefined && this.pendingSince < 0;
    return isIdle && this.#isStateless && !this.#message.ignores;
  }

  /** Takes a chunk for good: payloads are unmasked in it. */
  receive(chunk: Uint8Array): void {
    if (this.#chunk.end === 0 && this.#backlog === undefined) {
      this.#chunk.take(chunk);
      return;
    }
    this.#backlog ??= new MessageBuffer();
    this.#backlog.append(chunk, 0, chunk.length);
  }

  /**
   * From here on only Ping frames and a Close frame are delivered: our own Close frame has been sent, and nothing else can
   * be answered (5.5.1, 5.5.2).
   */
  discard(): void {
    this.#message = IGNORED;
    this.#limiter = undefined;
  }

  /** Where in the stream the frame begins, or the first impossible byte lies, that made `next` throw. */
  get faultOffset(): number {
    const { fault, frameStart } = this.#chunk;
    return fault < 0 ? frameStart : fault;
  }

  /** Where in the stream the message or frame begins that has not arrived whole; -1 when there is none. */
  get pendingSince(): number {
    const { start } = this.#message;
    return start < 0 ? this.#reader.pendingSince : start;
  }

  /** The number of bytes of payload, as they came, that the message in progress has. */
  get payloadLength(): number {
    return this.#message.received;
  }

  /**
   * Returns the next event, or `undefined` when more bytes are needed.
   *
   * @throws {ProtocolError} when the peer broke a rule; `faultOffset` says where, and nothing may be parsed after it
   * @throws {TransferredError} when the application took away the memory of what is to be parsed
   */
  next(now: number): ReceiverEvent | undefined {
    const event = this.#message.next(now);
    if (event !== undefined) return event;
    while (true) {
      const part = this.#reader.next(this.#message);
      if (part !== undefined) {
        const event = part.header.opcode < 8 ? this.#message.take(part, now) : this.#controlFrame(part, now);
        if (event !== undefined) return event;
      } else if (!this.#refill()) return undefined;
    }
  }

  /** Goes on with what arrived behind the chunk, if anything did. */
  #refill(): boolean {
    const backlog = this.#backlog;
    if (backlog === undefined) return false;
    const chunk = this.#chunk;
    // In case that its memory is gone.
    chunk.fault = chunk.base;
    chunk.take(backlog.take());
    chunk.fault = -1;
    this.#backlog = undefined;
    return true;
  }

  /** Copies the payload, which is short, so that the chunk stays the data's. */
  #controlFrame(part: FramePart, now: number): PingEvent | PongEvent | CloseEvent | undefined {
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
    // A Pong frame has no answer.
    return this.#message.ignores ? undefined : { type: 'pong', data: payload, latency: undefined };
  }
}
