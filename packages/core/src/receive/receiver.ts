/**
 * The inbound half-machine (RFC 6455 5.4 to 5.6, 8.1): chunk → header → payload → message, fragment or control frame.
 *
 * Its state is three nested facts: the message in progress (`0`, text or binary), the frame in progress (how many bytes
 * of its payload are still to come), and the header in progress (at most 13 bytes of it, spilled). A frame that is
 * whole in its chunk is unmasked in place and handed out as a view; everything else is appended to one growable buffer.
 */
import { TransferredError } from '../bytes.ts';
import type { BinaryEvent, CloseEvent, FragmentEvent, PingEvent, PongEvent, TextEvent } from '../connection/events.ts';
import type { ResolvedOptions } from '../connection/resolved-options.ts';
import type { MessageTransform } from '../deflate/extension.ts';
import { decodeClosePayload } from '../frame/close.ts';
import {
  createFrameHeader,
  type DataOpcode,
  decodeFrameHeader,
  type FrameRules,
  MAX_HEADER_SIZE,
  Opcode,
  RSV1,
} from '../frame/header.ts';
import { maskAndLook, rotateKey } from '../frame/mask.ts';
import { host, type Utf8TextDecoder } from '../host.ts';
import { KERNEL_FROM } from '../kernel.ts';
import { ProtocolError } from '../rules.ts';
import { decodeInKernel, decodeShortAscii, decodeText, isAscii, SHORT_ASCII } from '../text/text.ts';
import { decodeUtf8, nextUtf8, UTF8_BOUNDARY, unfinishedBytes, validateUtf8 } from '../text/utf8.ts';
import { MessageBuffer } from './message-buffer.ts';
import { RateLimiter } from './rate-limit.ts';

/** What bytes turn into. */
export type ReceiverEvent = TextEvent | BinaryEvent | FragmentEvent | PingEvent | PongEvent | CloseEvent;

const NOTHING = new Uint8Array(0);

/** The most characters that a string has on V8, the least of the engines: 2^29 - 24. */
const MAX_STRING = 536_870_888;

/**
 * How many bytes more than twice `maxMessageSize` a compressed message may have on the wire. What is incompressible becomes
 * longer by far less; what is longer by more is blocks without output, which no limit of what it becomes would end.
 */
const COMPRESSED_SLACK = 65_536;

/** To this many bytes one loop over them is faster than what is made for many. */
const SHORT_CHUNK = 16;

/** From this many bytes on it is worth making a view for words of one payload (benchmarks: decode). */
const VIEW_FROM = 96;

/** Filled anew for every frame and read at once, so one serves all receivers. */
const header = createFrameHeader();

/** The inbound half of one connection: takes chunks, gives events. */
export class Receiver {
  // What the options say, at hand for every frame.
  readonly #maxMessageSize: number;
  readonly #maxTextSize: number;
  readonly #fragments: boolean;
  readonly #textDecoder: Utf8TextDecoder | undefined;
  readonly #rules: FrameRules;
  readonly #limiter: RateLimiter | undefined;
  readonly #transform: MessageTransform | undefined;

  // The chunk being parsed, and what arrived behind it before it was.
  #chunk: Uint8Array = NOTHING;
  // How long it was when it came: the application, which has views of it, may transfer its memory.
  #end = 0;
  #position = 0;
  // Its memory: to look it up for every frame would cost as much as to unmask a short one (benchmarks: decode).
  #memory: ArrayBufferLike | undefined = undefined;
  #memoryOffset = 0;
  // A view of it for words, and whether there was a payload before in it.
  #words: DataView | undefined = undefined;
  #isSecond = false;
  #base = 0;
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
  // The key of all there will be of a binary message: one pass when it is whole costs less than one for each piece.
  #lateKey = 0;
  #left = 0;
  // It can be taken a few bytes at a time, without a look at anything else.
  #trickles = false;
  #control: MessageBuffer | undefined = undefined;

  // The message in progress.
  #message: 0 | DataOpcode = 0;
  #messageStart = 0;
  #size = 0;
  #buffer: MessageBuffer | undefined = undefined;
  #utf8 = UTF8_BOUNDARY;
  // All of a text so far, as far as somebody has looked.
  #ascii = false;
  #carry: Uint8Array = NOTHING;
  // Of a compressed one: the payload last written is being read, and whether it was the message's last.
  #compressed = false;
  #compressedSize = 0;
  #reading = false;
  #written = false;

  #discarding = false;
  #fault = 0;

  constructor(options: ResolvedOptions, masked: boolean, transform?: MessageTransform) {
    const { maxMessageSize, fragments } = options;
    this.#maxMessageSize = maxMessageSize;
    // A longer text may have no string; what a peer sends must not make the engine throw.
    this.#maxTextSize = fragments ? maxMessageSize : Math.min(maxMessageSize, MAX_STRING);
    this.#fragments = fragments;
    this.#textDecoder = options.textDecoder;
    // RFC 7692 6: 'This document allocates the RSV1 bit of the WebSocket header for PMCEs'.
    this.#rules = { masked, rsv: transform === undefined ? 0 : RSV1, maxFrameSize: options.maxFrameSize };
    this.#transform = transform;
    this.#limiter = options.rateLimits && new RateLimiter(options.rateLimits);
  }

  /** The next chunk begins with a frame, and so many bytes of the stream lie before it. */
  begin(offset: number): void {
    this.#base = offset;
  }

  /** Whether it is as good as new: between two messages, with nothing to parse and nothing known of a connection. */
  get isAtRest(): boolean {
    const stateless = this.#limiter === undefined && this.#transform === undefined && !this.#discarding;
    return stateless && this.#chunk === NOTHING && this.#backlog === undefined && this.pendingSince < 0;
  }

  /** Takes a chunk for good: payloads are unmasked in it. */
  receive(chunk: Uint8Array): void {
    if (this.#chunk === NOTHING && this.#backlog === undefined) {
      this.#chunk = chunk;
      this.#end = chunk.length;
    } else {
      // The events of the chunk before have not all been polled.
      this.#backlog ??= new MessageBuffer();
      this.#backlog.append(chunk, 0, chunk.length);
    }
  }

  /**
   * From here on only Ping frames and a Close frame are delivered: our own Close frame has been sent, and nothing else can
   * be answered (5.5.1, 5.5.2).
   */
  discard(): void {
    this.#discarding = true;
    this.#trickles = false;
    this.#reading = false;
    this.#buffer = undefined;
    this.#carry = NOTHING;
    if (!isAnswered(this.#opcode)) this.#control = undefined;
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

  /** How many bytes of payload, as they came, the message in progress has. */
  get payloadLength(): number {
    if (this.#message === 0) return 0;
    // A control frame in between is none of it.
    const left = this.#inFrame && this.#opcode < 8 ? this.#left : 0;
    return (this.#compressed ? this.#compressedSize : this.#size) - left;
  }

  /**
   * Gives the next event, or `undefined` when more bytes are needed.
   *
   * @throws {ProtocolError} when the peer broke a rule; `faultOffset` says where, and nothing may be parsed after it
   * @throws {TransferredError} when the application took away the memory of what is to be parsed
   */
  next(now: number): ReceiverEvent | undefined {
    const { length } = this.#chunk;
    if (length !== this.#end && (this.#position < this.#end || this.#reading)) throw this.#transferred();
    if (this.#trickles && length < this.#left && length <= SHORT_CHUNK && this.#backlog === undefined) {
      this.#trickle();
      return undefined;
    }
    do {
      while (this.#reading || this.#inFrame || this.#header()) {
        const event = this.#reading ? this.#read() : this.#inFrame ? this.#payload(now) : this.#frame(now);
        if (event !== undefined) return event;
        if (this.#inFrame && this.#left > 0) break;
      }
    } while (this.#refill());
    return undefined;
  }

  /** The memory of the chunk is gone before all of it was parsed. */
  #transferred(): TransferredError {
    this.#fault = this.#base + this.#position;
    return new TransferredError();
  }

  /** Lets go of the chunk, which has been parsed, and goes on with what arrived behind it, if anything did. */
  #refill(): boolean {
    this.#base += this.#end;
    this.#chunk = NOTHING;
    this.#position = this.#end = 0;
    this.#memory = undefined;
    this.#words = undefined;
    this.#isSecond = false;
    if (this.#backlog === undefined) return false;
    const fault = this.#fault;
    this.#fault = this.#base;
    this.#chunk = this.#backlog.take();
    this.#fault = fault;
    this.#end = this.#chunk.length;
    this.#backlog = undefined;
    return true;
  }

  /** Reads a header into `header`; false when the chunk ends first. */
  #header(): boolean {
    const chunk = this.#chunk;
    const end = this.#end;
    let position = this.#position;
    if (position === end) return false;
    if (this.#spilled === 0) {
      this.#fault = this.#frameStart = this.#base + position;
      const opcode = (chunk[position] as number) & 0x0f;
      if (opcode < 8 && (opcode === 0) === (this.#message === 0) && !this.#discarding) this.#refuse(chunk, position);
      const size = decodeFrameHeader(chunk, position, end, this.#rules, header);
      this.#position = position + size;
      if (size > 0) return true;
      // What there is of it waits in `spill`, to be completed from the next chunk.
      if (this.#spill === NOTHING) this.#spill = new Uint8Array(MAX_HEADER_SIZE);
      for (; position < end; position++) this.#spill[this.#spilled++] = chunk[position] as number;
    }
    for (; position < end; position++) {
      this.#spill[this.#spilled++] = chunk[position] as number;
      if (!endsPart(this.#spill, this.#spilled)) continue;
      if (decodeFrameHeader(this.#spill, 0, this.#spilled, this.#rules, header) === 0) continue;
      this.#spilled = 0;
      this.#position = position + 1;
      return true;
    }
    this.#position = position;
    return false;
  }

  /** Throws because the frame that begins at `position` has no place here, which its first byte says. */
  #refuse(chunk: Uint8Array, position: number): never {
    // The other rules of that byte come first.
    decodeFrameHeader(chunk, position, position + 1, this.#rules, header);
    // 5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message"
    if (this.#message !== 0) throw new ProtocolError('message-interleaved');
    // 5.4: "A fragmented message consists of a single frame with the FIN bit clear and an opcode other than 0,
    // followed by zero or more frames with the FIN bit clear and the opcode set to 0"
    throw new ProtocolError('continuation-without-message');
  }

  /**
   * A header has been read: checks it against the limits, and delivers its frame if that is whole here.
   */
  #frame(now: number): ReceiverEvent | undefined {
    const { opcode, final, length } = header;
    if (this.#discarding) {
      // Nothing is of interest but what is answered.
    } else if (opcode >= 8) {
      this.#limiter?.controlFrame(now);
    } else {
      const first = opcode !== Opcode.Continuation;
      if (first) {
        this.#limiter?.message(now);
        this.#size = this.#compressedSize = 0;
      }
      // Of a compressed message what counts is what it becomes, and how much it takes to say so.
      if (first ? header.rsv !== 0 : this.#compressed) {
        this.#compressedSize += length;
        if (this.#compressedSize > 2 * this.#maxMessageSize + COMPRESSED_SLACK)
          throw new ProtocolError('message-too-big');
      } else this.#grow(length, first ? opcode : this.#message);
    }

    const chunk = this.#chunk;
    const start = this.#position;
    const end = start + length;
    if (end <= this.#end && this.#isWhole(opcode, final)) {
      this.#position = end;
      if (opcode === Opcode.Text) {
        this.#limiter?.bytes(length, now);
        return { type: 'text', data: this.#text(start, end) };
      }
      if (header.masked) maskAndLook(chunk, start, end, header.key, this.#wordsFor(length));
      // Control payloads are short; a copy leaves the chunk to the data.
      if (opcode >= 8) return controlEvent(opcode, this.#view(start, end).slice());
      this.#limiter?.bytes(length, now);
      return { type: 'binary', data: this.#view(start, end) };
    }

    this.#begin(opcode, final, length);
    return this.#payload(now);
  }

  /** The payload of a frame comes in parts, or is a part. */
  #begin(opcode: Opcode, final: boolean, length: number): void {
    if (opcode !== Opcode.Continuation && opcode < 8) {
      this.#message = opcode as DataOpcode;
      this.#messageStart = this.#frameStart;
      this.#utf8 = UTF8_BOUNDARY;
      this.#ascii = true;
      // RFC 7692 6: 'this bit indicates whether a message is compressed or not'.
      this.#compressed = header.rsv !== 0;
    }
    this.#inFrame = true;
    this.#opcode = opcode;
    this.#final = final;
    const isJoined = !(this.#compressed || this.#fragments);
    // Texts are looked at as they come: they fail at the first impossible byte.
    const isLate = opcode === Opcode.Binary && final && isJoined;
    this.#masked = header.masked && !isLate;
    this.#key = isLate ? 0 : header.key;
    this.#lateKey = isLate ? header.key : 0;
    this.#left = length;
    this.#trickles = opcode < 8 && isJoined && !this.#discarding && this.#limiter === undefined;
    if (this.#trickles) this.#buffer ??= new MessageBuffer();
  }

  /** The message becomes so much longer: 10.4, "MUST protect themselves against exceeding those limits". */
  #grow(length: number, type: Opcode): void {
    this.#size += length;
    const limit = type === Opcode.Text ? this.#maxTextSize : this.#maxMessageSize;
    if (this.#size > limit) throw new ProtocolError('message-too-big');
  }

  /** Whether a frame, all of it here, is all there is to deliver: a control frame or an unfragmented message. */
  #isWhole(opcode: Opcode, final: boolean): boolean {
    if (this.#discarding) return isAnswered(opcode);
    if (opcode >= 8) return true;
    return final && opcode !== Opcode.Continuation && header.rsv === 0 && !this.#fragments;
  }

  /** A whole text, all of it here. */
  #text(start: number, end: number): string {
    const chunk = this.#chunk;
    const { key, masked } = header;
    const length = end - start;
    if (length <= SHORT_ASCII) {
      const text = decodeShortAscii(chunk, start, length, key, this.#wordsFor(length));
      if (text !== undefined) return text;
    }
    const textDecoder = this.#textDecoder;
    const bytes = this.#view(start, end);
    let text = decodeInKernel(bytes, key, textDecoder);
    if (text !== undefined) return text;
    const ascii = masked && maskAndLook(chunk, start, end, key, this.#wordsFor(length)) === 0;
    text = decodeText(bytes, ascii ? 'ascii' : 'nothing', textDecoder);
    if (text !== undefined) return text;
    this.#endText(chunk, end, this.#validate(chunk, start, end, UTF8_BOUNDARY));
    // The decoder refused what is valid; core's own does not.
    return decodeUtf8(bytes) as string;
  }

  /** Takes what the chunk has of the payload in progress. */
  #payload(now: number): ReceiverEvent | undefined {
    const chunk = this.#chunk;
    const start = this.#position;
    const end = Math.min(start + this.#left, this.#end);
    this.#position = end;
    this.#left -= end - start;
    const frameDone = this.#left === 0;
    if (frameDone) this.#inFrame = this.#trickles = false;
    const opcode = this.#opcode;
    if (this.#discarding && !isAnswered(opcode)) return undefined;
    let ascii: boolean | undefined;
    if (this.#masked) {
      ascii = maskAndLook(chunk, start, end, this.#key, this.#wordsFor(end - start)) === 0;
      this.#key = rotateKey(this.#key, end - start);
    }

    if (opcode >= 8) {
      this.#control ??= new MessageBuffer();
      this.#control.append(chunk, start, end, this.#control.length + (end - start) + this.#left);
      return frameDone ? controlEvent(opcode, this.#control.take()) : undefined;
    }
    this.#limiter?.bytes(end - start, now);
    const done = frameDone && this.#final;
    if (!this.#compressed) return this.#take(chunk, start, end, done, ascii);
    (this.#transform as MessageTransform).write(this.#view(start, end));
    this.#reading = true;
    this.#written = done;
    return this.#read();
  }

  /** Takes a short chunk inside of a payload, in one pass (benchmarks: decode, 1-byte cuts). */
  #trickle(): void {
    const chunk = this.#chunk;
    const { length } = chunk;
    const text = this.#message === Opcode.Text;
    const buffer = this.#buffer as MessageBuffer;
    // How long the message will be is known in its final frame only.
    const announced = this.#final ? this.#size : Infinity;
    let key = this.#key;
    for (let at = 0; at < length; at++) {
      const byte = (chunk[at] as number) ^ (key >>> 24);
      key = (key << 8) | (key >>> 24);
      buffer.push(byte, announced);
      if (text && (byte >= 0x80 || this.#utf8 !== UTF8_BOUNDARY)) {
        this.#ascii = false;
        this.#utf8 = nextUtf8(this.#utf8, byte);
        if (this.#utf8 < 0) throw this.#invalidText(at);
      }
    }
    this.#key = key;
    this.#left -= length;
    this.#base += length;
    this.#chunk = NOTHING;
    this.#end = 0;
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
  #take(bytes: Uint8Array, start: number, end: number, done: boolean, seen?: boolean): ReceiverEvent | undefined {
    const type = this.#message as DataOpcode;
    const lent = bytes !== this.#chunk;
    // The application's decoder sees no memory that others' messages lie in.
    if (lent && type === Opcode.Text && this.#textDecoder !== host.textDecoder) bytes = new Uint8Array(bytes);
    if (done) this.#message = 0;
    if (type === Opcode.Text) {
      const ascii = seen ?? isAscii(bytes, start, end);
      if (!ascii || this.#utf8 !== UTF8_BOUNDARY) {
        this.#utf8 = this.#validate(bytes, start, end, this.#utf8);
        this.#ascii = false;
      }
      if (done) this.#endText(bytes, end, this.#utf8);
    }
    if (this.#fragments) return this.#piece(type, lent ? new Uint8Array(bytes) : this.#view(start, end), lent, done);

    this.#buffer ??= new MessageBuffer();
    const buffer = this.#buffer;
    if (done) {
      // What the transform gave at once needs no buffer, but a copy where the application is to keep it.
      const alone = lent && buffer.length === 0;
      return this.#whole(
        type,
        alone ? (type === Opcode.Text ? bytes : new Uint8Array(bytes)) : buffer.finish(bytes, start, end),
      );
    }
    // How long the message will be is known in its final frame only, and of a compressed one never.
    const announced = this.#final && !this.#compressed ? this.#size : Infinity;
    if (lent) buffer.append(new Uint8Array(bytes), start, end, announced);
    else buffer.append(bytes, start, end, announced, start - Math.max(0, this.#frameStart - this.#base));
    return undefined;
  }

  /** Delivers a message that has been collected, and whose text has been found valid. */
  #whole(type: DataOpcode, data: Uint8Array): BinaryEvent | TextEvent {
    if (type === Opcode.Binary) {
      if (this.#lateKey !== 0) maskAndLook(data, 0, data.length, this.#lateKey);
      return { type: 'binary', data };
    }
    const { length } = data;
    let text = length <= SHORT_ASCII ? decodeShortAscii(data, 0, length, 0, undefined) : undefined;
    text ??= decodeText(data, this.#ascii ? 'ascii' : 'utf8', this.#textDecoder);
    return { type: 'text', data: text ?? (decodeUtf8(data) as string) };
  }

  /**
   * A plain view: where the chunk is a Buffer of Node's, its own `subarray` costs twice as much (benchmarks: decode).
   */
  #view(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#memory ?? this.#lookUpMemory(), this.#memoryOffset + start, end - start);
  }

  #lookUpMemory(): ArrayBufferLike {
    this.#memoryOffset = this.#chunk.byteOffset;
    this.#memory = this.#chunk.buffer;
    return this.#memory;
  }

  /** A view for words of the chunk, where it is worth making one: for a payload that is not short, or for a second one. */
  #wordsFor(length: number): DataView | undefined {
    // For the longest there is something better.
    if (length >= KERNEL_FROM) return undefined;
    if (this.#words === undefined && (this.#isSecond || length >= VIEW_FROM)) {
      this.#words = new DataView(this.#memory ?? this.#lookUpMemory(), this.#memoryOffset, this.#end);
    }
    this.#isSecond = true;
    return this.#words;
  }

  /**
   * Delivers a part of a message; of a text, the code points that are whole.
   *
   * @param own whether `bytes` are a copy, and no view of the chunk: then what is delivered is alone in its buffer
   */
  #piece(opcode: DataOpcode, bytes: Uint8Array, own: boolean, final: boolean): FragmentEvent | undefined {
    let data = bytes;
    if (opcode === Opcode.Text) {
      const { length: carried } = this.#carry;
      if (carried > 0) {
        data = new Uint8Array(carried + bytes.length);
        data.set(this.#carry);
        data.set(bytes, carried);
      }
      const whole = data.length - unfinishedBytes(data, data.length, this.#utf8);
      if (whole === data.length) this.#carry = NOTHING;
      else {
        this.#carry = data.slice(whole);
        data = own || carried > 0 ? data.slice(0, whole) : data.subarray(0, whole);
      }
    }
    return data.length > 0 || final ? { type: 'fragment', opcode, data, final } : undefined;
  }

  /**
   * 8.1: "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not, in fact, a
   * valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_": at the first byte that cannot be, not at
   * the end.
   */
  #validate(bytes: Uint8Array, start: number, end: number, state: number): number {
    const next = validateUtf8(bytes, start, end, state, this.#textDecoder);
    if (next >= 0) return next;
    throw this.#invalidText(bytes === this.#chunk ? ~next : undefined);
  }

  /** @param at the first impossible byte in the chunk; of what was compressed, the frame is all there is to point at */
  #invalidText(at: number | undefined): ProtocolError {
    if (at !== undefined) this.#fault = this.#base + at;
    return new ProtocolError('invalid-utf8');
  }

  /** 5.6: "the whole message MUST contain valid UTF-8": it does not end inside a code point. */
  #endText(bytes: Uint8Array, end: number, state: number): void {
    if (state !== UTF8_BOUNDARY) throw this.#invalidText(bytes === this.#chunk ? end : undefined);
  }
}

/** Whether a control frame has an answer, and so counts after our own Close frame as well. */
function isAnswered(opcode: Opcode): boolean {
  return opcode === Opcode.Close || opcode === Opcode.Ping;
}

/** Whether so many bytes of a header, two or more, are all of its parts so far: there is something new to check. */
function endsPart(spill: Uint8Array, length: number): boolean {
  const announced = (spill[1] as number) & 0x7f;
  const key = announced < 126 ? 2 : announced === 126 ? 4 : 10;
  // The first byte of a long length has a rule of its own.
  return length === 2 || length === key || length === key + 4 || (length === 3 && announced === 127);
}

function controlEvent(opcode: Opcode, data: Uint8Array): PingEvent | PongEvent | CloseEvent {
  if (opcode === Opcode.Ping) return { type: 'ping', data };
  if (opcode === Opcode.Pong) return { type: 'pong', data, latency: undefined };
  const { code, reason } = decodeClosePayload(data);
  return { type: 'close', code, reason };
}
