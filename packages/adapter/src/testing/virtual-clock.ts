/** A clock for tests. Time passes only when the test moves it, so no test waits and none depends on how busy the machine is. */
import { type Clock, hostClock, soon, type Timer } from '../clock.ts';

interface Entry extends Timer {
  readonly at: number;
  readonly call: () => void;
}

/** A clock that stands still until it is advanced: a value for the option `clock` of adapters. Microtasks are the engine's. */
export class VirtualClock implements Clock {
  #now: number;
  // The timers from `#timers[#first]` on, by time; of several due at the same time, in the order in which they were set. A simulation can
  // set hundreds of thousands, mostly later than all others.
  #timers: Entry[] = [];
  #first = 0;

  /**
   * Creates a clock without timers.
   *
   * @param now the initial time in milliseconds
   */
  constructor(now = 1000) {
    this.#now = now;
  }

  /** The number of timers. */
  get timers(): number {
    return this.#timers.length - this.#first;
  }

  /** The time at which the next timer is due; `Infinity` if there is none. */
  get next(): number {
    return this.#timers[this.#first]?.at ?? Infinity;
  }

  /** {@link Clock.now} */
  now(): number {
    return this.#now;
  }

  /** {@link Clock.setTimeout} */
  setTimeout(call: () => void, milliseconds: number): Timer {
    const entry: Entry = { at: this.#now + milliseconds, call };
    const timers = this.#timers;
    let at = timers.length;
    while (at > this.#first && (timers[at - 1] as Entry).at > entry.at) at--;
    timers.splice(at, 0, entry);
    return entry;
  }

  /** {@link Clock.clearTimeout} */
  clearTimeout(timer: Timer | undefined): void {
    const at = this.#timers.indexOf(timer as Entry, this.#first);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  /** {@link Clock.queueMicrotask} */
  queueMicrotask(call: () => void): void {
    hostClock.queueMicrotask(call);
  }

  /** Moves the time and calls no timer, as in a busy process. Timers that became due are called by the next `step`, `advance` or `pass`. */
  spend(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Moves the time and calls the timers that become due, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    while (this.step(end));
    this.#now = Math.max(this.#now, end);
  }

  /** Moves the time to the next timer, but not beyond `end`, and calls that timer; returns false when there is none. */
  step(end: number = Infinity): boolean {
    const next = this.#timers[this.#first];
    if (next === undefined || next.at > end) return false;
    if (++this.#first > 1000 && 2 * this.#first > this.#timers.length) {
      this.#timers = this.#timers.slice(this.#first);
      this.#first = 0;
    }
    this.#now = Math.max(this.#now, next.at);
    next.call();
    return true;
  }

  /** Like {@link VirtualClock.advance}, but everything that a timer starts is done before the next timer is called. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    while (this.step(end)) await settled();
    this.#now = Math.max(this.#now, end);
  }
}

/**
 * Resolves when all promises and events of the host have been handled, except those that wait for the clock or for the
 * network.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => soon(hostClock, resolve));
}
