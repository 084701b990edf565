// What is kept for peers that do not read, wherever it waits: in core's outbox or in the socket's queue.
import * as assert from 'uvu/assert';
import { collectGarbage } from '../../core/test/garbage.ts';
import type { WebSocketConnection } from '../src/index.ts';
import { rawClient } from './raw.ts';
import { suite } from './support.ts';

const test = suite('kept memory', 20_000);

test('what is kept for clients that do not read is bounded by what is queued', async (bench) => {
  const sockets: WebSocketConnection[] = [];
  const server = await bench.serve({ open: (ws) => void sockets.push(ws) });
  for (let n = 0; n < 10; n++) (await rawClient(bench, server.port)).socket.pause();
  await collectGarbage();
  const { arrayBuffers } = process.memoryUsage();
  // Until the system takes no more of anybody's.
  const full = new Uint8Array(65_536);
  for (const ws of sockets) {
    while (ws.queuedBytes === 0) {
      ws.send(full);
      await new Promise(setImmediate);
    }
  }
  const queued = (): number => sockets.reduce((sum, ws) => sum + ws.queuedBytes, 0);
  const before = queued();
  for (let n = 0; n < 600; n++) {
    for (const ws of sockets) ws.send('tiny');
    await new Promise(setImmediate);
  }
  assert.ok(queued() - before >= 6000 * 6);
  await collectGarbage();
  const kept = process.memoryUsage().arrayBuffers - arrayBuffers;
  assert.ok(kept < 4 * queued() + 1_000_000, `${kept} bytes are kept for ${queued()}`);
  for (const ws of sockets) ws.terminate();
});

test.run();
