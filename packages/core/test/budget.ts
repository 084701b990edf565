/**
 * How much is tried of what is long by nature: `npm test` has a fixed budget that leaves out no kind of thing, and
 * `npm run test:all` the whole one.
 */

const WHOLE = process.env.SOCKLESS_TEST_ALL !== undefined;

/** Returns the budget of this run. */
export const budget = <T>(small: T, whole: T): T => (WHOLE ? whole : small);
