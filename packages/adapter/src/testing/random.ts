/** Seeded random numbers: the same seed gives the same numbers on every host. */

/** Returns a number from 0 to below 1, as `Math.random` does. */
export type Random = () => number;

/** Returns a seeded source of numbers (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns one of the choices. */
export function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

/** Returns a function that fills bytes at random: for the option `random` of core, which draws masking keys with it. */
export function randomBytes(random: Random): (bytes: Uint8Array) => void {
  return (bytes) => {
    for (let at = 0; at < bytes.length; at++) bytes[at] = random() * 256;
  };
}
