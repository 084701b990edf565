/** The chunk that is being parsed: its bytes, views of them, how far they have been read, and where they lie in the stream. */
import { masksByWords } from '../simd.ts';

const NOTHING = new Uint8Array(0);

/**
 * A single payload of at least this many bytes is unmasked faster with a `DataView`, even though one must be created first (benchmarks:
 * decode).
 */
const VIEW_FROM = 96;

/** Holds one chunk of the transport at a time. */
export class Chunk {
  /** The bytes of the chunk; empty when there is nothing to read. */
  bytes: Uint8Array = NOTHING;
  /** The length of the chunk when it arrived. The application has views of it and may transfer its memory meanwhile. */
  end = 0;
  /** The index of the first byte that has not been read. */
  position = 0;
  /** The number of bytes of the stream before this chunk. */
  base = 0;
  /** The offset in the stream of the latest frame. */
  frameStart = 0;
  /** The offset in the stream of the byte at fault; -1 while there is none, or when the whole frame is at fault. */
  fault = -1;

  // The memory of the chunk. To look it up for every frame would cost as much as unmasking a short one (benchmarks: decode).
  #memory: ArrayBufferLike | undefined = undefined;
  #memoryOffset = 0;
  // A `DataView` of the chunk, once one has been created, and whether an earlier payload of the chunk could have used one.
  #words: DataView | undefined = undefined;
  #isSecond = false;

  /** Takes a chunk and keeps it until {@link release}. */
  take(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** Releases the chunk, all of which has been read. */
  release(): void {
    this.base += this.end;
    this.bytes = NOTHING;
    this.position = this.end = 0;
    this.#memory = undefined;
    this.#words = undefined;
    this.#isSecond = false;
  }

  /** Whether the application has transferred the memory of the chunk, or made it shorter. */
  get isTransferred(): boolean {
    // The last byte is gone then. Neither length would do as well: `byteLength` takes longer, and after a transfer, optimised code of
    // V8 11 (Node 20) that has met resizable memory before still returns the old `length`.
    return this.bytes[this.end - 1] === undefined && this.end > 0;
  }

  /** The index in this chunk of the first byte of the latest frame; 0 when that byte was in an earlier chunk. */
  get frameIndex(): number {
    return Math.max(0, this.frameStart - this.base);
  }

  /** The offset in the stream of the first byte that has not been read. */
  get offset(): number {
    return this.base + this.position;
  }

  /** Returns a plain view of `bytes[start]` to `bytes[end - 1]`. Node's `Buffer.subarray` would cost twice as much (benchmarks: decode). */
  view(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#memory ?? this.#lookUpMemory(), this.#memoryOffset + start, end - start);
  }

  /**
   * Returns a `DataView` of the chunk for unmasking `length` bytes, or `undefined` if making one costs more than it saves. It pays for a
   * payload of medium length, and from the second payload of a chunk on.
   */
  words(length: number): DataView | undefined {
    if (!masksByWords(length)) return undefined;
    if (this.#words === undefined && (this.#isSecond || length >= VIEW_FROM)) {
      this.#words = new DataView(this.#memory ?? this.#lookUpMemory(), this.#memoryOffset, this.end);
    }
    this.#isSecond = true;
    return this.#words;
  }

  #lookUpMemory(): ArrayBufferLike {
    this.#memoryOffset = this.bytes.byteOffset;
    this.#memory = this.bytes.buffer;
    return this.#memory;
  }
}
