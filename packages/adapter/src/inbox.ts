/** Where the messages of a connection go: to the `message` handler, to a loop, to a queue for one, or nowhere. */
import { StateError } from '@sockless/core';
import { MAX_WAITING, MessageQueue } from './message-queue.ts';

type Message = string | Uint8Array;

/** What an inbox asks of its connection. */
export interface Reader {
  /** So much waits for the loop that no more is to be read. */
  full(): void;
  /** There is room again. */
  ready(): void;
  /** The last loop was left, and there is a handler: these messages are for it, and all that come. */
  handle(messages: readonly Message[]): void;
}

/**
 * The messages that go to no handler.
 *
 * `'kept'`: they wait for a loop, up to 1 MiB; then, since reading never stops for messages that nobody asked for, they are
 * dropped. `'dropped'`: there will be no loop, as far as is known. `'iterated'`: a loop is in progress; behind it up to
 * 1 MiB waits, and then reading stops. `'handled'`: they go to the handler after all.
 */
export class Inbox {
  readonly #reader: Reader;
  readonly #queue: MessageQueue;
  #state: 'kept' | 'dropped' | 'iterated' | 'handled' = 'kept';
  #full = false;
  /** How many messages were dropped. */
  dropped = 0;

  constructor(reader: Reader, hasHandler: boolean) {
    this.#reader = reader;
    this.#queue = new MessageQueue({
      taken: () => this.#taken(),
      left: () => this.#left(hasHandler),
    });
  }

  /** Whether messages go to the handler, and not here. */
  get isHandled(): boolean {
    return this.#state === 'handled';
  }

  /** The next message arrived. */
  push(message: Message): void {
    if (this.#state === 'dropped') {
      this.dropped++;
      return;
    }
    this.#queue.push(message);
    if (this.#queue.size <= MAX_WAITING) return;
    if (this.#state === 'kept') this.drop();
    else if (this.#state === 'iterated' && !this.#full) {
      this.#full = true;
      this.#reader.full();
    }
  }

  /** Nobody has asked for what waits by now: it is dropped, and so is what follows until a loop begins. */
  drop(): void {
    if (this.#state !== 'kept') return;
    this.#state = 'dropped';
    this.dropped += this.#queue.release().length;
  }

  /**
   * A loop begins.
   *
   * @throws {StateError} `messages-dropped`
   */
  iterate(): AsyncIterableIterator<Message, undefined> {
    if (this.dropped > 0) {
      throw new StateError(
        'messages-dropped',
        `${this.dropped} messages came while there was neither a message handler nor a loop to take them, and were dropped`,
      );
    }
    this.#state = 'iterated';
    return this.#queue.iterate();
  }

  /** There will be no more messages. */
  end(...event: Parameters<MessageQueue['end']>): void {
    this.#queue.end(...event);
  }

  #taken(): void {
    // Not at once, so that reading does not stop and go with every message.
    if (this.#full && 2 * this.#queue.size <= MAX_WAITING) this.#makeReady();
  }

  #left(hasHandler: boolean): void {
    this.#state = hasHandler ? 'handled' : 'kept';
    if (hasHandler) this.#reader.handle(this.#queue.release());
    if (this.#full) this.#makeReady();
  }

  #makeReady(): void {
    this.#full = false;
    this.#reader.ready();
  }
}
