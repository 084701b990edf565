/** What a fuzz target is: a function over bytes that throws where an invariant does not hold. It knows no fuzzer. */

/** A target as a module exports it. */
export interface Target {
  readonly name: string;
  /** What holds for every input, in one sentence. */
  readonly description: string;
  /**
   * Takes bytes that mean anything, and may write to them.
   *
   * @throws {Violation} when an invariant does not hold; any other error is a finding as well
   */
  readonly fuzz: (data: Uint8Array) => void | Promise<void>;
  /** Inputs to begin with, besides those of the corpus. */
  readonly seeds?: () => Iterable<Uint8Array>;
  /** What inputs are likely to hold, besides the literals of the instrumented sources. */
  readonly dictionary?: readonly Uint8Array[];
  /** Changes an input by what it means. */
  readonly mutate?: (data: Uint8Array, random: () => number) => Uint8Array;
  /** The input as a person reads it, line by line. */
  readonly describe?: (data: Uint8Array) => string;
}

/** An invariant that does not hold. */
export class Violation extends Error {
  override readonly name: string = 'Violation';
  /** The invariant, as a sentence that is the same for all inputs that break it in the same way. */
  readonly invariant: string;

  constructor(invariant: string, { details = '', cause }: { details?: string | undefined; cause?: unknown } = {}) {
    super(
      details === ''
        ? invariant
        : `${invariant}
${details}`,
      { cause },
    );
    this.invariant = invariant;
  }
}

/** @throws {Violation} when it does not hold */
export function holds(invariant: string, condition: boolean, details?: () => string): asserts condition {
  if (!condition) throw new Violation(invariant, { details: details?.() });
}

/**
 * Compares two values by what JSON says of them.
 *
 * @throws {Violation} when they are not the same; it shows both, under their names
 */
export function same(invariant: string, first: readonly [string, unknown], second: readonly [string, unknown]): void {
  const [one, two] = [show(first[1]), show(second[1])];
  if (one !== two) throw new Violation(invariant, { details: `${first[0]}:\n${one}\n${second[0]}:\n${two}` });
}

/** A list line by line, bytes as hexadecimal digits. */
function show(value: unknown): string {
  const line = (item: unknown): string =>
    `  ${JSON.stringify(item, (_, part) => (part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part))}`;
  return Array.isArray(value) ? value.map(line).join('\n') : line(value);
}

/**
 * Gives what `action` gives, or the error that it throws, which must be one of these.
 *
 * @throws {Violation} when it is another
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
