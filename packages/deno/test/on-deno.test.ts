// The tests of this adapter that need Deno: what of it is not the same on Node, and that nothing is left open.
import * as assert from 'uvu/assert';
import { runOnDeno } from './run.ts';

const FILES = ['attach', 'room', 'serve', 'connect'];

await runOnDeno(
  'on Deno',
  FILES.map((name) => `packages/deno/test/on-deno/${name}.ts`),
);

await runOnDeno('sanitizers find', ['packages/deno/test/on-deno/leak.ts'], {
  expect: ({ failure }) => assert.match(failure ?? '', /Leaks detected/),
});
