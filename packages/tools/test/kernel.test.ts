import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withCode } from '../kernel.js';

const kernel = suite('run.js kernel');

const read = (name: string): string => readFileSync(new URL(`../../core/src/${name}`, import.meta.url), 'utf8');
const [source, text] = [read('kernel.ts'), read('kernel.wat')];

kernel('replaces the code and nothing else, and the checked-in code is up to date', async () => {
  const other = source.replace(/'[\da-f]{100,}' \+\n/, '');
  assert.not.equal(other, source);
  assert.is(await withCode(other, text), source);
  assert.is(await withCode(source, text), source);
});

kernel('reports a source without a place for the code', async () => {
  assert.match(await failure('const A = 1;', text), 'has no "const CODE ="');
});

kernel('reports a mistake in the text', async () => {
  assert.match(await failure(source, '(module (func (i32.typo)))'), /kernel\.wat#?:1:16: error: unexpected token/);
  assert.match(await failure(source, '(module (func (result i32)))'), /type mismatch/);
});

const failure = (...given: Parameters<typeof withCode>): Promise<string> =>
  withCode(...given).then(() => 'none', String);

kernel.run();
