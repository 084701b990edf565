/**
 * Messages that are encoded once and sent on many connections (RFC 6455 5.2, 5.6, RFC 7692 6.1).
 *
 * A prepared message keeps the frame that a server sends. Server connections transmit that memory itself, unless the frame is short and
 * others wait before it; then it is copied. Clients mask a copy of its payload. For connections that compress there is another frame for
 * each way of compressing, made when it is first needed. With context takeover the result depends on earlier messages, so each connection
 * compresses the message separately.
 */
import { copyBytes, viewOf, wordsOf } from '../bytes.ts';
import { type BytesLike, toBytes } from '../bytes-like.ts';
import type { MessageTransform } from '../deflate/extension.ts';
import { type DataOpcode, frameHeaderSize, Opcode, RSV1, writeFrameHeader } from '../frame/header.ts';
import { host } from '../host.ts';
import { checkNames, type Names } from '../misuse.ts';
import { encodeUtf8, utf8Length } from '../text/encode.ts';
import { checkText, UTF8_BOUNDARY } from '../text/utf8.ts';
import { Loan } from './loan.ts';

const FINAL = 0x80;
const COMPRESSED = RSV1 << 4;

/** How to prepare a message. */
export interface PrepareOptions {
  /**
   * Whether connections that have negotiated compression send it compressed. Default: each decides by its `threshold`, as for any
   * message.
   */
  readonly compress?: boolean | undefined;
  /** Whether bytes are sent as text. They must be valid UTF-8. Default: false, and bytes are binary. A string is always text. */
  readonly text?: boolean | undefined;
}

const PREPARE_OPTIONS: Names<PrepareOptions> = { compress: true, text: true };

/** A frame that is ready to be sent. */
export interface EncodedFrame {
  /** The first byte of its header: FIN, the reserved bits and the opcode. */
  readonly first: number;
  /** Its payload, without a mask. */
  readonly payload: Uint8Array;
  /** The whole frame, as a server sends it. */
  readonly frame: Loan;
}

let make: (plain: EncodedFrame, compress: boolean | undefined, measure: number) => PreparedMessage;

/**
 * Returns the frame of a message for connections with such a transform; `undefined` stands for no compression. Returns `undefined` if the
 * connection must compress the payload itself, because the result depends on its earlier messages.
 *
 * @throws {TypeError} when the caller of `transmit` has transferred the memory of the frame
 */
export let encodedFor: (message: PreparedMessage, transform: MessageTransform | undefined) => EncodedFrame | undefined;

/** Returns the frame of a message that is not compressed. */
export let plainOf: (message: PreparedMessage) => EncodedFrame;

/**
 * A message that is encoded once, for any number of connections: the result of {@link prepare}. It never changes, and keeps no reference
 * to the caller's data.
 */
export class PreparedMessage {
  /** Whether it is sent as text or as binary. */
  readonly type: 'text' | 'binary';
  /** The number of bytes of its payload, before compression. */
  readonly length: number;
  readonly #plain: EncodedFrame;
  readonly #compress: boolean | undefined;
  // The length to compare with a connection's threshold. As in `send`: UTF-16 code units of a string, or bytes.
  readonly #measure: number;
  // One entry per recipe. There are few: recipes differ only in window size, engine, level and memLevel.
  #compressed: Map<object, EncodedFrame> | undefined = undefined;

  static {
    make = (plain, compress, measure) => new PreparedMessage(plain, compress, measure);
    plainOf = (message) => whole(message.#plain);
    encodedFor = (message, transform) => message.#encodedFor(transform);
  }

  private constructor(plain: EncodedFrame, compress: boolean | undefined, measure: number) {
    this.type = plain.first === (FINAL | Opcode.Text) ? 'text' : 'binary';
    this.length = plain.payload.length;
    this.#plain = plain;
    this.#compress = compress;
    this.#measure = measure;
  }

  #encodedFor(transform: MessageTransform | undefined): EncodedFrame | undefined {
    if (transform === undefined || !(this.#compress ?? transform.wants(this.#measure))) return whole(this.#plain);
    const { recipe } = transform;
    if (recipe === undefined) return undefined;
    let frame = this.#compressed?.get(recipe);
    if (frame === undefined) {
      const { first, payload } = whole(this.#plain);
      frame = encode(first | COMPRESSED, transform.compress(payload, true));
      this.#compressed ??= new Map();
      this.#compressed.set(recipe, frame);
    }
    return whole(frame);
  }
}

/**
 * Prepares a message to be sent on many connections: it is encoded once, and a server's connections transmit the same memory.
 *
 * The bytes are copied, so they belong to the caller again when this returns. Lone surrogates in a string become U+FFFD.
 *
 * @throws {TypeError} when `data` is neither a string nor bytes, an option is unknown, or with `text` the bytes are not valid UTF-8
 * @see RFC 6455 6.1
 * @example
 * ```ts
 * const news = prepare(JSON.stringify({ type: 'news' }));
 * for (const connection of connections) connection.send(news);
 * ```
 */
export function prepare(data: string | BytesLike, options: PrepareOptions = {}): PreparedMessage {
  checkNames(options, PREPARE_OPTIONS);
  const { compress, text = false } = options;
  if (typeof data === 'string') return make(encodeText(data), compress, data.length);
  const opcode: DataOpcode = text ? Opcode.Text : Opcode.Binary;
  const frame = encode(FINAL | opcode, toBytes(data));
  // Check the copy: the caller's bytes could change meanwhile.
  if (text) checkText(frame.payload, UTF8_BOUNDARY, true);
  return make(frame, compress, frame.payload.length);
}

/** Returns a frame with a copy of `payload`. */
function encode(first: number, payload: Uint8Array): EncodedFrame {
  const { length } = payload;
  const frame = begin(first, length);
  copyBytes(payload, 0, length, frame.payload, 0);
  return frame;
}

function encodeText(text: string): EncodedFrame {
  const frame = begin(FINAL | Opcode.Text, utf8Length(text));
  encodeUtf8(text, frame.payload, 0, host.writeUtf8);
  return frame;
}

/** Returns a frame whose payload is still to be written. */
function begin(first: number, length: number): EncodedFrame {
  const size = frameHeaderSize(length, false);
  const bytes = host.allocate(size + length);
  writeFrameHeader(first, false, 0, length, wordsOf(bytes), 0);
  return { first, payload: viewOf(bytes, size, size + length), frame: new Loan(NO_HEADER, bytes) };
}

const NO_HEADER = new Uint8Array(0);

/** @throws {TypeError} when the memory of the frame is gone */
function whole(encoded: EncodedFrame): EncodedFrame {
  if (!encoded.frame.hasChanged) return encoded;
  throw new TypeError(
    'the memory of this prepared message was transferred. Connections share the bytes that transmit() returns for it: ' +
      'prepare the message again, and transfer only a copy of such bytes',
  );
}
