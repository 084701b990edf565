/** Messages that wait for a `for await` loop, up to 1 MiB. */
import type { CloseReason, EndEvent } from '@sockless/core';
import { ConnectionEndedError } from './ended-error.ts';

type Message = string | Uint8Array;
type Result = IteratorResult<Message, undefined>;

/** Called by a queue when its inbox must act. */
interface Source {
  /** Fewer messages wait than before. */
  taken(): void;
  /** No loop iterates any more. */
  left(): void;
}

/** The most that may wait, in bytes of binary messages and characters of texts. */
export const MAX_WAITING = 1_048_576;

/** Added to the length of each message, so that a flood of empty messages is bounded too. */
const OVERHEAD = 32;

/** The messages of one connection that have not been taken yet, and the calls of `next` that wait for one. */
export class MessageQueue {
  readonly #source: Source;
  readonly #messages: Message[] = [];
  readonly #takers: Taker[] = [];
  #iterators = 0;
  #end: EndEvent | undefined = undefined;
  /** The amount that waits, counted as for {@link MAX_WAITING}. */
  size = 0;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The next message arrived. */
  push(message: Message): void {
    const taker = this.#takers.shift();
    if (taker !== undefined) taker.resolve({ done: false, value: message });
    else {
      this.#messages.push(message);
      this.size += message.length + OVERHEAD;
    }
  }

  /** There will be no more. */
  end(event: EndEvent): void {
    this.#end = event;
    for (const taker of this.#takers.splice(0)) settle(taker, event);
  }

  /** Removes the messages that wait and returns them. */
  release(): Message[] {
    this.size = 0;
    return this.#messages.splice(0);
  }

  /** A loop begins. */
  iterate(): AsyncIterableIterator<Message, undefined> {
    this.#iterators++;
    let left = false;
    const iterator: AsyncIterableIterator<Message, undefined> = {
      next: () => (left ? Promise.resolve(DONE) : this.#next(iterator)),
      return: () => {
        if (!left) this.#leave(iterator);
        left = true;
        return Promise.resolve(DONE);
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  #next(iterator: object): Promise<Result> {
    const message = this.#messages.shift();
    if (message !== undefined) {
      this.size -= message.length + OVERHEAD;
      this.#source.taken();
      return Promise.resolve({ done: false, value: message });
    }
    return new Promise((resolve, reject) => {
      const taker = { iterator, resolve, reject };
      if (this.#end !== undefined) settle(taker, this.#end);
      else this.#takers.push(taker);
    });
  }

  #leave(iterator: object): void {
    // Calls of `next` that still wait belong to this loop: tell them that it is over.
    for (const taker of this.#takers.splice(0)) {
      if (taker.iterator === iterator) taker.resolve(DONE);
      else this.#takers.push(taker);
    }
    if (--this.#iterators === 0) this.#source.left();
  }
}

interface Taker {
  readonly iterator: object;
  resolve(result: Result): void;
  reject(error: Error): void;
}

const DONE: Result = { done: true, value: undefined };

function settle(taker: Taker, event: EndEvent): void {
  if (isQuiet(event)) taker.resolve(DONE);
  else taker.reject(new ConnectionEndedError(event));
}

/**
 * Whether the connection closed normally: cleanly, and one side's Close frame had the code 1000 or 1001, or no code.
 */
function isQuiet({ clean, explanation }: EndEvent): boolean {
  return clean && (isGoodbye(explanation.received) || isGoodbye(explanation.sent));
}

function isGoodbye(said: CloseReason | undefined): boolean {
  return said !== undefined && (said.code === 1000 || said.code === 1001 || said.code === 1005);
}
