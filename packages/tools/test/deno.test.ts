import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { denoPackages, differences } from '../deno.js';
import { ROOT } from '../workspace.js';

const deno = suite('deno.json');

deno('every deno.json agrees with its package.json', () => {
  const folders = denoPackages(ROOT);
  assert.equal(
    folders.flatMap((folder) => differences(ROOT, folder)),
    [],
  );
  assert.equal([...folders].sort(), ['packages/adapter', 'packages/core', 'packages/deflate', 'packages/deno']);
});

deno('differences between deno.json and package.json are named', () => {
  const root = mkdtempSync(join(tmpdir(), 'sockless-deno-'));
  mkdirSync(join(root, 'p'));
  const write = (name: string, content: object): void => writeFileSync(join(root, 'p', name), JSON.stringify(content));
  const same = { name: 'p', version: '1.0.0', license: 'MIT' };
  write('package.json', {
    ...same,
    exports: { '.': { default: './dist/index.js' }, './a': { default: './dist/a/b.js' } },
  });
  write('deno.json', { ...same, exports: { '.': './src/index.ts', './a': './src/a/b.ts' } });
  assert.equal(differences(root, 'p'), []);
  write('deno.json', { ...same, version: '1.0.1', exports: './src/index.ts' });
  const [version = '', exports = '', ...others] = differences(root, 'p');
  assert.match(version, /^p: version is 1\.0\.0 in package\.json and 1\.0\.1 in deno\.json$/);
  assert.match(exports, /^p: exports is .*a\/b\.ts.* in deno\.json$/);
  assert.equal(others, []);
  rmSync(root, { recursive: true });
});

deno.run();
