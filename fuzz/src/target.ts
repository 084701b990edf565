/** A fuzz target: a function over bytes that throws when an invariant does not hold. It imports no fuzzer. */

/** A target as a module exports it. */
export interface Target {
  readonly name: string;
  /** The invariants, in one sentence. */
  readonly description: string;
  /**
   * Executes an input. Any bytes are valid, and the function may write to them.
   *
   * @throws {Violation} when an invariant does not hold; any other error is also a finding
   */
  readonly fuzz: (data: Uint8Array) => void | Promise<void>;
  /** Initial inputs, besides those of the corpus. */
  readonly seeds?: () => Iterable<Uint8Array>;
  /** Words that inputs are likely to contain, besides the literals of the instrumented sources. */
  readonly dictionary?: readonly Uint8Array[];
  /** Mutates an input by its meaning. */
  readonly mutate?: (data: Uint8Array, random: () => number) => Uint8Array;
  /** Returns simpler forms of an input by its meaning, for findings to be short. */
  readonly simpler?: (data: Uint8Array) => Iterable<Uint8Array>;
  /** Describes the input, line by line. */
  readonly describe?: (data: Uint8Array) => string;
  /** Returns the bytes of the input that reach the implementation, without the choices in front of them. */
  readonly bytesOf?: (data: Uint8Array) => Uint8Array;
  /** The name of a corpus of this package to begin with. */
  readonly corpus?: string;
}

/** A rule that an implementation broke. */
export interface Rule {
  readonly name: string;
  /** A section of RFC 6455, unless it names another RFC. */
  readonly section: string;
  readonly sentence: string;
}

/** An invariant that does not hold. */
export class Violation extends Error {
  override readonly name: string = 'Violation';
  /** The invariant, as a sentence that is the same for all inputs that break it in the same way. */
  readonly invariant: string;
  /** The rule of an RFC behind it, if it is known. Findings with different rules are different findings. */
  readonly rule: Rule | undefined;

  constructor(
    invariant: string,
    { details = '', cause, rule }: { details?: string | undefined; cause?: unknown; rule?: Rule | undefined } = {},
  ) {
    super(details === '' ? invariant : `${invariant}\n${details}`, { cause });
    this.invariant = invariant;
    this.rule = rule;
  }
}

/** @throws {Violation} when it does not hold */
export function holds(invariant: string, condition: boolean, details?: () => string): asserts condition {
  if (!condition) throw new Violation(invariant, { details: details?.() });
}

/**
 * Compares two values by their JSON.
 *
 * @param rule returns the rule that is broken when they differ
 * @throws {Violation} when they differ; it shows both, under their names
 */
export function same(
  invariant: string,
  first: readonly [string, unknown],
  second: readonly [string, unknown],
  rule?: () => Rule | undefined,
): void {
  const [one, two] = [show(first[1]), show(second[1])];
  if (one === two) return;
  throw new Violation(invariant, { details: `${first[0]}:\n${one}\n${second[0]}:\n${two}`, rule: rule?.() });
}

/** Formats a list line by line, with bytes as hexadecimal digits. */
function show(value: unknown): string {
  const line = (item: unknown): string =>
    `  ${JSON.stringify(item, (_, part) => (part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part))}`;
  return Array.isArray(value) ? value.map(line).join('\n') : line(value);
}

/**
 * Returns the result of `action`, or the error that it throws, which must be of one of these classes.
 *
 * @throws {Violation} when it is another error
 */
export function typed<T, C extends readonly (abstract new (...args: never[]) => Error)[]>(
  action: () => T,
  ...types: C
): T | InstanceType<C[number]> {
  try {
    return action();
  } catch (error) {
    if (error instanceof Violation) throw error;
    const expected = types.find((type): boolean => error instanceof type);
    if (expected !== undefined) return error as InstanceType<C[number]>;
    const names = types.map(({ name }) => name).join(', ');
    const invariant = names === '' ? 'nothing is thrown' : `only ${names} is thrown`;
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
    throw new Violation(invariant, { details, cause: error });
  }
}
