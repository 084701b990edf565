/**
 * The coverage-guided loop: it mutates an input of the corpus and passes it to the target. The result joins the corpus if it
 * took a new branch, or took a branch more often than any input before.
 */
import type { Random } from '../../packages/adapter/src/testing/random.ts';
import { Coverage, type Feature, features, reset } from './coverage.ts';
import { mutate } from './mutate.ts';
import type { Rule, Target } from './target.ts';

/** An error that a target threw. */
export interface Fault {
  /** The same for all inputs that fail in the same way: the rule, or the invariant if no rule is known. */
  readonly identity: string;
  readonly invariant: string;
  readonly rule: Rule | undefined;
  readonly error: unknown;
}

/** An input of the corpus, and the features that it reached. */
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
   * @param before receives each input before it is executed, so that an input that never ends is known
   * @param onFault receives each input for which the target throws
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

  /** The inputs of the corpus. */
  get corpus(): readonly Entry[] {
    return this.#corpus;
  }

  /** The number of branches taken. */
  get branches(): number {
    return this.#coverage.branches;
  }

  /** Executes an input, and keeps it if it reaches a new feature. */
  async try(data: Uint8Array): Promise<void> {
    const fault = await this.execute(data);
    if (fault !== undefined) return this.#onFault(data, fault);
    const found = features();
    if (!this.#coverage.isNew(found)) return;
    // Memory left by earlier executions must not count against this input.
    await this.execute(data);
    const again = new Set(features());
    const stable = found.filter((feature) => again.has(feature));
    this.#coverage.add(found);
    if (stable.length > 0) this.#corpus.push({ data, features: stable });
  }

  /** Mutates an input of the corpus and tries the result. */
  async step(): Promise<void> {
    const { data } = this.#pick();
    const own = this.#target.mutate;
    const changed = own !== undefined && this.#random() < 0.5 ? own(data, this.#random) : this.#mutated(data);
    await this.try(changed.subarray(0, this.#maxLength));
  }

  /** Executes a copy of the input; the counts are then those of this execution. */
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

  /** Prefers inputs that were found lately, and the shorter of two. */
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

/** Returns what the target throws for an input, if it throws. */
export async function fault(target: Target, data: Uint8Array): Promise<Fault | undefined> {
  try {
    const pending = target.fuzz(Uint8Array.from(data));
    if (pending instanceof Promise) await pending;
    return undefined;
  } catch (error) {
    const invariant = invariantOf(error);
    const rule = error instanceof Error && 'rule' in error ? (error.rule as Rule | undefined) : undefined;
    return { identity: rule?.name ?? invariant, invariant, rule, error };
  }
}

/** Returns the invariant, or the message of another error without its numbers. */
function invariantOf(error: unknown): string {
  if (error instanceof Error && 'invariant' in error) return String(error.invariant);
  const [line = ''] = String(error).split('\n');
  return line.slice(0, 200).replace(/\d+/g, '#');
}
