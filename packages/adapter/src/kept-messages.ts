/** Messages that were sent while a client had no connection. */
import { type BytesLike, PreparedMessage, prepare, type SendOptions, toBytes } from '@sockless/core';

/** The longest header of a client's frame in bytes (RFC 6455 5.2). */
const MAX_HEADER_SIZE = 14;

interface KeptMessage {
  readonly data: string | PreparedMessage;
  readonly options: SendOptions | undefined;
}

/** Messages that wait for a connection, up to a number of bytes. */
export class KeptMessages {
  readonly #maxSize: number;
  #messages: KeptMessage[] = [];
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
    const isRoom = this.size < this.#maxSize;
    if (typeof data === 'string') {
      if (isRoom) this.#keep({ data, options }, toBytes(data).length);
      return isRoom;
    }
    // Preparing copies the bytes: the caller may overwrite them before there is a connection.
    const message = data instanceof PreparedMessage ? data : prepare(data, { compress, text });
    if (isRoom) this.#keep({ data: message, options: undefined }, message.length);
    return isRoom;
  }

  #keep(message: KeptMessage, length: number): void {
    this.#messages.push(message);
    this.size += MAX_HEADER_SIZE + length;
  }

  /** Removes the messages and returns them, in order. */
  take(): readonly KeptMessage[] {
    const messages = this.#messages;
    this.#messages = [];
    this.size = 0;
    return messages;
  }
}

/** @throws {TypeError} when there are options, because a prepared message was given its own */
export function checkPrepared(options: SendOptions = {}): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    throw new TypeError(`${name}: a prepared message is sent as it was prepared; give this option to prepare()`);
  }
}
