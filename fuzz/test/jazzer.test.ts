// The modules for Jazzer.js, executed as it does: `fuzz` of a CommonJS module, with each file of the corpus as a Buffer.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../packages/core/test/budget.ts';
import { readCorpus } from '../src/corpus.ts';
import { ownTargets } from '../src/files.ts';
import { ours, runProgram } from './support.ts';

const test = suite('Jazzer.js');
const NAMES = budget(
  ['receive-client', 'uri'],
  ownTargets().map(({ name }) => name),
);

test('the targets are CommonJS modules with a corpus of files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-jazzer-'));
  const { code, output } = await runProgram(ours('ours/jazzer.ts'), folder, ...NAMES);
  assert.is(code, 0, output);
  for (const { name, corpus } of ownTargets().filter((each) => NAMES.includes(each.name))) {
    const { fuzz } = createRequire(import.meta.url)(join(folder, `${name}.cjs`));
    const files = readdirSync(join(folder, name));
    assert.is(files.length, new Set(readCorpus(corpus).map(({ data }) => data.join())).size);
    for (const file of files) await fuzz(readFileSync(join(folder, name, file)));
  }
  rmSync(folder, { recursive: true });
});

test.run();
