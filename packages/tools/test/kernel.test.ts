import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compile, withCode } from '../kernel.js';
import { Failure } from '../workspace.js';

const kernel = suite('run.js kernel');

const read = (name: string): string => readFileSync(new URL(`../../core/src/${name}`, import.meta.url), 'utf8');

kernel('the checked-in code is up to date', async () => {
  const source = read('kernel.ts');
  assert.is(withCode(source, await compile(read('kernel.wat'))), source);
});

kernel('replaces only the code, in lines of at most 120 columns', () => {
  const source = "const A = 1;\n\nconst CODE =\n  '0061' +\n  '73';\n\nconst B = 2;\n";
  assert.is(withCode(source, Uint8Array.of(0xff, 0x10)), "const A = 1;\n\nconst CODE =\n  'ff10';\n\nconst B = 2;\n");
  const lines = withCode(source, new Uint8Array(1000)).split('\n');
  assert.ok(lines.length > 20 && lines.every((line) => line.length <= 120));
  const code = lines.join('').match(/const CODE =(.*?);/)?.[1] ?? '';
  assert.is(code.replace(/[' +]/g, ''), '00'.repeat(1000));
});

kernel('reports a source without a place for the code', () => {
  assert.throws(() => withCode('const A = 1;', new Uint8Array(1)), failure(/has no "const CODE ="/));
});

kernel('reports a mistake in the text', async () => {
  for (const [text, message] of [
    ['(module (func (i32.typo)))', /kernel\.wat#?:1:16: error: unexpected token/],
    ['(module (func (result i32)))', /type mismatch/],
  ] as const) {
    const error = await compile(text).catch((reason: unknown) => reason);
    assert.ok(failure(message)(error), String(error));
  }
});

const failure =
  (message: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Failure && message.test(error.message);

kernel.run();
