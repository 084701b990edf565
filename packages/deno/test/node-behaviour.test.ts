// Runs the tests of Node's adapter on this one, since both behave alike, except for the tests in on-deno/node-alone.ts. Half-dead
// sockets, which have other states on Deno, and waits, for which Node has its HTTP server, have their own tests in
// on-deno/half-dead.ts, serve.ts and tls.ts.
import { runOnDeno } from './run.ts';

const FILES = [
  'attach',
  'back-pressure',
  'bounds',
  'broadcast',
  'clock',
  'compression',
  'connect',
  'connect-abort',
  'context',
  'cork',
  'create-socket',
  'deadlines',
  'decisions',
  'errors',
  'fresh',
  'groups',
  'handler-errors',
  'handlers',
  'iteration',
  'kept-memory',
  'left-behind',
  'lending',
  'lifecycle',
  'reconnect',
  'reconnect-messages',
  'reconnect-stop',
  'refusals',
  'request',
  'sending',
  'serve',
  'serve-close',
  'stall',
  'streams',
  'unread',
];

await runOnDeno(
  'as on Node',
  FILES.map((name) => `packages/node/test/${name}.test.ts`),
);
