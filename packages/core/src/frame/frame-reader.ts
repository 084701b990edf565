/**
 * From a stream of bytes to frames (RFC 6455 5.2, 5.4), across any cuts: headers whole, payloads in the parts that the chunks have of
 * them.
 *
 * Where it is in a frame is one number: how many bytes of the payload are still to come. While there are none, it reads a header, of
 * which at most 13 bytes wait for the next chunk.
 */

import { TransferredError } from '../bytes.ts';
import { isUint8Array } from '../bytes-like.ts';
import { ProtocolError, StateError } from '../rules.ts';
import { Chunk } from './chunk.ts';
import { createFrameHeader, decodeFrameHeader, type FrameHeader, type FrameRules, MAX_HEADER_SIZE } from './header.ts';

/** What a chunk has of one frame: its header, and a part of its payload or all of it. Valid until {@link FrameReader.next} is called again. */
export interface FramePart {
  /** The header of the frame. It is the same object for all frames. */
  readonly header: FrameHeader;
  /** The index in the chunk where this part of the payload begins, still masked if the frame is. */
  readonly start: number;
  /** The index in the chunk behind its last byte: `start` when the chunk ends with the header, or the frame has no payload. */
  readonly end: number;
  /** Whether the frame begins with this part: its header is a new one. */
  readonly first: boolean;
  /** The number of bytes of the payload that are still to come; 0 in the last part of a frame. */
  readonly left: number;
  /** The number of bytes of the payload that came before, which is the phase for `applyMask`. */
  readonly offset: number;
  /** Whether this part is the whole frame. */
  readonly whole: boolean;
}

/** Whether a message is in progress, for the rules of fragmentation (5.4). */
export interface MessageState {
  /**
   * Whether a message has begun whose final frame has not: then a Continuation frame must follow, otherwise one must not. Default:
   * either may follow.
   */
  readonly inMessage?: boolean | undefined;
}

class Part implements FramePart {
  readonly header = createFrameHeader();
  start = 0;
  end = 0;
  first = false;
  left = 0;

  get offset(): number {
    return this.header.length - this.left - (this.end - this.start);
  }

  get whole(): boolean {
    return this.first && this.left === 0;
  }
}

const ANYWHERE: MessageState = {};

/** The receiver's door to what a reader reads from. */
export let chunkOf: (reader: FrameReader) => Chunk;

/**
 * Reads frames out of chunks. It writes to no bytes and keeps none but those of a header that is not whole: a chunk is the caller's again
 * once {@link FrameReader.next} has returned `undefined`.
 *
 * @example
 * ```ts
 * const reader = new FrameReader({ masked: true, rsv: 0, maxFrameSize: 65_536 });
 * reader.receive(chunk);
 * for (let part; (part = reader.next()) !== undefined; ) {
 *   const { header, start, end } = part;
 *   applyMask(chunk, header.key, part.offset, start, end);
 *   console.log(header.opcode, chunk.subarray(start, end));
 * }
 * ```
 * @see RFC 6455 5
 */
export class FrameReader {
  readonly #rules: FrameRules;
  readonly #chunk = new Chunk();
  readonly #part = new Part();
  // The beginning of a header that is not whole.
  #spill: Uint8Array | undefined = undefined;
  #spilled = 0;

  static {
    chunkOf = (reader) => reader.#chunk;
  }

  /** Takes the rules for headers: a frame that breaks one is refused. */
  constructor(rules: FrameRules) {
    this.#rules = rules;
  }

  /**
   * Takes the next bytes of the stream, of any number, to be read only.
   *
   * @throws {TypeError} when `chunk` is not a Uint8Array
   * @throws {StateError} `chunk-unread` when the chunk before has not been read until `next` returned `undefined`
   */
  receive(chunk: Uint8Array): void {
    if (!isUint8Array(chunk)) throw new TypeError('a chunk of the transport is a Uint8Array');
    if (this.#chunk.end > 0) {
      throw new StateError('chunk-unread', 'the chunk before is read to its end when next() returns undefined');
    }
    this.#chunk.take(chunk);
  }

  /**
   * Returns the next frame, or the next part of one, or `undefined` when more bytes are needed. A frame that is cut comes in parts: the
   * first one as soon as its header is whole, even if none of its payload is there.
   *
   * @param state whether a message is in progress; then the rules of fragmentation (5.4) are enforced as well, at the first byte
   * @returns the same object in each call, filled anew
   * @throws {ProtocolError} when a frame breaks a rule, as soon as the byte is there that does; `offset` says where in the stream the
   *   frame begins. Nothing can be read after it
   * @throws {TypeError} when the memory of the chunk was transferred or resized before it was read
   */
  next(state: MessageState = ANYWHERE): FramePart | undefined {
    const { inMessage } = state;
    const chunk = this.#chunk;
    const part = this.#part;
    const { end } = chunk;
    if (chunk.position === end) return this.#needMore();
    if (chunk.isTransferred) {
      chunk.fault = chunk.offset;
      throw new TransferredError();
    }
    let { left } = part;
    part.first = left === 0;
    if (left === 0) {
      const size = this.#spilled > 0 ? 0 : this.#header(chunk, inMessage);
      if (size > 0) chunk.position += size;
      else if (!this.#spillHeader(inMessage)) return this.#needMore();
      left = part.header.length;
    }
    const start = chunk.position;
    const stop = Math.min(start + left, end);
    chunk.position = stop;
    part.start = start;
    part.end = stop;
    part.left = left - (stop - start);
    return part;
  }

  /** Where in the stream the frame begins that has not come whole; -1 when there is none. */
  get pendingSince(): number {
    return this.#part.left > 0 || this.#spilled > 0 ? this.#chunk.frameStart : -1;
  }

  /** Returns a copy of the header that is not whole, or that was refused, as far as the byte that breaks a rule; at most 14 bytes. */
  get headerBytes(): Uint8Array {
    return this.#spill?.slice(0, this.#spilled) ?? new Uint8Array(0);
  }

  #needMore(): undefined {
    this.#chunk.release();
    return undefined;
  }

  /** Decodes the header that begins here; 0 if it is not whole or not legal: then {@link #spillHeader} finds out. */
  #header(chunk: Chunk, inMessage: boolean | undefined): number {
    const { bytes, position, end } = chunk;
    chunk.frameStart = chunk.offset;
    if (isMisplaced(bytes[position] as number, inMessage)) return 0;
    try {
      return decodeFrameHeader(bytes, position, end, this.#rules, this.#part.header);
    } catch {
      return 0;
    }
  }

  /** Reads a header that is not whole in its chunk, or not legal, byte by byte; false when the chunk ends first. */
  #spillHeader(inMessage: boolean | undefined): boolean {
    const chunk = this.#chunk;
    this.#spill ??= new Uint8Array(MAX_HEADER_SIZE);
    const spill = this.#spill;
    try {
      while (chunk.position < chunk.end) {
        spill[this.#spilled++] = chunk.bytes[chunk.position++] as number;
        if (!endsPart(spill, this.#spilled)) continue;
        if (decodeFrameHeader(spill, 0, this.#spilled, this.#rules, this.#part.header) > 0) {
          this.#spilled = 0;
          return true;
        }
        if (this.#spilled === 1 && isMisplaced(spill[0] as number, inMessage)) throw misplaced(spill[0] as number);
      }
    } catch (error) {
      (error as ProtocolError).offset = chunk.frameStart;
      throw error;
    }
    return false;
  }
}

/** Whether a frame with this first byte must not follow here. */
function isMisplaced(first: number, inMessage: boolean | undefined): boolean {
  const opcode = first & 0x0f;
  return opcode < 8 && (opcode === 0) !== inMessage && inMessage !== undefined;
}

function misplaced(first: number): ProtocolError {
  // 5.4: "The fragments of one message MUST NOT be interleaved between the fragments of another message"
  if ((first & 0x0f) !== 0) return new ProtocolError('message-interleaved');
  // 5.4: "A fragmented message consists of a single frame with the FIN bit clear and an opcode other than 0,
  // followed by zero or more frames with the FIN bit clear and the opcode set to 0"
  return new ProtocolError('continuation-without-message');
}

/** Whether this many bytes of a header end one of its fields, so that there is something new to check. */
function endsPart(spill: Uint8Array, length: number): boolean {
  const announced = (spill[1] as number) & 0x7f;
  const key = announced < 126 ? 2 : announced === 126 ? 4 : 10;
  // The first byte of a long length has a rule of its own.
  return length <= 2 || length === key || length === key + 4 || (length === 3 && announced === 127);
}
