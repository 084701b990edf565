/** Frames that an outbox has not written itself. */
import { copyBytes } from '../bytes.ts';
import { host } from '../host.ts';

/** A frame in memory that no outbox may write to: a whole prepared frame, or a header with a borrowed payload. */
export class Loan {
  readonly #header: Uint8Array;
  readonly #headerLength: number;
  // The index in the frame of the first byte of `#payload`. It is beyond the header once the loan has ended.
  #start: number;
  #hasEnded = false;
  #payload: Uint8Array;
  #memory: ArrayBufferLike;
  #end: number;
  /** The length of the frame, as its header says. */
  readonly length: number;

  /** Takes views of fixed length, neither of them a Node `Buffer`; `header` is empty if `payload` is a whole frame. */
  constructor(header: Uint8Array, payload: Uint8Array) {
    this.#header = header;
    this.#headerLength = header.length;
    this.#start = header.length;
    this.#payload = payload;
    this.#memory = payload.buffer;
    this.#end = payload.byteOffset + payload.length;
    this.length = header.length + payload.length;
  }

  /** Whether it is the whole frame of a prepared message, and not a header with a borrowed payload. */
  get isShared(): boolean {
    return this.#headerLength === 0;
  }

  /**
   * Whether memory of the payload is gone: transferred, or shrunk. Memory that grows keeps the payload. The length of the view cannot tell:
   * after a transfer, optimised code of V8 11 may still return the old one (test: properties/ownership).
   */
  get hasChanged(): boolean {
    return this.#memory.byteLength < this.#end;
  }

  /** Whether the caller, given a piece of the header, has transferred all of it while the bytes from `start` on are still needed. */
  lacksHeader(start: number): boolean {
    return start < this.#headerLength && this.#header.buffer.byteLength === 0;
  }

  /** Returns bytes of the frame from `start` on, at most `max`: either of the header or of the payload. */
  from(start: number, max: number): Uint8Array {
    const header = this.#header;
    if (start < this.#headerLength) {
      return start === 0 && header.length <= max ? header : header.subarray(start, start + max);
    }
    const at = start - this.#start;
    return at === 0 && this.#payload.length <= max ? this.#payload : this.#payload.subarray(at, at + max);
  }

  /** Copies the bytes of the payload from byte `start` of the frame on, and drops those before. The payload is borrowed no longer. */
  end(start: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const from = Math.max(start, this.#start);
    const rest = this.#payload.subarray(from - this.#start);
    const copy = host.allocate(rest.length);
    copyBytes(rest, 0, rest.length, copy, 0);
    this.#payload = copy;
    this.#memory = copy.buffer;
    this.#end = copy.length;
    this.#start = from;
  }
}
