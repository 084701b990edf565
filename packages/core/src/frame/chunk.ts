/** The bytes that are being parsed: how far they have been read, views of them, and where in the stream they lie. */
import { masksByWords } from '../simd.ts';

const NOTHING = new Uint8Array(0);

/** From this many bytes on it is worth making a view for words of one payload (benchmarks: decode). */
const VIEW_FROM = 96;

/** One chunk at a time, as it came from the transport. */
export class Chunk {
  /** The bytes; empty when there is nothing to read. */
  bytes: Uint8Array = NOTHING;
  /** Their number when they came: the application has views of them and may transfer their memory. */
  end = 0;
  /** The index of the first byte that has not been read. */
  position = 0;
  /** The number of bytes of the stream before the first one of these. */
  base = 0;
  /** Where in the stream the frame begins that was begun last. */
  frameStart = 0;
  /** Where in the stream the fault lies that was found; -1 as long as there is none, or it is the frame as a whole. */
  fault = -1;

  // Their memory: looking it up for every frame would cost as much as unmasking a short one (benchmarks: decode).
  #memory: ArrayBufferLike | undefined = undefined;
  #memoryOffset = 0;
  // A view of all of them for words, and whether a payload before this one has asked for it.
  #words: DataView | undefined = undefined;
  #isSecond = false;

  /** Takes bytes, which are kept until {@link release}. */
  take(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  /** Releases the bytes, all of which have been read. */
  release(): void {
    this.base += this.end;
    this.bytes = NOTHING;
    this.position = this.end = 0;
    this.#memory = undefined;
    this.#words = undefined;
    this.#isSecond = false;
  }

  /** Whether the bytes are not what came: their memory was transferred or resized. */
  get isTransferred(): boolean {
    // Not `length`: once code that V8 11 (Node 20) has optimised has seen resizable memory, it returns the old length of an array
    // whose memory was transferred.
    return this.bytes.byteLength !== this.end;
  }

  /** Where in the stream the first byte lies that has not been read. */
  get offset(): number {
    return this.base + this.position;
  }

  /** Returns a plain view: where the bytes are a Buffer of Node's, its own `subarray` costs twice as much (benchmarks: decode). */
  view(start: number, end: number): Uint8Array {
    return new Uint8Array(this.#memory ?? this.#lookUpMemory(), this.#memoryOffset + start, end - start);
  }

  /** Returns a view of all bytes for words, if making one pays: for a payload of medium length, or for the second one in the chunk. */
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
