/**
 * Makes our targets into modules for Jazzer.js, and their corpora into folders of files, as libFuzzer wants them:
 * `node --import tsx fuzz/ours/jazzer.ts FOLDER [TARGET…]`. The targets are the same as those of `npm run fuzz`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { readCorpus } from '../src/corpus.ts';
import { nameOf, ownTargets } from '../src/files.ts';
import { HERE } from '../src/here.ts';

const [into = '', ...names] = process.argv.slice(2);

for (const { name, path, corpus } of ownTargets()) {
  if (names.length > 0 && !names.includes(name)) continue;
  const entry = `import * as module from ${JSON.stringify(path)};\nexport const { fuzz } = module.target ?? module;`;
  buildSync({
    stdin: { contents: entry, resolveDir: HERE },
    ...{ bundle: true, platform: 'node', format: 'cjs', logLevel: 'error' },
    outfile: join(into, `${name}.cjs`),
  });
  rmSync(join(into, name), { recursive: true, force: true });
  mkdirSync(join(into, name));
  for (const { data } of readCorpus(corpus)) writeFileSync(join(into, name, nameOf(data)), data);
}
