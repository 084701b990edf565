/**
 * Reads frames from a stream of bytes that arrives in any chunks (RFC 6455 5.2, 5.4). It returns whole headers, and each payload in the
 * parts that lie in one chunk.
 *
 * Its state is one number: how many bytes of the current payload are still to come. When there are none, it reads the next header. At
 * most 13 bytes of an incomplete header wait for the next chunk.
 */

import { TransferredError } from '../bytes.ts';
import { isUint8Array } from '../bytes-like.ts';
import { shown } from '../printable.ts';
import { ProtocolError, StateError } from '../rules.ts';
import { Chunk } from './chunk.ts';
import { createFrameHeader, decodeFrameHeader, type FrameHeader, type FrameRules, MAX_HEADER_SIZE } from './header.ts';

/** A frame, or the part of it that lies in one chunk. Valid until {@link FrameReader.next} is called again. */
export interface FramePart {
  /** The header of the frame. All parts and frames share this object. */
  readonly header: FrameHeader;
  /** The index in the chunk of the first payload byte of this part. Payload bytes are still masked if the frame is. */
  readonly start: number;
  /** The index in the chunk after the last payload byte of this part; equal to `start` when the part has none. */
  readonly end: number;
  /** Whether this is the first part of its frame. */
  readonly first: boolean;
  /** The number of payload bytes that are still to come; 0 in the last part of a frame. */
  readonly left: number;
  /** The number of payload bytes in the parts before, which is the phase for `applyMask`. */
  readonly offset: number;
  /** Whether this part is the whole frame. */
  readonly whole: boolean;
}

/** Tells a reader whether a message is in progress, for the rules of fragmentation (5.4). */
export interface MessageState {
  /**
   * Whether the next data frame must be a Continuation frame, because a message is in progress. When false, it must not be one. Default:
   * both are accepted.
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

/** Returns the chunk of a reader, for the receiver. */
export let chunkOf: (reader: FrameReader) => Chunk;

/**
 * Reads frames out of chunks. It never writes to a chunk. Once {@link FrameReader.next} has returned `undefined`, it keeps no bytes of the
 * chunk but a copy of an incomplete header, and the chunk belongs to the caller again.
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
  // The bytes of an incomplete header.
  #spill: Uint8Array | undefined = undefined;
  #spilled = 0;

  static {
    chunkOf = (reader) => reader.#chunk;
  }

  /** Takes the rules that every frame must conform to. */
  constructor(rules: FrameRules) {
    this.#rules = rules;
  }

  /**
   * Takes the next bytes of the stream, any number of them. They are only read.
   *
   * @throws {TypeError} when `chunk` is not a Uint8Array
   * @throws {StateError} `chunk-unread` when `next` has not returned `undefined` for the chunk before
   */
  receive(chunk: Uint8Array): void {
    if (!isUint8Array(chunk)) throw new TypeError(`chunk: a Uint8Array, not ${shown(chunk)}`);
    if (this.#chunk.end > 0) {
      throw new StateError(
        'chunk-unread',
        'the last chunk is still being read: call next() until it returns undefined',
      );
    }
    this.#chunk.take(chunk);
  }

  /**
   * Returns the next frame, or the next part of a frame that lies in several chunks, or `undefined` when more bytes are needed. The first
   * part of a frame is returned as soon as its header is complete, even if there is no payload yet.
   *
   * @param state whether a message is in progress; if given, the rules of fragmentation (5.4) are enforced at the first byte of a frame
   * @returns always the same object, with new values
   * @throws {ProtocolError} as soon as a byte breaks a rule; its `offset` is where the frame begins. Nothing can be read after it
   * @throws {TypeError} when the memory of the chunk was transferred or shrunk before all of it was read
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

  /** The offset in the stream at which an incomplete frame begins; -1 when there is none. */
  get pendingSince(): number {
    return this.#part.left > 0 || this.#spilled > 0 ? this.#chunk.frameStart : -1;
  }

  /** A copy of an incomplete header, or of a refused header up to and including the byte that breaks a rule; at most 14 bytes. */
  get headerBytes(): Uint8Array {
    return this.#spill?.slice(0, this.#spilled) ?? new Uint8Array(0);
  }

  #needMore(): undefined {
    this.#chunk.release();
    return undefined;
  }

  /** Decodes the next header and returns its length. Returns 0 if it is incomplete or breaks a rule; `#spillHeader` finds out which. */
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

  /** Reads a header that is incomplete in this chunk, or breaks a rule, byte by byte. Returns false when the chunk ends first. */
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

/** Whether the rules of fragmentation forbid a frame with this first byte here. */
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

/** Whether a field of the header ends after `length` bytes, so that there is something new to check. */
function endsPart(spill: Uint8Array, length: number): boolean {
  const announced = (spill[1] as number) & 0x7f;
  const key = announced < 126 ? 2 : announced === 126 ? 4 : 10;
  // The first byte of a 64-bit length has a rule of its own.
  return length <= 2 || length === key || length === key + 4 || (length === 3 && announced === 127);
}
