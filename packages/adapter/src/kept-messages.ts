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
      if (isRoom) this.#keep(data, options, toBytes(data).length);
      return isRoom;
    }
    // Preparing copies the bytes: the caller may overwrite them before there is a connection.
    const message = data instanceof PreparedMessage ? data : prepare(data, { compress, text });
    if (isRoom) this.#keep(message, undefined, message.length);
    return isRoom;
  }

  #keep(data: KeptMessage['data'], options: SendOptions | undefined, length: number): void {
    const size = MAX_HEADER_SIZE + length;
    this.#messages.push({ data, options, size });
    this.size += size;
  }

  /**
   * Sends the messages in order. Each is removed once it has been sent: if `send` throws or returns false, that message
   * and all later ones are kept for the next connection.
   */
  send(send: (data: KeptMessage['data'], options: SendOptions | undefined) => boolean): void {
    const messages = this.#messages;
    let count = 0;
    try {
      for (const { data, options, size } of messages) {
        // The random source may drop all, by closing the client.
        if (!send(data, options) || this.#messages !== messages) return;
        count++;
        this.size -= size;
      }
    } finally {
      messages.splice(0, count);
    }
  }

  /** Drops the messages. */
  drop(): void {
    this.#messages = [];
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
