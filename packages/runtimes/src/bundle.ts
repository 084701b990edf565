/** The bundles that the runtimes run, made by esbuild without files on disk. */
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The same for all runtimes. */
let expectations: Promise<string> | undefined;

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Bundles the expectations from the sources of core and deflate into a self-contained script. It defines
 * `run(...scopes)`, which returns a promise of a {@link Report} for each object that replaces the global one.
 *
 * @param slow whether to include the expectations that take an interpreter long
 */
export async function bundleExpectations(slow = true): Promise<string> {
  expectations ??= bundle('inside.ts', {
    format: 'iife',
    globalName: 'inside',
    // Code that looks up the global object, which is only core's host.ts, gets this one.
    banner: { js: 'const load = (globalThis) => {' },
    footer: { js: 'return inside; };' },
    // Resolves core's own name to its sources instead of the build, so that there is only one core.
    alias: { '@sockless/core': path('../../core/src') },
  });
  return `${await expectations}
const run = async (...scopes) => {
  const reports = [];
  for (const scope of scopes) reports.push(await load(scope).report(${slow}));
  return reports;
};
`;
}

/** Bundles a program of this folder or of another package as an ES module, with the built packages. */
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
