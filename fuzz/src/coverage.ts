/**
 * The features that an execution has reached: how often each branch of the instrumented sources was taken, in the buckets of AFL.
 */

/** Enough counters for every branch of core and of pako, and of most other implementations. */
const ROOM = 65_536;

/** Counts stop at 255. */
const counts = new Uint8ClampedArray(ROOM);
const words = new Int32Array(counts.buffer);
let used = 0;

/** The words that occur in the instrumented sources. */
export const literals: Set<string> = new Set();

/** The number of branches in each module that has some. */
const modules = new Map<string, number>();

/** The function that an instrumented module calls for its counters. */
function counters(count: number, words: readonly string[], path: string): Uint8ClampedArray {
  for (const word of words) literals.add(word);
  modules.set(path, count);
  // What finds no room counts for nobody.
  if (used + count > ROOM) return new Uint8ClampedArray(count);
  used += count;
  return counts.subarray(used - count, used);
}

// Instrumented modules find it here.
Object.assign(globalThis, { socklessCounters: counters });

/** Returns the number of branches. */
export function branches(): number {
  return used;
}

/** Returns the number of modules that count their branches, and of their branches, without those of `isOwn`. */
export function countedModules(isOwn: (path: string) => boolean): { modules: number; branches: number } {
  const others = [...modules].filter(([path, count]) => count > 0 && !isOwn(path));
  return { modules: others.length, branches: others.reduce((sum, [, count]) => sum + count, 0) };
}

/** Maps a count to a bucket, one bit for each: 1, 2, 3, to 7, to 15, to 31, to 127, more. */
const BUCKETS = Uint8Array.from({ length: 256 }, (_, n) => {
  if (n <= 3) return [0, 1, 2, 4][n] as number;
  return n < 8 ? 8 : n < 16 ? 16 : n < 32 ? 32 : n < 128 ? 64 : 128;
});

/** A feature: a branch and the bucket of its count, as `branch * 256 + bucket`. */
export type Feature = number;

/** Resets the counts. */
export function reset(): void {
  counts.fill(0, 0, used);
}

/** Returns the features since the last {@link reset}. */
export function features(): Feature[] {
  const found: Feature[] = [];
  const end = (used + 3) >> 2;
  for (let word = 0; word < end; word++) {
    if (words[word] === 0) continue;
    for (let at = 4 * word; at < 4 * word + 4; at++) {
      const count = counts[at] as number;
      if (count > 0) found.push(at * 256 + (BUCKETS[count] as number));
    }
  }
  return found;
}

/** The union of the features of several executions. */
export class Coverage {
  readonly #seen = new Uint8Array(ROOM);
  #branches = 0;

  /** The number of branches taken. */
  get branches(): number {
    return this.#branches;
  }

  /** Tells whether this has a new feature. */
  isNew(found: readonly Feature[]): boolean {
    return found.some((feature) => ((this.#seen[feature >> 8] as number) & feature & 255) === 0);
  }

  add(found: readonly Feature[]): void {
    for (const feature of found) {
      const at = feature >> 8;
      if (this.#seen[at] === 0) this.#branches++;
      this.#seen[at] = (this.#seen[at] as number) | (feature & 255);
    }
  }
}
