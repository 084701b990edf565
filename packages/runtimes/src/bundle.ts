/** What the runtimes are given to run: bundles made by esbuild, without a file on the disk. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Bundles the expectations, from the sources of core and deflate, as a script that needs nothing: it defines
 * `run(...scopes)`, a promise of a {@link Report} for each object that stands in the place of the global one.
 */
export async function bundleExpectations(): Promise<string> {
  const inside = await bundle('inside.ts', {
    format: 'iife',
    globalName: 'inside',
    // Whatever in there asks for the global object is given this one: only core's host.ts does.
    banner: { js: 'const load = (globalThis) => {' },
    footer: { js: 'return inside; };' },
    // Its own name for itself, not the copy that was built: there must be one core.
    alias: { '@sockless/core': path('../../core/src') },
  });
  return `${inside}
const run = async (...scopes) => {
  const reports = [];
  for (const scope of scopes) reports.push(await load(scope).report());
  return reports;
};
`;
}

/** Bundles a program of this folder, or of another package, as an ES module; what is built is taken as it was built. */
export async function bundle(entry: string, options: Parameters<typeof build>[0] = {}): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path(entry)],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    logLevel: 'error',
    ...options,
    write: false,
  });
  return (outputFiles[0] as { text: string }).text;
}
