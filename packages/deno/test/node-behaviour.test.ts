// The tests of Node's adapter, as tests of this one: what it does is the same, but for on-deno/node-alone.ts.
import { runOnDeno } from './run.ts';

const FILES = [
  'back-pressure',
  'compression',
  'connect',
  'cork',
  'deadlines',
  'decisions',
  'errors',
  'handlers',
  'iteration',
  'reconnect',
  'reconnect-messages',
  'request',
  'serve',
];

await runOnDeno(
  'as on Node',
  FILES.map((name) => `packages/node/test/${name}.test.ts`),
);
