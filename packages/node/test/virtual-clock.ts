// A clock for tests: time passes when the test says so, so that no test waits and none depends on how busy the machine is.
import type { Clock, Timer } from '../src/index.ts';

interface Entry extends Timer {
  readonly at: number;
  readonly call: () => void;
}

/** A clock that stands still until it is advanced. Microtasks are the engine's. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #timers: Set<Entry> = new Set();

  constructor(now = 1000) {
    this.#now = now;
  }

  /** How many timers run. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(call: () => void, milliseconds: number): Timer {
    const entry: Entry = { at: this.#now + milliseconds, call };
    this.#timers.add(entry);
    return entry;
  }

  clearTimeout(timer: Timer | undefined): void {
    this.#timers.delete(timer as Entry);
  }

  queueMicrotask(call: () => void): void {
    queueMicrotask(call);
  }

  /** Lets time pass, and calls what becomes due meanwhile, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.call();
    }
    this.#now = end;
  }

  #next(end: number): Entry | undefined {
    const due = [...this.#timers].filter(({ at }) => at <= end);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}
