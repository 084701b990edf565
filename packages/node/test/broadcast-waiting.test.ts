// Sending to many where some of them do not read: what a socket keeps of a broadcast counts like any other bytes that wait.
import { VirtualClock } from '@sockless/adapter/testing';
import * as assert from 'uvu/assert';
import { prepare, type ServeOptions } from '../src/index.ts';
import { slowClient } from './pairs.ts';
import { type Bench, soon, suite, until } from './support.ts';

const test = suite('broadcasts that wait', 20_000);

const SIZE = 16_000;

/** Returns a server with a client that does not read, and broadcasts until a socket keeps some of it. */
async function waiting(bench: Bench, options: ServeOptions = {}) {
  const drained: unknown[] = [];
  const drain = (ws: unknown): void => void drained.push(ws);
  const { ws, wire, server } = await slowClient(
    bench,
    { drain },
    { heartbeat: false, idleTimeout: Infinity, ...options },
  );
  const message = prepare(new Uint8Array(SIZE).fill(7));
  let sent = 0;
  for (; ws.queuedBytes === 0; sent++) {
    assert.is(server.broadcast(message).sent, 1);
    await soon();
  }
  return { ws, wire, server, message, sent, drained };
}

test('a member that reads again gets every broadcast whole and in order, and `drain` is called', async (bench) => {
  const { ws, wire, server, message, sent, drained } = await waiting(bench, { highWaterMark: 1000 });
  assert.ok(ws.queuedBytes > 1000);
  // Those that left at once were above the mark too.
  drained.splice(0);
  server.broadcast('next');
  ws.send('last');
  await soon();
  assert.equal(drained, []);
  wire.socket.resume();
  const frames = await wire.frames(sent + 2);
  assert.ok(
    frames.slice(0, sent).every(({ payload }) => payload.length === SIZE && payload.every((byte) => byte === 7)),
  );
  assert.equal(
    frames.slice(sent).map(({ payload }) => String(payload)),
    ['next', 'last'],
  );
  await until(() => drained.length === 1);
  assert.is(ws.queuedBytes, 0);
  assert.is(ws.statistics?.messagesSent, sent + 2);
  // It is written at once again.
  server.broadcast(message);
  assert.is(ws.queuedBytes, 0);
  assert.is((await wire.frames(1))[0]?.payload.length, SIZE);
});

test('a member that never reads ends at stallTimeout, which begins with the broadcast that its socket keeps', async (bench) => {
  const clock = new VirtualClock();
  const { ws } = await waiting(bench, { clock, stallTimeout: 1000 });
  clock.advance(999);
  await soon();
  assert.is(ws.state, 'open');
  clock.advance(2);
  await soon();
  assert.is(ws.endEvent?.explanation.error?.rule, 'stall-timeout');
  assert.ok((ws.endEvent?.explanation.unsentBytes ?? 0) > 0);
});

test('a broadcast after the connection was paused, or while `written` waits, arrives like any other', async (bench) => {
  const { ws, wire, server } = await slowClient(bench);
  wire.socket.resume();
  ws.pause();
  server.broadcast('a');
  ws.send('b');
  const { written } = ws;
  server.broadcast('c');
  await written;
  ws.resume();
  server.broadcast('d');
  assert.equal(
    (await wire.frames(4)).map(({ payload }) => String(payload)),
    ['a', 'b', 'c', 'd'],
  );
});

test.run();
