/**
 * One microtask writes, for all connections, what was sent outside of handlers, after the code that sent it has
 * returned. A loop over connections does not wait for that: each writes before the next one sends.
 */
import { type Clock, perClock } from './clock.ts';
import { host } from './host.ts';

/** Returns the turns of a clock, which share its microtasks. */
export const turnsOf: (clock: Clock) => Turns = perClock((clock) => new Turns(clock));

/** Runs all calls for the end of a turn in one microtask: a loop over connections would need thousands of them. */
export class Turns {
  readonly #clock: Clock;
  // A function, its argument, the next function, and so on.
  #calls: unknown[] = [];
  #first: ((argument: never) => void) | undefined = undefined;
  #argument: unknown = undefined;
  #number = 0;
  #endIsPlanned = false;

  /** Starts without calls. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of the turn, which is another one when the code that is running has returned. */
  get number(): number {
    this.#planEnd();
    return this.#number;
  }

  /** Calls a function when the code that is running has returned. */
  add<Argument>(call: (argument: Argument) => void, argument: Argument): void {
    this.#calls.push(call, argument);
    this.#planEnd();
  }

  /** Calls a function when the code that is running has returned, or earlier: when {@link advance} is called for something else. */
  addFirst<Argument>(call: (argument: Argument) => void, argument: Argument): void {
    const [first, given] = [this.#first, this.#argument];
    // Before the call, which may add another one.
    this.#first = call;
    this.#argument = argument;
    this.#planEnd();
    if (first !== undefined) make(first, given as never);
  }

  /** Makes the call that {@link addFirst} was given last, unless it is for this argument. */
  advance(argument: unknown): void {
    if (this.#first !== undefined && this.#argument !== argument) this.#makeFirst(this.#first);
  }

  #makeFirst(first: (argument: never) => void): void {
    const argument = this.#argument as never;
    this.#first = this.#argument = undefined;
    make(first, argument);
  }

  #planEnd(): void {
    if (this.#endIsPlanned) return;
    this.#endIsPlanned = true;
    this.#clock.queueMicrotask(() => this.#end());
  }

  #end(): void {
    if (this.#first !== undefined) this.#makeFirst(this.#first);
    this.#endIsPlanned = false;
    // It wraps around before it would need more memory than a small integer.
    this.#number = (this.#number + 1) & 0x3fff_ffff;
    const calls = this.#calls;
    this.#calls = [];
    for (let at = 0; at < calls.length; at += 2) make(calls[at] as (argument: unknown) => void, calls[at + 1]);
    // The first call may have added another one.
    if (this.#first !== undefined) this.#planEnd();
  }
}

/** Makes a call. An error must not stop the others. */
function make<Argument>(call: (argument: Argument) => void, argument: Argument): void {
  try {
    call(argument);
  } catch (error) {
    host.console.error('sockless: an error while writing:', error);
  }
}
