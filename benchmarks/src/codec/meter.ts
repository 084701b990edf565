/** Measures the tasks of one contestant. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Task, TaskMaker } from './task.ts';

/** A batch should take so many milliseconds, so that reading the clock and preparing its input cost nothing. */
const BATCH = 2;

/** For so many milliseconds a new task runs before anything counts, so that the engine has compiled it. */
const WARM_UP = 10;

/** One task at a time, kept from turn to turn with all that it has prepared. */
export class Meter {
  readonly #make: TaskMaker;
  #name: string | undefined;
  #task: Task | undefined;
  #rounds = 1;

  constructor(make: TaskMaker) {
    this.#make = make;
  }

  /**
   * Works on one case until about `milliseconds` have been spent in it, and gives nanoseconds an operation; NaN when the
   * contestant cannot do this case.
   *
   * @throws {Error} when not all operations were seen to be done
   */
  async measure(name: string, milliseconds: number): Promise<number> {
    if (name !== this.#name) {
      this.#name = undefined;
      this.#task = undefined;
      this.#task = await this.#make(name);
      this.#name = name;
      this.#rounds = 1;
      await this.#spend(WARM_UP);
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

/** Milliseconds for so many rounds of a task. */
async function batch(task: Task, rounds: number): Promise<number> {
  await task.prepare?.(rounds);
  // What the batch before has left to be done soon is done now.
  await turn();
  const start = performance.now();
  const result = task.run(rounds);
  const done = typeof result === 'number' ? result : await result;
  const time = performance.now() - start;
  const expected = rounds * task.operations;
  if (done !== expected) throw new Error(`${done} of ${expected} operations were done`);
  return time;
}
