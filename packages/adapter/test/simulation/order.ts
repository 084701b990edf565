// Comparing the messages that arrived with those sent, both by their keys.

/** Tells whether a key occurs twice. */
export const hasTwice = (keys: readonly string[]): boolean => new Set(keys).size < keys.length;

/** Tells whether `part` is `whole` with some elements left out. */
export function isPart(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const one of whole) if (one === part[at]) at++;
  return at === part.length;
}
