import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { library } from '../tools/rollup.js';

const options = library();

/** The cases as JSON, for programs in other languages. */
const vectors = {
  name: 'vectors',
  async writeBundle() {
    const { allCases } = await import(pathToFileURL(resolve('dist/index.js')).href);
    writeFileSync('dist/vectors.json', `${JSON.stringify(allCases())}\n`);
  },
};

export default { ...options, plugins: [options.plugins, vectors] };
