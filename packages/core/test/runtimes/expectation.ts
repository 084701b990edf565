/** What a runtime is asked to fulfil: plain functions that throw, without a test framework or anything of a host. */

/** Something that must hold in every runtime. */
export interface Expectation {
  /** The section and what it says; no other expectation has the same name. */
  readonly name: string;
  /** Takes an interpreter more than half a second. */
  readonly slow?: boolean;
  /** Throws, or rejects, where it does not hold. */
  run(): void | Promise<void>;
}

/** Asserts that two values of JSON are the same; of long ones it shows the place where they differ. */
export function same(actual: unknown, expected: unknown, what = 'values'): void {
  const [is, ought] = [String(JSON.stringify(actual)), String(JSON.stringify(expected))];
  if (is === ought) return;
  let at = 0;
  while (is[at] === ought[at]) at++;
  const near = (text: string): string => (at < 60 ? '' : '…') + text.slice(Math.max(0, at - 60), at + 120);
  throw new Error(`${what}: ${near(is)}; expected ${near(ought)}`);
}

/** Runs expectations one after the other, and returns the names of those that do not hold, and why. */
export async function failuresOf(expectations: readonly Expectation[]): Promise<[name: string, reason: string][]> {
  const failures: [string, string][] = [];
  for (const { name, run } of expectations) {
    try {
      await run();
    } catch (error) {
      failures.push([name, error instanceof Error ? `${error.message}\n${error.stack}` : String(error)]);
    }
  }
  return failures;
}
