// Bytes that are sent together are written together: one write for everything that a chunk or a turn of the application causes.
import * as assert from 'uvu/assert';
import type { Handlers, WebSocketConnection } from '../src/index.ts';
import { closing, frame, rawClient } from './raw.ts';
import { countWrites } from './sockets.ts';
import { type Bench, deferred, soon, suite } from './support.ts';

const test = suite('cork');

async function counted(bench: Bench, handlers: Handlers) {
  const accepted = deferred<WebSocketConnection>();
  const server = await bench.serve({ ...handlers, open: (ws) => accepted.resolve(ws) });
  const wire = await rawClient(bench, server.port);
  const ws = await accepted.promise;
  return { ws, writes: countWrites(ws), wire };
}

for (const size of [1, 125, 126, 2000]) {
  // No more than a socket takes without reporting that it is full.
  const times = size > 1000 ? 7 : 100;

  test(`${times} messages of ${size} bytes in one chunk, echoed: one write`, async (bench) => {
    const { wire, writes } = await counted(bench, { message: (ws, data) => void ws.send(data) });
    const message = 'x'.repeat(size);
    wire.write(...Array.from({ length: times }, () => frame('client', 0x82, message)));
    const frames = await wire.frames(times);
    assert.ok(frames.every(({ payload }) => payload.toString() === message));
    assert.is(writes(), 1);
  });
}

test('messages, a Pong frame and the answering Close frame: one write, with the Close frame last', async (bench) => {
  const { wire, writes } = await counted(bench, { message: (ws, data) => void ws.send(data) });
  wire.write(
    frame('client', 0x81, '1'),
    frame('client', 0x89, 'p'),
    frame('client', 0x81, '2'),
    frame('client', 0x88, closing(1000)),
  );
  const frames = await wire.frames(4);
  assert.equal(frames.map(({ payload }) => payload.toString('latin1')).sort(), ['\x03\xe8', '1', '2', 'p']);
  assert.is(frames.at(-1)?.first, 0x88);
  assert.is(writes(), 1);
});

test('messages sent in one turn outside of handlers: one write', async (bench) => {
  const { ws, wire, writes } = await counted(bench, {});
  for (let i = 0; i < 100; i++) ws.send(`message ${i}`);
  ws.ping('!');
  assert.is(writes(), 0);
  await wire.frames(101);
  assert.is(writes(), 1);
  ws.send('a');
  await soon();
  ws.send('b');
  await wire.frames(2);
  assert.is(writes(), 3);
});

test('send and close in one turn: one write', async (bench) => {
  const { ws, wire, writes } = await counted(bench, {});
  ws.send('bye');
  ws.close(1000);
  await wire.frames(2);
  assert.is(writes(), 1);
});

test.run();
