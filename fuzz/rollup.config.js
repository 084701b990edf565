import { library } from '../packages/tools/rollup.js';

const options = library();
const [compiler, ...others] = options.plugins;

/** The reference and the vectors are core's, so declarations come in folders of the whole repository. Ours move up, the others go. */
const declarations = {
  name: 'declarations',
  generateBundle(_, outputs) {
    for (const [name, { source }] of Object.entries(outputs)) {
      if (!name.endsWith('.d.ts')) continue;
      delete outputs[name];
      if (name.startsWith('fuzz/src/')) {
        this.emitFile({ type: 'asset', fileName: name.replace('fuzz/src/', ''), source });
      }
    }
  },
};

/** The compiler asks for a helper at an `import()` of a variable, and leaves it out. A target's path needs no help. */
const imports = {
  name: 'imports',
  renderChunk: (code) => ({ code: code.replaceAll('import(__rewriteRelativeImportExtension(', 'import(('), map: null }),
};

export default {
  ...options,
  // What processes and threads begin with, besides the exports.
  input: { ...options.input, child: 'src/child.ts', hooks: 'src/hooks.ts' },
  plugins: [compiler, declarations, imports, ...others],
};
