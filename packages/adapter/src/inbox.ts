/** Where the messages of a connection go: to the `message` handler, to a loop, to a queue for one, or nowhere. */
import { StateError } from '@sockless/core';
import { MAX_WAITING, MessageQueue } from './message-queue.ts';

type Message = string | Uint8Array;

/** Called by an inbox when its connection must act. */
export interface Reader {
  /** Too much waits for the loop: stop reading. */
  full(): void;
  /** There is room again: resume reading. */
  ready(): void;
  /** The last loop was left and there is a handler: it gets these messages, and all later ones. */
  handle(messages: readonly Message[]): void;
}

/**
 * The messages that do not go to a handler, in one of four states.
 *
 * `'kept'`: they wait for a loop, up to 1 MiB. Then they are dropped, because reading never stops for messages without
 * a reader. `'dropped'`: no loop began in time, so they are dropped. `'iterated'`: a loop is in progress; up to 1 MiB
 * waits for it, and then reading stops. `'handled'`: the loop was left, so they go to the handler.
 */
export class Inbox {
  readonly #reader: Reader;
  readonly #queue: MessageQueue;
  #state: 'kept' | 'dropped' | 'iterated' | 'handled' = 'kept';
  #full = false;
  /** The number of messages that were dropped. */
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

  /** Drops the messages that wait, and those that follow until a loop begins: no reader has come for them in time. */
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
        `${this.dropped} messages were dropped: there was neither a message handler nor a loop to take them; begin the loop earlier, or add a handler`,
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
    // Resume only when half is taken, so that reading does not stop and start with every message.
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
