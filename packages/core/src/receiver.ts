/**
 * The inbound half-machine (RFC 6455 5.4 to 5.6, 8.1): chunk → header → payload → message, fragment or control frame.
 *
 * Its state is three nested facts: the message in progress (`0`, text or binary), the frame in progress (how many bytes
 * of its payload are still to come), and the header in progress (at most 13 bytes of it, spilled). A frame that is
 * whole in its chunk is unmasked in place and handed out as a view; everything else is appended to one growable buffer.
 */
import { decodeClosePayload } from './close.ts';
import type { BinaryEvent, CloseEvent, FragmentEvent, PingEvent, PongEvent, TextEvent } from './events.ts';
import type { MessageTransform } from './extension.ts';
import {
  createFrameHeader,
  type DataOpcode,
  decodeFrameHeader,
  type FrameRules,
  MAX_HEADER_SIZE,
  Opcode,
  RSV1,
} from './frame.ts';
import { applyMask, maskAndLook } from './mask.ts';
import { MessageBuffer } from './message-buffer.ts';
import type { ResolvedOptions } from './options.ts';
import { RateLimiter } from './rate-limit.ts';
import { ProtocolError } from './rules.ts';
import {
  decodeShortAscii,
  decodeUtf8,
  isAscii,
  SHORT_ASCII,
  UTF8_BOUNDARY,
  unfinishedBytes,
  validateUtf8,
} from './utf8.ts';

/** What bytes turn into. */
export type ReceiverEvent = TextEvent | BinaryEvent | FragmentEvent | PingEvent | PongEvent | CloseEvent;

const NOTHING = new Uint8Array(0);

/** The most characters that a string has on V8, the least of the engines: 2^29 - 24. */
const MAX_STRING = 536_870_888;

/** Filled anew for every frame and read at once, so one serves all receivers. */
const header = createFrameHeader();

/** The inbound half of one connection: takes chunks, gives events. */
export class Receiver {
  readonly #options: ResolvedOptions;
  readonly #rules: FrameRules;
  readonly #limiter: RateLimiter | undefined;
  readonly #transform: MessageTransform | undefined;

  // The chunk being parsed, and what arrived behind it before it was.
  #chunk: Uint8Array = NOTHING;
  // Reading them of the chunk for every frame would cost as much as unmasking a short one (benchmarks/decode).
  #memory: ArrayBufferLike = NOTHING.buffer;
  #memoryOffset = 0;
  #position = 0;
  #base: number;
  #backlog: MessageBuffer | undefined = undefined;

  // The header in progress.
  #spill: Uint8Array = NOTHING;
  #spilled = 0;

  // The frame in progress.
  #inFrame = false;
  #frameStart = 0;
  #opcode: Opcode = Opcode.Continuation;
  #final = false;
  #masked = false;
  #key = 0;
  #phase = 0;
  #left = 0;
  #control: MessageBuffer | undefined = undefined;

  // The message in progress.
  #message: 0 | DataOpcode = 0;
  #messageStart = 0;
  #size = 0;
  #buffer: MessageBuffer | undefined = undefined;
  #utf8 = UTF8_BOUNDARY;
  #carry: Uint8Array = NOTHING;
  // Of a compressed one: the payload last written is being read, and whether it was the message's last.
  #compressed = false;
  #reading = false;
  #written = false;

  #discarding = false;
  #fault = 0;

  /** @param offset how many bytes of the stream lie before the first frame */
  constructor(options: ResolvedOptions, masked: boolean, offset: number, transform?: MessageTransform) {
    this.#options = options;
    // RFC 7692 6: 'This document allocates the RSV1 bit of the WebSocket header for PMCEs'.
    this.#rules = { masked, rsv: transform === undefined ? 0 : RSV1, maxFrameSize: options.maxFrameSize };
    this.#transform = transform;
    this.#limiter = options.rateLimits && new RateLimiter(options.rateLimits);
    this.#base = offset;
  }

  /** Takes a chunk for good: payloads are unmasked in it. */
  receive(chunk: Uint8Array): void {
    if (this.#position === this.#chunk.length && this.#backlog === undefined) {
      this.#begin(chunk);
    } else {
      // The events of the chunk before have not all been polled.
      this.#backlog ??= new MessageBuffer();
      this.#backlog.append(chunk, 0, chunk.length);
    }
  }

  /** From here on only a Close frame is delivered: ours has been sent, and no other frame can be answered (5.5.1). */
  discard(): void {
    this.#discarding = true;
    this.#reading = false;
    this.#buffer = undefined;
    this.#carry = NOTHING;
    if (this.#opcode !== Opcode.Close) this.#control = undefined;
  }

  /** Where in the stream the frame begins, or the first impossible byte lies, that made `next` throw. */
  get faultOffset(): number {
    return this.#fault;
  }

  /** Where in the stream the message or frame begins that has not arrived whole; -1 when there is none. */
  get pendingSince(): number {
    if (this.#message !== 0) return this.#messageStart;
    if (this.#inFrame) return this.#frameStart;
    return this.#spilled > 0 ? this.#base + this.#position - this.#spilled : -1;
  }

  /**
   * Gives the next event, or `undefined` when more bytes are needed.
   *
   * @throws {ProtocolError} when the peer broke a rule; `faultOffset` says where, and nothing may be parsed after it
   */
  next(now: number): ReceiverEvent | undefined {
    do {
      while (this.#reading || this.#inFrame || this.#header()) {
        const event = this.#reading ? this.#read() : this.#inFrame ? this.#payload(now) : this.#frame(now);
        if (event !== undefined) return event;
        if (this.#inFrame && this.#left > 0) break;
      }
    } while (this.#refill());
    return undefined;
  }

  /** Lets go of the chunk, which has been parsed, and goes on with what arrived behind it, if anything did. */
  #refill(): boolean {
    const backlog = this.#backlog;
    this.#backlog = undefined;
    this.#begin(backlog === undefined ? NOTHING : backlog.take());
    return backlog !== undefined;
  }

  /** The next chunk is behind the present one, which has been parsed. */
  #begin(chunk: Uint8Array): void {
    this.#base += this.#chunk.length;
    this.#chunk = chunk;
    this.#memory = chunk.buffer;
    this.#memoryOffset = chunk.byteOffset;
    this.#position = 0;
  }

  /** Reads a header into `header`; false when the chunk ends first. */
  #header(): boolean {
    const chunk = this.#chunk;
    const position = this.#position;
    this.#fault = this.#frameStart = this.#base + position - this.#spilled;
    if (this.#spilled === 0) {
      const size = decodeFrameHeader(chunk, position, chunk.length, this.#rules, header);
      this.#position = position + size;
      if (size > 0) return true;
    }
    if (position === chunk.length) return false;
    // What there is of it waits in `spill`, to be completed from the next chunk.
    if (this.#spill === NOTHING) this.#spill = new Uint8Array(MAX_HEADER_SIZE);
    const before = this.#spilled;
    const take = Math.min(chunk.length - position, MAX_HEADER_SIZE - before);
    for (let i = 0; i < take; i++) this.#spill[before + i] = chunk[position + i] as number;
    const size = decodeFrameHeader(this.#spill, 0, before + take, this.#rules, header);
    this.#spilled = size > 0 ? 0 : before + take;
    this.#position = position + (size > 0 ? size - before : take);
    return size > 0;
  }

  /**
   * A header has been read: checks it against the message in progress, and delivers its frame if that is whole here.
   */
  #frame(now: number): ReceiverEvent | undefined {
    const { opcode, final, length } = header;
    if (this.#discarding) {
      // Nothing but Close frames is of interest.
    } else if (opcode >= 8) {
      this.#limiter?.controlFrame(now);
    } else {
      if (opcode !== Opcode.Continuation) {
        // 5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message"
        if (this.#message !== 0) throw new ProtocolError('message-interleaved');
        this.#limiter?.message(now);
        this.#size = 0;
      } else if (this.#message === 0) {
        // 5.4: "A fragmented message consists of a single frame with the FIN bit clear and an opcode other than 0,
        // followed by zero or more frames with the FIN bit clear and the opcode set to 0"
        throw new ProtocolError('continuation-without-message');
      }
      // Of a compressed message what counts is what it becomes.
      const first = opcode !== Opcode.Continuation;
      if (!(first ? header.rsv !== 0 : this.#compressed)) this.#grow(length, first ? opcode : this.#message);
    }

    const chunk = this.#chunk;
    const start = this.#position;
    const end = start + length;
    if (end <= chunk.length && !this.#discarding && this.#isWhole(opcode, final)) {
      this.#position = end;
      const seen = header.masked ? maskAndLook(chunk, start, end, header.key) : -1;
      if (opcode >= 8) return controlEvent(opcode, this.#view(start, end));
      this.#limiter?.bytes(length, now);
      if (opcode === Opcode.Binary) return { type: 'binary', data: this.#view(start, end) };
      return { type: 'text', data: this.#text(start, end, seen === 0) };
    }

    if (opcode !== Opcode.Continuation && opcode < 8) {
      this.#message = opcode as DataOpcode;
      this.#messageStart = this.#frameStart;
      this.#utf8 = UTF8_BOUNDARY;
      // RFC 7692 6: 'this bit indicates whether a message is compressed or not'.
      this.#compressed = header.rsv !== 0;
    }
    this.#inFrame = true;
    this.#opcode = opcode;
    this.#final = final;
    this.#masked = header.masked;
    this.#key = header.key;
    this.#phase = 0;
    this.#left = length;
    return this.#payload(now);
  }

  /** The message becomes so much longer: 10.4, "MUST protect themselves against exceeding those limits". */
  #grow(length: number, type: Opcode): void {
    const { maxMessageSize, fragments } = this.#options;
    this.#size += length;
    // A longer text may have no string; what a peer sends must not make the engine throw.
    const limit = type === Opcode.Text && !fragments ? Math.min(maxMessageSize, MAX_STRING) : maxMessageSize;
    if (this.#size > limit) throw new ProtocolError('message-too-big');
  }

  /** Whether a frame, all of it here, is all there is to deliver: a control frame or an unfragmented message. */
  #isWhole(opcode: Opcode, final: boolean): boolean {
    if (opcode >= 8) return true;
    return final && opcode !== Opcode.Continuation && header.rsv === 0 && !this.#options.fragments;
  }

  #text(start: number, end: number, ascii: boolean): string {
    const chunk = this.#chunk;
    if (end - start <= SHORT_ASCII && (ascii || isAscii(chunk, start, end))) {
      return decodeShortAscii(chunk, start, end - start);
    }
    const bytes = this.#view(start, end);
    const text = decodeUtf8(bytes, this.#options.textDecoder);
    if (text !== undefined) return text;
    this.#endText(chunk, end, this.#validate(chunk, start, end, UTF8_BOUNDARY));
    // The decoder refused what is valid; core's own does not.
    return decodeUtf8(bytes) as string;
  }

  /** Takes what the chunk has of the payload in progress. */
  #payload(now: number): ReceiverEvent | undefined {
    const chunk = this.#chunk;
    const start = this.#position;
    const end = Math.min(start + this.#left, chunk.length);
    this.#position = end;
    this.#left -= end - start;
    const frameDone = this.#left === 0;
    if (frameDone) this.#inFrame = false;
    const opcode = this.#opcode;
    if (this.#discarding && opcode !== Opcode.Close) return undefined;
    if (this.#masked) this.#phase = applyMask(chunk, start, end, this.#key, this.#phase);

    if (opcode >= 8) {
      this.#control ??= new MessageBuffer();
      this.#control.append(chunk, start, end, this.#control.length + (end - start) + this.#left);
      return frameDone ? controlEvent(opcode, this.#control.take()) : undefined;
    }
    this.#limiter?.bytes(end - start, now);
    const done = frameDone && this.#final;
    if (!this.#compressed) return this.#take(chunk, start, end, done);
    (this.#transform as MessageTransform).write(this.#view(start, end));
    this.#reading = true;
    this.#written = done;
    return this.#read();
  }

  /** Takes what the compressed payload written last becomes, piece by piece, and the end of its message. */
  #read(): ReceiverEvent | undefined {
    const transform = this.#transform as MessageTransform;
    while (this.#reading) {
      const piece = transform.read() ?? NOTHING;
      this.#grow(piece.length, this.#message);
      this.#reading = !transform.drained;
      const done = this.#written && !this.#reading;
      if (done) transform.finish();
      const event = this.#take(piece, 0, piece.length, done);
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** Takes the next bytes of a message: of the chunk, or of what the transform lends. */
  #take(bytes: Uint8Array, start: number, end: number, done: boolean): ReceiverEvent | undefined {
    const type = this.#message as DataOpcode;
    const lent = bytes !== this.#chunk;
    if (done) this.#message = 0;
    if (type === Opcode.Text) {
      this.#utf8 = this.#validate(bytes, start, end, this.#utf8);
      if (done) this.#endText(bytes, end, this.#utf8);
    }
    if (this.#options.fragments) return this.#piece(type, lent ? bytes.slice() : this.#view(start, end), done);

    this.#buffer ??= new MessageBuffer();
    const buffer = this.#buffer;
    // What the transform gave at once needs no buffer.
    if (done && lent && buffer.length === 0) return this.#whole(type, type === Opcode.Binary ? bytes.slice() : bytes);
    // How long the message will be is known in its final frame only, and of a compressed one never.
    buffer.append(bytes, start, end, this.#final && !this.#compressed ? this.#size : Infinity);
    return done ? this.#whole(type, buffer.take()) : undefined;
  }

  /** Delivers a message that has been collected, and whose text has been found valid. */
  #whole(type: DataOpcode, data: Uint8Array): BinaryEvent | TextEvent {
    if (type === Opcode.Binary) return { type: 'binary', data };
    return { type: 'text', data: decodeUtf8(data, this.#options.textDecoder) ?? (decodeUtf8(data) as string) };
  }

  /**
   * A plain view: where the chunk is a Buffer of Node's, its own `subarray` costs twice as much (benchmarks/decode).
   */
  #view(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#memory, this.#memoryOffset + start, end - start);
  }

  /** Delivers a piece of a message; of a text, the code points that are whole. */
  #piece(opcode: DataOpcode, bytes: Uint8Array, final: boolean): FragmentEvent | undefined {
    let data = bytes;
    if (opcode === Opcode.Text) {
      if (this.#carry.length > 0) {
        const joined = new Uint8Array(this.#carry.length + data.length);
        joined.set(this.#carry);
        joined.set(data, this.#carry.length);
        data = joined;
      }
      const whole = data.length - unfinishedBytes(data, data.length, this.#utf8);
      this.#carry = whole === data.length ? NOTHING : data.slice(whole);
      data = data.subarray(0, whole);
    }
    return data.length > 0 || final ? { type: 'fragment', opcode, data, final } : undefined;
  }

  /**
   * 8.1: "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not, in fact, a
   * valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_": at the first byte that cannot be, not at
   * the end.
   */
  #validate(bytes: Uint8Array, start: number, end: number, state: number): number {
    const next = validateUtf8(bytes, start, end, state, this.#options.textDecoder);
    if (next >= 0) return next;
    // Of what was compressed, the frame is all there is to point at.
    if (bytes === this.#chunk) this.#fault = this.#base + ~next;
    throw new ProtocolError('invalid-utf8');
  }

  /** 5.6: "the whole message MUST contain valid UTF-8": it does not end inside a code point. */
  #endText(bytes: Uint8Array, end: number, state: number): void {
    if (state === UTF8_BOUNDARY) return;
    if (bytes === this.#chunk) this.#fault = this.#base + end;
    throw new ProtocolError('invalid-utf8');
  }
}

function controlEvent(opcode: Opcode, data: Uint8Array): PingEvent | PongEvent | CloseEvent {
  if (opcode === Opcode.Ping) return { type: 'ping', data };
  if (opcode === Opcode.Pong) return { type: 'pong', data, latency: undefined };
  const { code, reason } = decodeClosePayload(data);
  return { type: 'close', code, reason };
}
