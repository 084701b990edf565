/** A clock for tests: whatever the machine is busy with, as much time has passed as the test says. */
import { setTimeout as delay } from 'node:timers/promises';

/** Something that waits. */
interface Waiting {
  readonly at: number;
  readonly call: () => void;
}

/**
 * Stands in the place of `performance.now`, `setTimeout` and `clearTimeout` from its making until `restore`, and stands
 * still unless it is moved. What is imported from `node:timers/promises` goes on to wait for the time of day.
 */
export class Clock {
  readonly #waiting = new Set<Waiting>();
  readonly #timers = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  #now = Math.floor(performance.now());

  constructor() {
    Object.defineProperty(performance, 'now', { value: () => this.#now, configurable: true });
    Object.assign(globalThis, {
      setTimeout: (call: (...values: unknown[]) => void, milliseconds = 0, ...values: unknown[]) => {
        const timer = {
          at: this.#now + milliseconds,
          call: () => call(...values),
          unref: () => timer,
          ref: () => timer,
        };
        this.#waiting.add(timer);
        return timer;
      },
      clearTimeout: (timer: Waiting) => void this.#waiting.delete(timer),
    });
  }

  /** In milliseconds. */
  get now(): number {
    return this.#now;
  }

  /** Lets so many milliseconds pass at once, as they do for a process that is busy: `advance` calls who has waited. */
  jump(milliseconds: number): void {
    this.#now += milliseconds;
  }

  /** Lets so many milliseconds pass one after the other; sockets get what is on its way. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await turns();
    for (let first = this.#first(end); first !== undefined; first = this.#first(end)) {
      this.#now = Math.max(this.#now, first.at);
      first.call();
      await turns();
    }
    this.#now = end;
  }

  /** Puts the clock of the machine in its place again; who still waits is called, and may look at that one. */
  restore(): void {
    Object.assign(globalThis, this.#timers);
    delete (performance as { now?: unknown }).now;
    for (const { call } of this.#waiting) call();
    this.#waiting.clear();
  }

  /** Takes out who is the first to wait until `end` at the latest. */
  #first(end: number): Waiting | undefined {
    const [first] = [...this.#waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
    if (first !== undefined) this.#waiting.delete(first);
    return first;
  }
}

/** What peers in the same process need to hear each other: some turns of the loop. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await delay(1);
}
