import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { denoPackages } from '../deno.js';
import { entryPoints, ROOT } from '../workspace.js';

const deno = suite('deno.json');

deno('every deno.json agrees with its package.json', () => {
  const folders = denoPackages(ROOT);
  assert.equal([...folders].sort(), ['packages/adapter', 'packages/core', 'packages/deflate', 'packages/deno']);
  for (const folder of folders) {
    const [npm, deno] = ['package.json', 'deno.json'].map((name) => {
      return JSON.parse(readFileSync(join(ROOT, folder, name), 'utf8'));
    });
    const sources = entryPoints(npm).map(([subpath, entry]) => {
      return [subpath, entry.default.replace(/^\.\/dist\/(.+)\.js$/, './src/$1.ts')];
    });
    for (const key of ['name', 'version', 'license']) assert.is(deno[key], npm[key], folder);
    assert.equal(Object.entries(deno.exports), sources, folder);
  }
});

deno.run();
