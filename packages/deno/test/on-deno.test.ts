// The tests of this adapter that need Deno: its differences from Node, and that nothing is left open.
import * as assert from 'uvu/assert';
import { runOnDeno, UVU_ALONE } from './run.ts';

const FILES = [
  'attach',
  'handlers',
  'outbox',
  'half-dead',
  'room',
  'serve',
  'tls',
  'connect',
  'readme',
  'recording',
  'zlib',
];

await runOnDeno(
  'on Deno',
  FILES.map((name) => `packages/deno/test/on-deno/${name}.ts`),
);

await runOnDeno('the engine on Deno', ['packages/deflate/test/zlib.test.ts'], { map: UVU_ALONE });

await runOnDeno('sanitizers find', ['packages/deno/test/on-deno/leak.ts'], {
  expect: ({ failure }) => assert.match(failure ?? '', /Leaks detected/),
});

// The README's alternative: node:http and its `upgrade` event. That server has timers of its own.
await runOnDeno("Node's adapter on Deno", ['packages/node/test/upgrade.test.ts'], { map: UVU_ALONE, sanitize: false });
