// Memory for payloads, as decodePayload takes it.
import type { PayloadMemory } from '../../src/text/text.ts';

/** Memory that payloads lie in, with a view for words or without. */
export class Memory implements PayloadMemory {
  readonly bytes: Uint8Array;
  readonly #hasWords: boolean;
  constructor(bytes: Uint8Array, hasWords: boolean) {
    this.bytes = bytes;
    this.#hasWords = hasWords;
  }
  view(start: number, end: number): Uint8Array {
    return this.bytes.subarray(start, end);
  }
  words(): DataView | undefined {
    const { buffer, byteOffset, length } = this.bytes;
    return this.#hasWords ? new DataView(buffer, byteOffset, length) : undefined;
  }
}
