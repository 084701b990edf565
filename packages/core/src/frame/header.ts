/**
 * The base framing protocol (RFC 6455 5.2): decodes and encodes frame headers.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-------+-+-------------+-------------------------------+
 *     |F|R|R|R| opcode|M| Payload len |    Extended payload length    |
 *     |I|S|S|S|  (4)  |A|     (7)     |             (16/64)           |
 *     |N|V|V|V|       |S|             |   (if payload len==126/127)   |
 *     | |1|2|3|       |K|             |                               |
 *     +-+-+-+-+-------+-+-------------+ - - - - - - - - - - - - - - - +
 *     |     Extended payload length continued, if payload len == 127  |
 *     + - - - - - - - - - - - - - - - +-------------------------------+
 *     |                               |Masking-key, if MASK set to 1  |
 *     +-------------------------------+-------------------------------+
 *     | Masking-key (continued)       |          Payload Data         |
 *     +-------------------------------- - - - - - - - - - - - - - - - +
 *     :                     Payload Data continued ...                :
 *     + - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - +
 *     |                     Payload Data continued ...                |
 *     +---------------------------------------------------------------+
 */
import { copyBytes, wordAt } from '../bytes.ts';
import { ProtocolError } from '../rules.ts';

/** The opcodes: what the payload of a frame is (5.2). Frames with an opcode of 8 and above are control frames (5.5). */
export const Opcode = {
  Continuation: 0x0,
  Text: 0x1,
  Binary: 0x2,
  Close: 0x8,
  Ping: 0x9,
  Pong: 0xa,
} as const;

/** One of the six opcodes that RFC 6455 defines. */
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** The opcodes that begin a message (5.6). */
export type DataOpcode = typeof Opcode.Text | typeof Opcode.Binary;

/** RSV1 as a bit of {@link FrameHeader.rsv}; RSV2 is 2, RSV3 is 1. */
export const RSV1 = 0b100;

/** The longest header: 2 bytes, a 64-bit length and a masking key. */
export const MAX_HEADER_SIZE = 14;

/** The longest payload of a control frame in bytes (5.5). */
export const MAX_CONTROL_PAYLOAD = 125;

/** A frame header (5.2). */
export interface FrameHeader {
  /** FIN: this is the final fragment of its message. */
  final: boolean;
  /** RSV1, RSV2 and RSV3 as a number from 0 to 7. */
  rsv: number;
  /** What the frame is. */
  opcode: Opcode;
  /** MASK: the payload is masked with `key`. */
  masked: boolean;
  /** The masking key as a 32-bit integer, its first byte in the most significant place; 0 when not masked. */
  key: number;
  /** The length of the payload in bytes, 0 to 2^53 - 1. */
  length: number;
}

/** The rules for headers that depend on the receiver. */
export interface FrameRules {
  /** Whether frames must be masked: `true` at a server, `false` at a client, `undefined` for a tool that accepts both. */
  readonly masked: boolean | undefined;
  /** The reserved bits that a negotiated extension uses in the first frame of a message. */
  readonly rsv: number;
  /** The longest payload accepted, in bytes. */
  readonly maxFrameSize: number;
}

/** Returns a header for {@link decodeFrameHeader} to fill. All headers should be made here, so that the engine knows a single shape. */
export function createFrameHeader(): FrameHeader {
  return { final: false, rsv: 0, opcode: Opcode.Continuation, masked: false, key: 0, length: 0 };
}

/**
 * Reads the header at `bytes[start]` into `into` and returns its length in bytes, 2 to 14. Returns 0 when the header is
 * incomplete before `end` and breaks no rule so far. Each rule is enforced as soon as the byte that breaks it is there.
 *
 * @throws {ProtocolError} when the header breaks a rule; its `offset` is `start`
 * @see RFC 6455 5.2
 */
export function decodeFrameHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
  rules: FrameRules,
  into: FrameHeader,
): number {
  if (start >= end) return 0;
  const first = bytes[start] as number;
  const opcode = first & 0x0f;
  const rsv = (first >> 4) & 0x07;
  // 5.2: "If an unknown opcode is received, the receiving endpoint MUST _Fail the WebSocket Connection_."
  if ((opcode & 0x07) > 2) throw new ProtocolError('reserved-opcode', start);
  // 5.2: "MUST be 0 unless an extension is negotiated that defines meanings for non-zero values."
  if (rsv !== 0 && (rsv & ~(opcode === 1 || opcode === 2 ? rules.rsv : 0)) !== 0) {
    throw new ProtocolError('reserved-bits', start);
  }
  // 5.5: "All control frames [...] MUST NOT be fragmented."
  if (opcode >= 8 && first < 0x80) throw new ProtocolError('control-fragmented', start);

  if (start + 2 > end) return 0;
  const second = bytes[start + 1] as number;
  const isMasked = second >= 0x80;
  if (rules.masked !== undefined && isMasked !== rules.masked) {
    // 5.1: "The server MUST close the connection upon receiving a frame that is not masked."
    // 5.1: "A client MUST close a connection if it detects a masked frame."
    throw new ProtocolError(isMasked ? 'masked-frame' : 'unmasked-frame', start);
  }
  let length = second & 0x7f;
  if (opcode >= 8) {
    // 5.5: "All control frames MUST have a payload length of 125 bytes or less"
    if (length > MAX_CONTROL_PAYLOAD) throw new ProtocolError('control-too-long', start);
    // 5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned integer"
    if (opcode === Opcode.Close && length === 1) throw new ProtocolError('close-payload-length', start);
  }

  let at = start + 2;
  if (length > 125) {
    const extended = length === 126 ? 2 : 8;
    // 5.2: "(the most significant bit MUST be 0)"
    if (extended === 8 && at < end && (bytes[at] as number) >= 0x80) throw new ProtocolError('length-sign-bit', start);
    if (at + extended > end) return 0;
    // A number is exact up to 2^53. A greater length is rounded, but never to less than 2^53.
    length =
      extended === 2
        ? ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
        : wordAt(bytes, at) * 2 ** 32 + (wordAt(bytes, at + 4) >>> 0);
    // 5.2: "in all cases, the minimal number of bytes MUST be used to encode the length"
    if (length < (extended === 2 ? 126 : 0x10000)) throw new ProtocolError('length-not-minimal', start);
    at += extended;
  }
  // 10.4: "Implementations that have implementation- and/or platform-specific limitations regarding the frame size
  // [...] MUST protect themselves against exceeding those limits."
  if ((length > rules.maxFrameSize && opcode < 8) || length > Number.MAX_SAFE_INTEGER)
    throw new ProtocolError('frame-too-big', start);

  let key = 0;
  if (isMasked) {
    if (at + 4 > end) return 0;
    key = wordAt(bytes, at);
    at += 4;
  }
  into.final = first >= 0x80;
  into.rsv = rsv;
  into.opcode = opcode as Opcode;
  into.masked = isMasked;
  into.key = key;
  into.length = length;
  return at - start;
}

/**
 * Writes a header at `bytes[start]` and returns its length in bytes, 2 to 14, which is that of {@link frameHeaderSize}.
 *
 * @throws {RangeError} when a field cannot be encoded or `bytes` has no room for it
 * @see RFC 6455 5.2
 */
export function encodeFrameHeader(header: FrameHeader, bytes: Uint8Array, start: number): number {
  const { final, rsv, opcode, masked, key, length } = header;
  const size = frameHeaderSize(length, masked);
  if (!(start >= 0 && start + size <= bytes.length))
    throw new RangeError(`a frame header of ${size} bytes does not fit at ${start}`);
  if ((opcode & 15) !== opcode) throw new RangeError(`an opcode is a number from 0 to 15, not ${opcode}`);
  if ((rsv & 7) !== rsv) throw new RangeError(`the reserved bits are a number from 0 to 7, not ${rsv}`);
  writeFrameHeader((final ? 0x80 : 0) | (rsv << 4) | opcode, masked, key, length, HEADER_WORDS, 0);
  copyBytes(HEADER, 0, size, bytes, start);
  return size;
}

/** A header is written here and then copied, which is less work than making a `DataView` of its destination. */
const HEADER = new Uint8Array(MAX_HEADER_SIZE);
const HEADER_WORDS = new DataView(HEADER.buffer);

/**
 * Writes a header at `start` and returns the index after it. Nothing is checked: the caller has made sure that the fields are valid, and
 * that there is room for {@link frameHeaderSize} bytes.
 *
 * @param first the first byte: FIN, the reserved bits and the opcode
 * @param words a `DataView` of the bytes, because writing words takes half the time of writing bytes (benchmarks: encode)
 * @see RFC 6455 5.2
 */
export function writeFrameHeader(
  first: number,
  masked: boolean,
  key: number,
  length: number,
  words: DataView,
  start: number,
): number {
  const both = (first << 8) | (masked ? 0x80 : 0);
  let at = start + 2;
  // 5.2: "in all cases, the minimal number of bytes MUST be used to encode the length"
  if (length < 126) {
    words.setInt16(start, both | length);
  } else if (length < 0x10000) {
    words.setInt16(start, both | 126);
    words.setInt16(at, length);
    at += 2;
  } else {
    words.setInt16(start, both | 127);
    words.setUint32(at, length / 2 ** 32);
    words.setUint32(at + 4, length);
    at += 8;
  }
  if (masked) {
    words.setInt32(at, key);
    at += 4;
  }
  return at;
}

/**
 * Returns the length in bytes of the header of a frame with a payload of `length` bytes.
 *
 * @throws {RangeError} when `length` is not a whole number from 0 to 2^53 - 1
 * @see RFC 6455 5.2
 */
export function frameHeaderSize(length: number, masked: boolean): number {
  if (!(Number.isSafeInteger(length) && length >= 0)) {
    throw new RangeError(`a payload length is a whole number of bytes from 0 to 2^53 - 1, not ${length}`);
  }
  return (length < 126 ? 2 : length < 0x10000 ? 4 : 10) + (masked ? 4 : 0);
}

/**
 * Checks the length of a payload that the application sends in a control frame.
 *
 * @throws {RangeError} when it is longer than 125 bytes
 */
export function checkControlPayload({ length }: Uint8Array): void {
  // 5.5: "All control frames MUST have a payload length of 125 bytes or less"
  if (length <= MAX_CONTROL_PAYLOAD) return;
  throw new RangeError(
    `a control frame cannot have a payload of ${length} bytes, only of 125 or fewer (RFC 6455 section 5.5)`,
  );
}
