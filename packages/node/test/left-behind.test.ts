// Connections that have ended leave nothing behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import type { Clock, WebSocketConnection } from '../src/index.ts';
import { collectGarbage, suite, until, within } from './support.ts';

const test = suite('left behind', 10_000);

test('a process whose connections have ended exits by itself', async (bench) => {
  const path = fileURLToPath(new URL('fixtures/ends-by-itself.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', path], { stdio: ['ignore', 'pipe', 'inherit'] });
  bench.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await until(() => output.includes('done'));
  const started = performance.now();
  const [code] = await once(child, 'exit');
  const took = performance.now() - started;
  assert.is(code, 0);
  assert.ok(took < 1000, `${took} ms after the last connection: ${output}`);
});

test('all connections share one timer, and ended ones leave nothing in it', async (bench) => {
  // Only this shows timers that are unref'd, as a connection's is.
  const running = new Set<NodeJS.Timeout>();
  const clock: Clock = {
    now: () => performance.now(),
    setTimeout(call, time) {
      const timer = setTimeout(() => {
        running.delete(timer);
        call();
      }, time);
      // On Deno a connection that has been busy for 2 ms yields to others with a timer of 0 ms.
      if (time > 0) running.add(timer);
      return timer;
    },
    clearTimeout(timer) {
      running.delete(timer as NodeJS.Timeout);
      clearTimeout(timer as NodeJS.Timeout);
    },
    queueMicrotask,
    setImmediate,
  };
  const ended: WeakRef<WebSocketConnection>[] = [];
  const limits = { handshakeTimeout: 2000, idleTimeout: 2000, closeTimeout: 1900, clock };
  const server = await bench.serve({ open: (ws) => void ended.push(new WeakRef(ws)) }, limits);
  const clients = Array.from({ length: 10 }, () => bench.connect(server.url, { message() {} }, limits));
  await Promise.all(clients.map((ws) => ws.opened));
  await until(() => server.connections.size === 10);
  assert.is(running.size, 1);
  assert.is([...running][0]?.hasRef(), false);
  for (const ws of clients) ws.close();
  await Promise.all(clients.map((ws) => ws.closed));
  await until(() => server.connections.size === 0);
  assert.ok(running.size <= 1, `${running.size} timers`);
  // Keeps the sleepers that are woken.
  await within(
    3000,
    'to release the connections',
    until(async () => {
      await collectGarbage();
      return ended.length === 10 && ended.every((ref) => ref.deref() === undefined);
    }),
  );
});

test.run();
