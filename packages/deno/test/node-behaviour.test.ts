// The tests of Node's adapter, as tests of this one: what it does is the same, but for on-deno/node-alone.ts. Of half-dead
// sockets, whose states are others on Deno, and of waits, where Node has its HTTP server, on-deno/half-dead.ts, serve.ts and tls.ts
// have lists of their own.
import { runOnDeno } from './run.ts';

const FILES = [
  'attach',
  'back-pressure',
  'bounds',
  'clock',
  'compression',
  'connect',
  'context',
  'cork',
  'create-socket',
  'deadlines',
  'decisions',
  'errors',
  'groups',
  'handler-errors',
  'handlers',
  'iteration',
  'kept-memory',
  'lending',
  'lifecycle',
  'reconnect',
  'reconnect-messages',
  'refusals',
  'request',
  'sending',
  'serve',
  'unread',
];

await runOnDeno(
  'as on Node',
  FILES.map((name) => `packages/node/test/${name}.test.ts`),
);
