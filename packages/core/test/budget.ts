/**
 * The budgets of tests that are long by nature. `npm test` has a small one, which leaves out no kind of case, and
 * `npm run test:all` has the whole one.
 */

const WHOLE = process.env.SOCKLESS_TEST_ALL !== undefined;

/** Returns the budget of this run. */
export const budget = <T>(small: T, whole: T): T => (WHOLE ? whole : small);

/** Returns what registers a test; `npm test` leaves out the test, because another covers the same kind of case in less time. */
export const atLength = <T extends (...args: never[]) => unknown>(register: T): T =>
  budget((() => undefined) as unknown as T, register);
