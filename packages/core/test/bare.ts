// Core in an engine that offers nothing beyond ECMAScript: its sources as one script, to be run in a context of its own.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import blankTypes from 'ts-blank-space';

/** As much of rollup, which packages/tools brings, as is needed here. */
interface Rollup {
  rollup(options: object): Promise<{ generate(options: object): Promise<{ output: [{ code: string }] }> }>;
}

const { rollup } = createRequire(new URL('../../tools/package.json', import.meta.url))('rollup') as Rollup;

/** Bundles core from its sources; what it exports is then the global `core`. */
export async function bundle(): Promise<string> {
  const bundled = await rollup({
    input: fileURLToPath(new URL('../src/index.ts', import.meta.url)),
    plugins: [
      {
        name: 'sources',
        resolveId: (id: string) => (id.startsWith('@') ? fileURLToPath(import.meta.resolve(id)) : null),
        load: async (path: string) => {
          const source = await readFile(path, 'utf8');
          return path.endsWith('.ts') ? blankTypes(source) : source;
        },
      },
    ],
  });
  const { output } = await bundled.generate({ format: 'iife', name: 'core' });
  return output[0].code;
}

/** Runs a script that uses `core` in a bare engine, and returns its result, which comes back as JSON. */
export function runBare(core: string, script: string): unknown {
  const context = createContext({});
  runInContext('delete globalThis.WebAssembly', context);
  runInContext(core, context);
  return JSON.parse(String(runInContext(`JSON.stringify((() => { ${script} })())`, context)));
}
