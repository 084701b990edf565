/** Makes inputs smaller, and corpora. */
import type { Feature } from './coverage.ts';
import type { Entry } from './fuzzer.ts';

/**
 * Leaves out as much of an input as can be, and makes zeros of what is left, as long as it stays good.
 *
 * @param isGood whether an input still does what it is kept for
 * @param most how often to ask at most
 */
export async function minimise(
  input: Uint8Array,
  isGood: (data: Uint8Array) => Promise<boolean>,
  most: number,
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
  // What has become zero may let something else be left out.
  for (let before: Uint8Array | undefined; before !== best && asked < most; ) {
    before = best;
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

/** Gives few and short entries, chosen greedily, and of each the features that no shorter one has. */
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

/** What is kept tells once, a few times and many times apart. */
function coarse(feature: Feature): Feature {
  const bucket = feature & 255;
  return feature - bucket + (bucket === 1 ? 1 : bucket < 16 ? 2 : 4);
}
