// What the kernel does, core does without it: the tests of all that asks for it pass in a process that has none.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const without = suite('without WebAssembly');

// tsx looks for WebAssembly itself, at a moment of its own choosing.
const ARGS = process.execArgv.map((arg) => (arg === 'tsx' ? 'ts-blank-space/register' : arg));

const SCRIPT = fileURLToPath(new URL('without-webassembly.ts', import.meta.url));

const FILES = [
  'simd.test.ts',
  'frame/mask.test.ts',
  'text/utf8.test.ts',
  'text/text.test.ts',
  'receive/receiver.test.ts',
  'properties/codec.test.ts',
  'properties/texts.test.ts',
];

without(`these pass: ${FILES.join(', ')}`, () => {
  const { stdout, stderr, status } = spawnSync(process.execPath, [...ARGS, SCRIPT, ...FILES], {
    encoding: 'utf8',
    timeout: 120_000,
  });
  assert.is(status, 0, stdout + stderr);
  const [, total, passed] = /Total: +(\d+)\s+Passed: +(\d+)/.exec(stdout) ?? [];
  assert.ok(Number(total) > FILES.length && total === passed, stdout);
});

without.run();
