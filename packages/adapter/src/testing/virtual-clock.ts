/** A clock for tests: time passes when the test says so, so that no test waits and none depends on how busy the machine is. */
import { type Clock, hostClock, soon, type Timer } from '../clock.ts';

interface Entry extends Timer {
  readonly at: number;
  readonly call: () => void;
}

/** A clock that stands still until it is advanced: the option `clock` of adapters. Microtasks are the engine's. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #timers: Set<Entry> = new Set();

  /**
   * Nothing waits yet.
   *
   * @param now the time that it begins with, in milliseconds
   */
  constructor(now = 1000) {
    this.#now = now;
  }

  /** How many timers run. */
  get timers(): number {
    return this.#timers.size;
  }

  /** When the next timer is due; `Infinity` when none runs. */
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

  /** Lets time pass and calls nothing meanwhile, as when the process is busy: what became due is called next. */
  spend(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Lets time pass, and calls what becomes due meanwhile, in order. */
  advance(milliseconds: number): void {
    const end = this.#now + milliseconds;
    while (this.step(end));
    this.#now = Math.max(this.#now, end);
  }

  /** Lets time pass until the next timer is due, though not beyond `end`, and calls it; false when there is none. */
  step(end: number = Infinity): boolean {
    const next = this.#next(end);
    if (next === undefined) return false;
    this.#timers.delete(next);
    this.#now = Math.max(this.#now, next.at);
    next.call();
    return true;
  }

  /** {@link VirtualClock.advance}, but all that a timer sets going is done before the next one is called. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    while (this.step(end)) await settled();
    this.#now = Math.max(this.#now, end);
  }

  /** The timer that is due first; of those of one moment, the one that was set first. */
  #next(end: number): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#timers) if (entry.at <= end && !(first && first.at <= entry.at)) first = entry;
    return first;
  }
}

/**
 * Resolves when all that has been set going has been done, promises and events of the host included, but for what waits for the
 * clock or for the network.
 */
export function settled(): Promise<void> {
  return new Promise((resolve) => soon(hostClock, resolve));
}
