/**
 * The coverage-guided loop: an input of the corpus is changed and given to the target, and stays in the corpus when it
 * took a branch that none before has taken, or took one more often.
 */
import type { Random } from '../../packages/core/test/pair.ts';
import type { Target } from '../targets/support/target.ts';
import { Coverage, type Feature, features, reset } from './coverage.ts';
import { mutate } from './mutate.ts';

/** What a target throws. */
export interface Fault {
  /** The same for all inputs that fail in the same way. */
  readonly identity: string;
  readonly error: unknown;
}

/** An input that stays, and what it reached. */
export interface Entry {
  readonly data: Uint8Array;
  readonly features: readonly Feature[];
}

/** Runs one target. */
export class Fuzzer {
  readonly #target: Target;
  readonly #random: Random;
  readonly #dictionary: readonly Uint8Array[];
  readonly #maxLength: number;
  readonly #before: (data: Uint8Array) => void;
  readonly #onFault: (data: Uint8Array, fault: Fault) => Promise<void>;
  readonly #coverage = new Coverage();
  readonly #corpus: Entry[] = [];
  #executions = 0;

  /**
   * @param before is told each input before it is executed, so that one that never ends is known
   * @param onFault is told each input that the target throws for
   */
  constructor(
    target: Target,
    random: Random,
    dictionary: readonly Uint8Array[],
    maxLength: number,
    before: (data: Uint8Array) => void,
    onFault: (data: Uint8Array, fault: Fault) => Promise<void>,
  ) {
    this.#target = target;
    this.#random = random;
    this.#dictionary = dictionary;
    this.#maxLength = maxLength;
    this.#before = before;
    this.#onFault = onFault;
  }

  get executions(): number {
    return this.#executions;
  }

  /** The inputs that stay. */
  get corpus(): readonly Entry[] {
    return this.#corpus;
  }

  /** How many branches have been taken. */
  get branches(): number {
    return this.#coverage.branches;
  }

  /** Executes an input, and keeps it when it reaches something new. */
  async try(data: Uint8Array): Promise<void> {
    const fault = await this.execute(data);
    if (fault !== undefined) return this.#onFault(data, fault);
    const found = features();
    if (!this.#coverage.isNew(found)) return;
    // What memory of executions before has led to is not the input's doing.
    await this.execute(data);
    const again = new Set(features());
    const stable = found.filter((feature) => again.has(feature));
    this.#coverage.add(found);
    if (stable.length > 0) this.#corpus.push({ data, features: stable });
  }

  /** Changes an input of the corpus, and tries the result. */
  async step(): Promise<void> {
    const { data } = this.#pick();
    const own = this.#target.mutate;
    const changed = own !== undefined && this.#random() < 0.5 ? own(data, this.#random) : this.#mutated(data);
    await this.try(changed.subarray(0, this.#maxLength));
  }

  /** Executes a copy of the input; the counts are then its own. */
  execute(data: Uint8Array): Promise<Fault | undefined> {
    this.#executions++;
    this.#before(data);
    reset();
    return fault(this.#target, data);
  }

  #mutated(data: Uint8Array): Uint8Array {
    const material = { random: this.#random, dictionary: this.#dictionary, maxLength: this.#maxLength };
    return mutate(data, { ...material, other: () => this.#pick().data });
  }

  /** Those found lately lead on more often; of two the shorter. */
  #pick(): Entry {
    const { length } = this.#corpus;
    const lately = this.#random() < 0.3;
    const from = lately ? Math.floor(length * 0.9) : 0;
    const one = (): Entry =>
      this.#corpus[from + Math.floor(this.#random() * (length - from))] ?? { data: new Uint8Array(0), features: [] };
    const [first, second] = [one(), one()];
    return first.data.length <= second.data.length || lately ? first : second;
  }
}

/** Gives what the target throws for an input, if it does. */
export async function fault(target: Target, data: Uint8Array): Promise<Fault | undefined> {
  try {
    const pending = target.fuzz(Uint8Array.from(data));
    if (pending instanceof Promise) await pending;
    return undefined;
  } catch (error) {
    return { identity: identify(error), error };
  }
}

/** The invariant, or what the error says without its numbers. */
function identify(error: unknown): string {
  if (error instanceof Error && 'invariant' in error) return String(error.invariant);
  const [line = ''] = String(error).split('\n');
  return line.slice(0, 200).replace(/\d+/g, '#');
}
