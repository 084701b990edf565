import { library } from '../packages/tools/rollup.js';

const options = library();

/** The reference and the vectors are core's, so declarations lie below the folder of the repository until this moves ours up. */
const declarations = {
  name: 'declarations',
  /** @type {import('rollup').Plugin['generateBundle']} */
  generateBundle(_, outputs) {
    for (const [name, output] of Object.entries(outputs)) {
      if (!name.endsWith('.d.ts') || output.type !== 'asset') continue;
      delete outputs[name];
      if (!name.startsWith('fuzz/src/')) continue;
      this.emitFile({ type: 'asset', fileName: name.replace('fuzz/src/', ''), source: output.source });
    }
  },
};

// What processes and threads begin with, besides the exports.
const input = { .../** @type {object} */ (options.input), child: 'src/child.ts', hooks: 'src/hooks.ts' };
const [compiler, ...others] = /** @type {import('rollup').Plugin[]} */ (options.plugins);
export default { ...options, input, plugins: [compiler, declarations, ...others] };
