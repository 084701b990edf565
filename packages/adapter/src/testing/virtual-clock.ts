/** A clock for tests. Time passes only when the test moves it, so no test waits and none depends on how busy the machine is. */
import { type Clock, hostClock, soon, type Timer } from '../clock.ts';

interface Entry extends Timer {
  readonly at: number;
  readonly call: () => void;
}

/** A clock that stands still until it is advanced: a value for the option `clock` of adapters. Microtasks are the engine's. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #timers: Set<Entry> = new Set();

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
    return this.#timers.size;
  }

  /** The time at which the next timer is due; `Infinity` if there is none. */
  get next(): number {
    return this.#next(Infinity)?.at ?? Infinity;
  }

  /** {@link Clock.now} */
  now(): number {
    return this.#now;
  }

  /** {@link Clock.setTimeout} */
  setTimeout(call: () => void, milliseconds: number): Timer {
    const entry: Entry = { at: this.#now + milliseconds, call };
    this.#timers.add(entry);
    return entry;
  }

  /** {@link Clock.clearTimeout} */
  clearTimeout(timer: Timer | undefined): void {
    this.#timers.delete(timer as Entry);
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
    const next = this.#next(end);
    if (next === undefined) return false;
    this.#timers.delete(next);
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

  /** Returns the timer that is due first; of several due at the same time, the one that was set first. */
  #next(end: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#timers) if (entry.at <= end && !(first && first.at <= entry.at)) first = entry;
    return first;
  }
}

/**
 * Resolves when all promises and events of the host have been handled, except those that wait for the clock or for the
 * network.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => soon(hostClock, resolve));
}
