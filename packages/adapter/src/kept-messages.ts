/** What was sent while there was no connection. */
import { type BytesLike, type SendOptions, toBytes } from '@sockless/core';

/** Of a frame of a client's (RFC 6455 5.2). */
const MAX_HEADER_SIZE = 14;

interface KeptMessage {
  readonly data: string | Uint8Array;
  readonly options: SendOptions | undefined;
}

/** Messages that wait for a connection, up to a size. */
export class KeptMessages {
  readonly #maxSize: number;
  #messages: KeptMessage[] = [];
  /** How many bytes wait: headers count as in the outbox, so that all that is kept fits into it. */
  size = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /**
   * Keeps a message; false when there is no room for it.
   *
   * @throws {TypeError} when `data` is neither a string nor bytes
   */
  add(data: string | BytesLike, options: SendOptions | undefined): boolean {
    const bytes = toBytes(data);
    if (this.size >= this.#maxSize) return false;
    // The caller may write to its bytes before there is a connection.
    const copy = typeof data === 'string' ? data : new Uint8Array(bytes);
    this.#messages.push({ data: copy, options });
    this.size += MAX_HEADER_SIZE + bytes.length;
    return true;
  }

  /** Gives up what waits, in order. */
  take(): readonly KeptMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.size = 0;
    return messages;
  }
}
