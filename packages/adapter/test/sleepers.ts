// Sleepers that record when they are woken, and random numbers to set them by.
import { seeded } from '../../core/test/pair.ts';
import type { Sleeper } from '../src/alarms.ts';

/** Records when it is woken, in one list for all. */
export class Fake implements Sleeper {
  wakeAt = 0;
  alarm = 0;
  readonly woken: number[] = [];
  readonly #order: Fake[];
  readonly #now: () => number;

  constructor(order: Fake[] = [], now = () => performance.now()) {
    this.#order = order;
    this.#now = now;
  }

  wake(): void {
    this.woken.push(this.#now());
    this.#order.push(this);
  }
}

/** Returns whole random numbers from 0 to below a bound. */
export function numbers(seed: number): (below: number) => number {
  const random = seeded(seed);
  return (below) => Math.floor(random() * below);
}
