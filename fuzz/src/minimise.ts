/** Minimises inputs and corpora. */
import type { Feature } from './coverage.ts';
import type { Entry } from './fuzzer.ts';

/**
 * Removes as much of an input as possible and zeroes the rest, as long as it stays good.
 *
 * @param isGood tells whether an input still shows what it is kept for
 * @param most the most calls of `isGood`
 * @param simpler returns simpler forms of an input, by its meaning
 */
export async function minimise(
  input: Uint8Array,
  isGood: (data: Uint8Array) => Promise<boolean>,
  most: number,
  simpler: (data: Uint8Array) => Iterable<Uint8Array> = () => [],
): Promise<Uint8Array> {
  let best = input;
  let asked = 0;
  const improves = async (data: Uint8Array): Promise<boolean> => {
    if (asked >= most) return false;
    asked++;
    if (!(await isGood(data))) return false;
    best = data;
    return true;
  };
  /** Returns whether a simpler form that is shorter is good as well. */
  const simplifies = async (): Promise<boolean> => {
    for (const data of simpler(best)) if (data.length < best.length && (await improves(data))) return true;
    return false;
  };
  // A byte that has become zero may allow another one to be removed.
  for (let before: Uint8Array | undefined; before !== best && asked < most; ) {
    before = best;
    while (await simplifies());
    for (let size = Math.max(1, best.length >> 1); size >= 1; size >>= 1) {
      for (let at = best.length - size; at >= 0; at -= size) {
        const without = new Uint8Array(best.length - size);
        without.set(best.subarray(0, at));
        without.set(best.subarray(at + size), at);
        await improves(without);
        at = Math.min(at, best.length);
      }
    }
    for (let at = 0; at < best.length; at++) {
      if (best[at] === 0) continue;
      const copy = best.slice();
      copy[at] = 0;
      await improves(copy);
    }
  }
  return best;
}

/** Returns few and short entries, chosen greedily, each with the features that no shorter one has. */
export function cover(corpus: readonly Entry[]): Entry[] {
  const seen = new Set<number>();
  return [...corpus]
    .sort((a, b) => a.data.length - b.data.length)
    .map(({ data, features }) => {
      const fresh = features.filter((feature) => !seen.has(coarse(feature)));
      for (const feature of fresh) seen.add(coarse(feature));
      return { data, features: fresh };
    })
    .filter(({ features }) => features.length > 0);
}

/** Counts of 1, 2 and 3, and of larger powers of two, are different features. */
function coarse(feature: Feature): Feature {
  const bucket = feature & 255;
  return feature - bucket + (bucket === 1 ? 1 : bucket < 16 ? 2 : 4);
}
