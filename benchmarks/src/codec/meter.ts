/** Measures the tasks of one contestant. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Task, TaskMaker } from './task.ts';

/** The intended duration of a batch in milliseconds, so that reading the clock and preparing input do not matter. */
const BATCH = 2;

/** Keeps one task at a time, with its prepared input, from turn to turn. */
export class Meter {
  readonly #make: TaskMaker;
  #name: string | undefined;
  #task: Task | undefined;
  #rounds = 1;

  constructor(make: TaskMaker) {
    this.#make = make;
  }

  /**
   * Works on one case until about `milliseconds` have been spent in it, and returns nanoseconds per operation; NaN when the
   * contestant cannot do this case.
   *
   * @throws {Error} when the task did not do all operations
   */
  async measure(name: string, milliseconds: number): Promise<number> {
    if (name !== this.#name) {
      this.#name = undefined;
      this.#task = undefined;
      this.#task = await this.#make(name);
      this.#name = name;
      this.#rounds = 1;
    }
    return this.#spend(milliseconds);
  }

  async #spend(milliseconds: number): Promise<number> {
    const task = this.#task;
    if (task === undefined) return Number.NaN;
    let spent = 0;
    let operations = 0;
    while (spent < milliseconds) {
      const rounds = this.#rounds;
      const time = await batch(task, rounds);
      spent += time;
      operations += rounds * task.operations;
      if (time < BATCH / 2) this.#rounds = Math.min(task.most, 2 * rounds);
    }
    return (spent * 1e6) / operations;
  }
}

/** Returns how many milliseconds the rounds of a task take. */
async function batch(task: Task, rounds: number): Promise<number> {
  await task.prepare?.(rounds);
  // Finishes deferred work of the previous batch before the clock starts.
  await turn();
  const start = performance.now();
  const result = task.run(rounds);
  const done = typeof result === 'number' ? result : await result;
  const time = performance.now() - start;
  const expected = rounds * task.operations;
  if (done !== expected) throw new Error(`${done} of ${expected} operations were done`);
  return time;
}
