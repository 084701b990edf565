/** Programs that come as npm packages, one for each platform: found without the install script of any package. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Gives the path of a program, or `undefined` where it is not installed.
 *
 * @param from the URL or path of a file of the package that depends on them
 * @param chain a package, then perhaps one that it depends on; of each, the alternatives in the order of preference
 * @param files where the program may be in the last package
 */
export function findProgram(
  from: string,
  chain: readonly (readonly string[])[],
  files: readonly string[],
): string | undefined {
  let inside: string | undefined = from;
  for (const alternatives of chain) {
    const here: string = inside;
    inside = alternatives.map((name) => resolve(here, `${name}/package.json`)).find((path) => path !== undefined);
    if (inside === undefined) return undefined;
  }
  const folder = dirname(inside);
  return files.map((file) => join(folder, file)).find((path) => existsSync(path));
}

/** Where a file of a package is, as seen from another file. */
function resolve(from: string, request: string): string | undefined {
  try {
    return createRequire(from).resolve(request);
  } catch {
    return undefined;
  }
}
