// The common part of every rollup.config.js. Rollup runs in the folder of the package that it builds.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import typescript from '@rollup/plugin-typescript';

/**
 * A published package, with one entry and its declarations for each subpath export (`./dist/x.js` is built from `src/x.ts`).
 * @returns {import('rollup').RollupOptions}
 */
export function library() {
  const outputs = Object.values(manifest().exports).map((/** @type {{ default: string }} */ entry) => entry.default);
  return bundle(outputs.map((output) => output.replace(/^\.\/dist\/(.+)\.js$/, '$1')));
}

/**
 * A program for Node: `src/<name>.ts` becomes `dist/<name>.js`.
 * @param {string} name
 * @returns {import('rollup').RollupOptions}
 */
export function program(name) {
  return bundle([name]);
}

/**
 * The code of a web page: `src/<name>.ts` and its imports become the single module `dist/<name>.js`, and the other files
 * of its folder (HTML, CSS, images) are copied. Its types come from tsconfig.page.json.
 * @param {string} name such as `page/main`
 * @returns {import('rollup').RollupOptions}
 */
export function page(name) {
  const options = bundle([name], './tsconfig.page.json');
  return { ...options, external: [], plugins: [options.plugins, bundledDependencies, copied(dirname(name))] };
}

/**
 * @param {string[]} names entries below src, without file extension
 * @param {string} [tsconfig]
 * @returns {import('rollup').RollupOptions}
 */
function bundle(names, tsconfig = './tsconfig.json') {
  const dependencies = Object.keys(manifest().dependencies ?? {});
  return {
    input: Object.fromEntries(names.map((name) => [name, `src/${name}.ts`])),
    output: {
      dir: 'dist',
      format: 'es',
      sourcemap: true,
      chunkFileNames: 'shared/[name].js',
      hoistTransitiveImports: false,
    },
    external: (id) => id.startsWith('node:') || dependencies.some((name) => id === name || id.startsWith(`${name}/`)),
    // The plugin ignores the `module` of an extended tsconfig.
    plugins: [typescript({ tsconfig, module: 'NodeNext', noEmitOnError: true })],
  };
}

function manifest() {
  return JSON.parse(readFileSync('package.json', 'utf8'));
}

/** Finds the packages that a page bundles, preferring their ES module. */
const bundledDependencies = {
  name: 'bundled-dependencies',
  /** @type {(id: string, importer: string | undefined) => string | undefined} */
  resolveId(id, importer) {
    if (importer === undefined || !/^[@\w]/.test(id)) return undefined;
    const { resolve } = createRequire(importer);
    return esModule(resolve, id) ?? resolve(id);
  },
};

/** @type {(resolve: NodeJS.RequireResolve, id: string) => string | undefined} */
function esModule(resolve, id) {
  try {
    const path = resolve(`${id}/package.json`);
    const { module } = JSON.parse(readFileSync(path, 'utf8'));
    return module === undefined ? undefined : join(dirname(path), module);
  } catch {
    // A package that does not export its package.json has a single module; so does a path inside a package.
    return undefined;
  }
}

/**
 * @param {string} folder below src
 * @returns {import('rollup').Plugin}
 */
function copied(folder) {
  return {
    name: 'copied',
    generateBundle() {
      for (const file of readdirSync(join('src', folder)).filter((name) => !name.endsWith('.ts'))) {
        this.emitFile({
          type: 'asset',
          fileName: `${folder}/${file}`,
          source: readFileSync(join('src', folder, file)),
        });
      }
    },
  };
}
