// The common part of every rollup.config.js. Rollup runs in the folder of the package that it builds.
import { cpSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve } from 'node:path';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import typescript from '@rollup/plugin-typescript';
import { entryPoints } from './workspace.js';

/**
 * A published package: one entry for each subpath export (`./dist/x.js` is built from `src/x.ts`), and the declarations that
 * the entries need.
 * @returns {import('rollup').RollupOptions}
 */
export function library() {
  const names = entryPoints(manifest()).map(([, entry]) => entry.default.replace(/^\.\/dist\/(.+)\.js$/, '$1'));
  const options = bundle(names);
  return { ...options, plugins: [options.plugins, entryMaps, neededDeclarations(names)] };
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
  const folder = dirname(name);
  const filter = (/** @type {string} */ path) => !path.endsWith('.ts');
  const copied = {
    name: 'copied',
    writeBundle: () => cpSync(join('src', folder), join('dist', folder), { recursive: true, filter }),
  };
  return { ...options, external: [], plugins: [options.plugins, nodeResolve(), copied] };
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

/**
 * Gives a source map to an entry that only re-exports. It has no code to map, but the map still names its source.
 * @type {import('rollup').Plugin}
 */
const entryMaps = {
  name: 'entry-maps',
  generateBundle(_, outputs) {
    for (const chunk of Object.values(outputs)) {
      if (chunk.type !== 'chunk' || chunk.facadeModuleId === null || chunk.map?.sources.length !== 0) continue;
      const { fileName, facadeModuleId, sourcemapFileName } = chunk;
      const asset = outputs[String(sourcemapFileName)];
      if (asset?.type !== 'asset') throw new Error(`${fileName} has no source map`);
      const source = relative(dirname(resolve('dist', fileName)), facadeModuleId).replaceAll('\\', '/');
      const sourcesContent = [readFileSync(facadeModuleId, 'utf8')];
      asset.source = JSON.stringify({ ...chunk.map, sources: [source], sourcesContent, mappings: 'AAAA' });
    }
  },
};

/**
 * Leaves out declarations that no entry refers to, which could not be imported. Declarations that use disposal get a
 * reference to the library that defines it; the sources may not have one, because JSR would publish it.
 * @param {string[]} entries
 * @returns {import('rollup').Plugin}
 */
function neededDeclarations(entries) {
  return {
    name: 'needed-declarations',
    generateBundle(_, outputs) {
      const needed = new Set(entries.map((name) => `${name}.d.ts`));
      for (const name of needed) {
        const declarations = outputs[name];
        if (declarations?.type !== 'asset') throw new Error(`there is no ${name}`);
        const source = String(declarations.source);
        if (/\b[aA]syncDispos/.test(source)) {
          declarations.source = `/// <reference lib="esnext.disposable" />\n${source}`;
        }
        for (const [, path = ''] of source.matchAll(/\b(?:from |import\()['"](\.[^'"]+)\.ts['"]/g)) {
          needed.add(`${posix.join(posix.dirname(name), path)}.d.ts`); // the loop gets to it
        }
      }
      for (const name of Object.keys(outputs)) {
        if (name.endsWith('.d.ts') && !needed.has(name)) delete outputs[name];
      }
    },
  };
}

const manifest = () => JSON.parse(readFileSync('package.json', 'utf8'));
