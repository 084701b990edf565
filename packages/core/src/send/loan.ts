/** Frames that are transmitted from memory which the outbox may only read: the application's, or that of a prepared message. */

/** A frame whose payload, or all of it, lies in such memory. */
export class Loan {
  readonly #header: Uint8Array;
  readonly #payload: Uint8Array;
  readonly #memory: ArrayBufferLike;
  readonly #end: number;
  /** The length of the frame, as its header says. */
  readonly length: number;

  /** Takes plain views of fixed length; `header` is empty where the payload begins with it. */
  constructor(header: Uint8Array, payload: Uint8Array) {
    this.#header = header;
    this.#payload = payload;
    this.#memory = payload.buffer;
    this.#end = payload.byteOffset + payload.length;
    this.length = header.length + payload.length;
  }

  /** Whether it is a whole frame that many connections share, and no payload of the application's. */
  get isShared(): boolean {
    return this.#header.length === 0;
  }

  /**
   * Whether memory of the payload is gone: transferred, or shrunk. Memory that grows keeps the payload. The length of the view cannot tell:
   * after a transfer, optimised code of V8 11 may still return the old one (test: properties/ownership).
   */
  get hasChanged(): boolean {
    return this.#memory.byteLength < this.#end;
  }

  /** Returns bytes of the frame from `start` on, at most `max`: either of the header or of the payload. */
  from(start: number, max: number): Uint8Array {
    const header = this.#header;
    const at = start - header.length;
    if (at < 0) return start === 0 && header.length <= max ? header : header.subarray(start, start + max);
    return at === 0 && this.#payload.length <= max ? this.#payload : this.#payload.subarray(at, at + max);
  }
}
