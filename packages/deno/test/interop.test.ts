// The exchanges of Node's adapter with every implementation, and with Deno's own WebSocket, run by this adapter on Deno.
import { budget } from '../../core/test/budget.ts';
import { runOnDeno } from './run.ts';

const PEERS = ['ws', 'undici', 'python', ...budget([], ['chromium', 'deflate'])];

await runOnDeno(
  'interop on Deno',
  [...PEERS.map((name) => `packages/node/test/interop/${name}.test.ts`), 'packages/deno/test/on-deno/interop.ts'],
  // The peers run in the same process for many tests and may keep resources open.
  { sanitize: false },
);
