/** The end of a turn: what was sent outside of handlers leaves when the code that sent it has returned, for all connections at once. */
import { type Clock, perClock } from './clock.ts';
import { host } from './host.ts';

/** Returns the turns of a clock. */
export const turnsOf: (clock: Clock) => Turns = perClock((clock) => new Turns(clock));

/** One microtask for all that is to happen at the end of a turn: a broadcast would need thousands. */
export class Turns {
  readonly #clock: Clock;
  // A function, its argument, the next function, and so on.
  #calls: unknown[] = [];

  /** Nothing is to happen yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls when the code that runs now has returned. */
  add<Argument>(call: (argument: Argument) => void, argument: Argument): void {
    if (this.#calls.push(call, argument) === 2) this.#clock.queueMicrotask(() => this.#end());
  }

  #end(): void {
    const calls = this.#calls;
    this.#calls = [];
    for (let at = 0; at < calls.length; at += 2) {
      try {
        (calls[at] as (argument: unknown) => void)(calls[at + 1]);
      } catch (error) {
        // What goes wrong for one stops no other.
        host.console.error('sockless: what was sent could not be written:', error);
      }
    }
  }
}
