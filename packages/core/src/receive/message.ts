/**
 * The message in progress (RFC 6455 5.4, 5.6, 8.1): takes data frames, returns messages or fragments.
 *
 * With `messages: 'whole'`, an uncompressed message that lies in its chunk as one whole frame is delivered at once: binary as a view of
 * the chunk, unmasked in place; text as a string. Any other message is taken in parts. Each part is unmasked and validated when it
 * arrives (except a binary message in one frame, which is unmasked once it is complete), then appended to a growable buffer. With
 * `messages: 'fragments'`, every message is taken in parts, and each part is unmasked when it arrives and delivered as a fragment.
 */
import { TransferredError } from '../bytes.ts';
import type { BinaryEvent, TextEvent } from '../connection/events.ts';
import type { ResolvedOptions } from '../connection/resolved-options.ts';
import type { MessageTransform } from '../deflate/extension.ts';
import type { Chunk } from '../frame/chunk.ts';
import type { FramePart } from '../frame/frame-reader.ts';
import { type DataOpcode, type FrameHeader, Opcode } from '../frame/header.ts';
import { host, type Utf8TextDecoder } from '../host.ts';
import { ProtocolError } from '../rules.ts';
import { mask, rotateKey } from '../simd.ts';
import { decodePayload, decodeValid, isAscii } from '../text/text.ts';
import { decodeUtf8, UTF8_BOUNDARY, validateUtf8 } from '../text/utf8.ts';
import type { Collector, MessageEvent } from './collector.ts';
import { Fragments } from './fragments.ts';
import { Inflation } from './inflation.ts';
import { MessageBuffer } from './message-buffer.ts';
import type { RateLimiter } from './rate-limit.ts';

/** The longest string of V8, in UTF-16 code units: 2^29 - 24. The other engines allow more. */
const MAX_STRING = 536_870_888;

/**
 * The state of a text while every byte checked so far is known to be ASCII. All other states are those of `validateUtf8`, which are never
 * negative. (It also returns negative numbers, but those report faults.)
 */
const ASCII = -1;

/** Collects one message after the other. */
export class Message implements Collector {
  // Copied from the options, because every frame needs them.
  readonly #maxSize: number;
  readonly #maxFragments: number;
  readonly #decoder: Utf8TextDecoder | undefined;
  readonly #fragments: Fragments | undefined;
  readonly #inflation: Inflation | undefined;
  readonly #limiter: RateLimiter | undefined;

  readonly #chunk: Chunk;
  readonly #buffer = new MessageBuffer();

  // The type of the message in progress; 0 between messages.
  #type: 0 | DataOpcode = 0;
  // The offset in the stream at which it begins.
  #since = 0;
  // Its size so far: the sum of the announced payload lengths, or the number of decompressed bytes.
  #size = 0;
  // The number of payload bytes received, before decompression.
  #received = 0;
  // The number of its frames so far.
  #frames = 0;
  // If it is a text: the state of its validation.
  #utf8 = ASCII;

  constructor(
    options: ResolvedOptions,
    chunk: Chunk,
    limiter: RateLimiter | undefined,
    transform: MessageTransform | undefined,
  ) {
    const { maxMessageSize, maxFragments, fragments, textDecoder } = options;
    this.#chunk = chunk;
    this.#maxSize = maxMessageSize;
    this.#maxFragments = maxFragments;
    this.#decoder = textDecoder;
    this.#fragments = fragments ? new Fragments() : undefined;
    this.#limiter = limiter;
    this.#inflation = transform && new Inflation(transform, maxMessageSize);
  }

  get ignores(): boolean {
    return false;
  }

  get inMessage(): boolean {
    return this.#type !== 0;
  }

  get since(): number {
    return this.#type === 0 ? -1 : this.#since;
  }

  get received(): number {
    return this.#type === 0 ? 0 : this.#received;
  }

  take(part: FramePart, now: number): MessageEvent | undefined {
    const { header } = part;
    const { opcode, final, rsv, length } = header;
    const isWhole = part.whole && final && opcode !== Opcode.Continuation && rsv === 0;
    if (!isWhole || this.#fragments !== undefined) return this.#takePart(part, now);

    // The whole message lies in the chunk, uncompressed, so it never becomes the message in progress.
    this.#limiter?.message(now);
    this.#checkSize(length, opcode);
    this.#limiter?.bytes(length, now);
    const { start, end } = part;
    if (opcode === Opcode.Text) return { type: 'text', data: this.#text(header, start, end) };
    if (header.masked) mask(this.#chunk.bytes, start, end, header.key, this.#chunk.words(length));
    return { type: 'binary', data: this.#chunk.view(start, end) };
  }

  next(now: number): MessageEvent | undefined {
    return this.#inflation === undefined ? undefined : this.#inflate(this.#inflation, now);
  }

  #takePart(part: FramePart, now: number): MessageEvent | undefined {
    const { header, start, end } = part;
    if (part.first) this.#begin(header, now);
    this.#limiter?.bytes(end - start, now);
    this.#received += end - start;
    const inflation = this.#inflation;
    if (!inflation?.isCompressed) return this.#collect(part);
    this.#unmask(part);
    inflation.write(this.#chunk.view(start, end), header.final && part.left === 0);
    return this.#inflate(inflation, now);
  }

  /** Takes the header of a frame whose message is taken in parts. */
  #begin({ opcode, rsv, length }: FrameHeader, now: number): void {
    if (opcode !== Opcode.Continuation) {
      this.#limiter?.message(now);
      this.#type = opcode as DataOpcode;
      this.#since = this.#chunk.frameStart;
      this.#size = this.#received = this.#frames = 0;
      this.#utf8 = ASCII;
      // RFC 7692 6: 'this bit indicates whether a message is compressed or not'.
      this.#inflation?.begin(rsv !== 0);
    }
    // 10.4: "MUST protect themselves against exceeding those limits". An empty frame adds nothing to the size of its message, so frames
    // are counted too.
    if (++this.#frames > this.#maxFragments) throw new ProtocolError('too-many-fragments');
    // A compressed message has two limits: one for its size when decompressed, and one for its length on the wire.
    if (this.#inflation?.isCompressed) this.#inflation.announce(length);
    else this.#grow(length);
  }

  #inflate(inflation: Inflation, now: number): MessageEvent | undefined {
    while (inflation.isReading) {
      if (this.#chunk.isTransferred) {
        this.#chunk.fault = this.#chunk.offset;
        throw new TransferredError();
      }
      const bytes = inflation.read();
      this.#limiter?.inflatedBytes(bytes.length, now);
      this.#grow(bytes.length);
      const event = this.#collectInflated(bytes, inflation.endPart());
      if (event !== undefined) return event;
    }
    return undefined;
  }

  /** Adds to the size of the message in progress, and checks the limit. */
  #grow(length: number): void {
    this.#size += length;
    this.#checkSize(this.#size, this.#type);
  }

  #checkSize(size: number, type: number): void {
    // 10.4: "MUST protect themselves against exceeding those limits". A text of more bytes than `MAX_STRING` is refused too: its string
    // could be too long for the engine, which would throw.
    const hasNoString = size > MAX_STRING && type === Opcode.Text && this.#fragments === undefined;
    if (size > this.#maxSize || hasNoString) throw new ProtocolError('message-too-big');
  }

  /** Decodes a text that lies whole in the chunk, still masked if its frame is masked. */
  #text({ key }: FrameHeader, start: number, end: number): string {
    const chunk = this.#chunk;
    const text = decodePayload(chunk, start, end, key, this.#decoder);
    if (text !== undefined) return text;
    this.#validate(chunk.bytes, start, end, true, chunk.base);
    // The application's decoder refused valid UTF-8, so core decodes it.
    return decodeUtf8(chunk.view(start, end)) as string;
  }

  /** Collects a part of the message: copies it, keeps it as a view, or delivers it as a fragment. */
  #collect(part: FramePart): MessageEvent | undefined {
    const { header, start, end } = part;
    const { bytes, base } = this.#chunk;
    const type = this.#type as DataOpcode;
    const done = header.final && part.left === 0;
    // A binary message in one frame is unmasked in one pass when its last byte has arrived. That saves up to a sixth of the time
    // (benchmarks: decode, binary, 1460-byte cuts). A text cannot wait: it must fail at its first impossible byte.
    const isUnmaskedLate = header.opcode === Opcode.Binary && header.final && this.#fragments === undefined;
    const ascii = isUnmaskedLate ? false : this.#unmask(part);
    if (type === Opcode.Text) this.#validate(bytes, start, end, done, base, ascii);
    if (done) this.#type = 0;
    if (this.#fragments) return this.#fragments.take(type, this.#chunk.view(start, end), 'chunk', this.#utf8, done);
    if (done) {
      const whole = this.#buffer.finish(bytes, start, end);
      if (isUnmaskedLate && header.masked) mask(whole, 0, whole.length, header.key);
      return this.#event(type, whole);
    }
    // Only the final frame tells how long the message will be. If the frame is the first in this chunk, its header has been parsed and may
    // be overwritten.
    const announced = header.final ? this.#size : Infinity;
    this.#buffer.append(bytes, start, end, announced, this.#chunk.frameIndex === 0 ? start : 0);
    return undefined;
  }

  /** Unmasks a part of a frame in place. Returns true if it is known to be ASCII, and `undefined` if the frame is not masked. */
  #unmask({ header, start, end, offset }: FramePart): boolean | undefined {
    if (!header.masked) return undefined;
    const { bytes } = this.#chunk;
    return mask(bytes, start, end, rotateKey(header.key, offset), this.#chunk.words(end - start)) === 0;
  }

  /** Takes a decompressed part of the message. The transform reuses its memory, so the bytes that are kept are copied. */
  #collectInflated(inflated: Uint8Array, done: boolean): MessageEvent | undefined {
    const type = this.#type as DataOpcode;
    let bytes = inflated;
    if (type === Opcode.Text) {
      // The application's decoder must not see memory that also holds other messages.
      if (this.#decoder !== host.textDecoder) bytes = new Uint8Array(inflated);
      this.#validate(bytes, 0, bytes.length, done);
    }
    if (done) this.#type = 0;
    if (this.#fragments) return this.#fragments.take(type, new Uint8Array(bytes), 'copy', this.#utf8, done);
    const buffer = this.#buffer;
    if (!done) {
      buffer.append(new Uint8Array(bytes));
      return undefined;
    }
    if (buffer.length > 0) return this.#event(type, buffer.finish(bytes));
    // The whole message came at once. A text needs no copy, because decoding it makes one.
    return this.#event(type, type === Opcode.Text ? bytes : new Uint8Array(bytes));
  }

  /** Returns the event of a collected message; a text has been validated. */
  #event(type: DataOpcode, data: Uint8Array): BinaryEvent | TextEvent {
    if (type === Opcode.Binary) return { type: 'binary', data };
    return { type: 'text', data: decodeValid(data, this.#utf8 === ASCII, this.#decoder) };
  }

  /**
   * Checks the next part of a text.
   *
   * @param done whether it is the last part
   * @param base the offset of `bytes[0]` in the stream; absent for decompressed bytes: then the fault is at the beginning of the frame
   * @param ascii whether the part is ASCII, if that is known already
   */
  #validate(
    bytes: Uint8Array,
    start: number,
    end: number,
    done: boolean,
    base?: number,
    ascii: boolean = isAscii(bytes, start, end),
  ): void {
    if (!ascii || this.#utf8 > UTF8_BOUNDARY) {
      // 8.1: "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is not, in fact, a
      // valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_". This happens at the first impossible
      // byte, not at the end of the message.
      const state = validateUtf8(bytes, start, end, Math.max(this.#utf8, UTF8_BOUNDARY), this.#decoder);
      if (state < 0) throw this.#invalidText(base, ~state);
      this.#utf8 = state;
    }
    // 5.6: "the whole message MUST contain valid UTF-8". So it must not end inside a code point.
    if (done && this.#utf8 > UTF8_BOUNDARY) throw this.#invalidText(base, end);
  }

  #invalidText(base: number | undefined, index: number): ProtocolError {
    if (base !== undefined) this.#chunk.fault = base + index;
    return new ProtocolError('invalid-utf8');
  }
}
