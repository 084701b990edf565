/** The hooks with which a program that is fuzzed imports its modules. Node runs them in a thread of their own. */
import type { LoadHook, ResolveHook } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ENTRY, NAME } from './here.ts';
import { type Counted, counting, isCounted, isProgram, readProgram } from './loading.ts';

let counted: Counted | undefined;

/** Receives what {@link register} was told. */
export function initialize(data: Counted | undefined): void {
  counted = data;
}

/** Finds this package from wherever a target is, and TypeScript where an import leaves out or guesses the extension. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  if (specifier === NAME) return { url: ENTRY, shortCircuit: true };
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!/^\.{0,2}\/|^file:/.test(specifier)) throw error;
    const guesses = [specifier.replace(/\.([cm]?)js$/, '.$1ts'), `${specifier}.ts`, `${specifier}.js`];
    for (const guess of [...guesses, `${specifier}/index.ts`, `${specifier}/index.js`]) {
      try {
        return await next(guess, context);
      } catch {
        // The first error says what is missing.
      }
    }
    throw error;
  }
};

/** Loads a module without types and, if it is counted, with counters. */
export const load: LoadHook = (url, context, next) => {
  const path = url.startsWith('file:') ? fileURLToPath(url) : '';
  if (!isProgram(path)) return next(url, context);
  const { code, format } = readProgram(path);
  // Without a source, Node uses `require`, where register.ts takes over.
  if (format === 'commonjs') return { format, source: null as never, shortCircuit: true };
  return { format, source: isCounted(path, counted) ? counting(code, path, format) : code, shortCircuit: true };
};
