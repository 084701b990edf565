/**
 * How the properties are checked: a fixed number of runs, and a seed that is shown when one fails.
 *
 * `SEED=123 npm test -- core/test/properties` repeats a failure; `RUNS=100` takes a hundred times as many runs as
 * `npm run test:all`, which takes all that the properties ask for; `npm test` takes three tenths.
 */
import fc from 'fast-check';
import { budget } from '../budget.ts';

const seed = process.env.SEED === undefined ? {} : { seed: Number(process.env.SEED) };
const factor = Number(process.env.RUNS ?? budget(0.3, 1));

/** Checks a property with `runs` random values; the error names the seed and the smallest value that fails. */
export function check<T>(runs: number, property: fc.IProperty<T>): void {
  fc.assert(property, { ...seed, numRuns: Math.ceil(runs * factor) });
}
