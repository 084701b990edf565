/** Messages that were sent while a client had no connection. */
import { type BytesLike, PreparedMessage, prepare, type SendOptions, toBytes } from '@sockless/core';

/** The longest header of a client's frame in bytes (RFC 6455 5.2). */
const MAX_HEADER_SIZE = 14;

interface KeptMessage {
  readonly data: string | PreparedMessage;
  readonly options: SendOptions | undefined;
  /** The number of bytes that it counts for: its length, and the longest header. */
  readonly size: number;
}

/** Messages that wait for a connection, up to a number of bytes. */
export class KeptMessages {
  readonly #maxSize: number;
  readonly #messages: KeptMessage[] = [];
  /**
   * The number of bytes that wait. Frame headers are included, because the outbox counts them: everything kept here
   * fits into it.
   */
  size = 0;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /**
   * Keeps a message; returns false when there is no room for it.
   *
   * @throws {TypeError} when `data` is neither a string nor bytes nor a prepared message, or an option is not valid for it
   */
  add(data: string | BytesLike | PreparedMessage, options: SendOptions | undefined): boolean {
    const { compress, text } = options ?? {};
    if (data instanceof PreparedMessage) checkPrepared(options);
    // Preparing copies the bytes: the caller may overwrite them before there is a connection.
    const isReady = typeof data === 'string' || data instanceof PreparedMessage;
    const message = isReady ? data : prepare(data, { compress, text });
    if (this.size >= this.#maxSize) return false;
    const size = MAX_HEADER_SIZE + (typeof message === 'string' ? toBytes(message) : message).length;
    this.#messages.push({ data: message, options: isReady ? options : undefined, size });
    this.size += size;
    return true;
  }

  /**
   * Sends the messages in order. Each is removed once it has been sent: if `send` throws or returns false, that message
   * and all later ones are kept for the next connection.
   */
  send(send: (data: KeptMessage['data'], options: SendOptions | undefined) => boolean): void {
    let count = 0;
    try {
      for (const { data, options } of this.#messages) {
        if (!send(data, options)) return;
        count++;
      }
    } finally {
      // None are left if `send` has closed the client, which drops them.
      for (const { size } of this.#messages.splice(0, count)) this.size -= size;
    }
  }

  /** Drops the messages. */
  drop(): void {
    this.#messages.length = 0;
    this.size = 0;
  }
}

/** @throws {TypeError} when there are options, because a prepared message was given its own */
export function checkPrepared(options: SendOptions = {}): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    throw new TypeError(`${name}: a prepared message is sent as it was prepared; give this option to prepare()`);
  }
}
