import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { page, program } from '../tools/rollup.js';

/** Of pako, which has both, the page bundles the ES module. */
const pako = {
  name: 'pako',
  /** @type {(id: string, importer: string | undefined) => string | undefined} */
  resolveId(id, importer) {
    if (id !== 'pako' || importer === undefined) return undefined;
    const manifest = createRequire(importer).resolve('pako/package.json');
    return join(dirname(manifest), JSON.parse(readFileSync(manifest, 'utf8')).module);
  },
};

const main = page('page/main');

export default [program('server'), { ...main, plugins: [pako, main.plugins] }];
