/** Messages on their way to a `for await` loop, with back-pressure: one waits, then reading stops until it is taken. */
import type { EndEvent } from '@sockless/core';

type Message = string | Uint8Array;

/** What the queue asks of its connection. */
interface Source {
  /** A message waits: read no more. */
  full(): void;
  /** No message waits: read on. */
  empty(): void;
  /** The loop was left. */
  left(): void;
}

/** A connection that was iterated over ended uncleanly: {@link ConnectionEndedError.end} says all that is known. */
export class ConnectionEndedError extends Error {
  /** Tells it from other errors. */
  override readonly name: string = 'ConnectionEndedError';
  /** All that is known of the end. */
  readonly end: EndEvent;

  /** Says what the event says. */
  constructor(end: EndEvent) {
    super(end.explanation.summary, { cause: end.explanation.error ?? end.explanation.cause });
    this.end = end;
  }
}

export class MessageQueue implements AsyncIterableIterator<Message, undefined> {
  readonly #source: Source;
  readonly #messages: Message[] = [];
  readonly #takers: PromiseWithResolvers[] = [];
  #end: EndEvent | undefined = undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The next message arrived. */
  push(message: Message): void {
    const taker = this.#takers.shift();
    if (taker !== undefined) taker.resolve({ done: false, value: message });
    else {
      this.#messages.push(message);
      this.#source.full();
    }
  }

  /** There will be no more. */
  end(event: EndEvent): void {
    this.#end = event;
    for (const taker of this.#takers.splice(0)) this.#settle(taker, event);
  }

  /** Nobody iterates any more: gives what waits. */
  release(): Message[] {
    for (const taker of this.#takers.splice(0)) taker.resolve({ done: true, value: undefined });
    return this.#messages.splice(0);
  }

  next(): Promise<IteratorResult<Message, undefined>> {
    const message = this.#messages.shift();
    if (message !== undefined) {
      if (this.#messages.length === 0) this.#source.empty();
      return Promise.resolve({ done: false, value: message });
    }
    return new Promise((resolve, reject) => {
      const taker = { resolve, reject };
      if (this.#end !== undefined) this.#settle(taker, this.#end);
      else this.#takers.push(taker);
    });
  }

  return(): Promise<IteratorResult<Message, undefined>> {
    this.#source.left();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #settle(taker: PromiseWithResolvers, event: EndEvent): void {
    if (event.clean) taker.resolve({ done: true, value: undefined });
    else taker.reject(new ConnectionEndedError(event));
  }
}

interface PromiseWithResolvers {
  resolve(result: IteratorResult<Message, undefined>): void;
  reject(error: Error): void;
}
