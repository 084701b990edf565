// The tests of Node's adapter, as tests of this one: what it does is the same, but for on-deno/node-alone.ts. Of half-dead
// sockets, whose states are others on Deno, on-deno/half-dead.ts has a list of its own.
import { runOnDeno } from './run.ts';

const FILES = [
  'attach',
  'back-pressure',
  'compression',
  'connect',
  'cork',
  'create-socket',
  'deadlines',
  'decisions',
  'errors',
  'handler-errors',
  'handlers',
  'iteration',
  'lifecycle',
  'reconnect',
  'reconnect-messages',
  'request',
  'sending',
  'serve',
  'unread',
];

await runOnDeno(
  'as on Node',
  FILES.map((name) => `packages/node/test/${name}.test.ts`),
);
