// stallTimeout on real sockets: a peer that takes no bytes is given up, and one that takes some, however slowly, is not.

import { VirtualClock } from '@sockless/adapter/testing';
import * as assert from 'uvu/assert';
import { slowClient } from './pairs.ts';
import { frame } from './raw.ts';
import { isGone } from './sockets.ts';
import { soon, suite, until } from './support.ts';

const test = suite('stallTimeout', 20_000);

const MB = 1024 * 1024;

test('a peer that answers pings but never reads is gone after stallTimeout', async (bench) => {
  const clock = new VirtualClock();
  const options = { clock, stallTimeout: 60_000, heartbeat: { interval: 10_000, timeout: 5000 } };
  const { ws, wire } = await slowClient(bench, {}, options);
  ws.send(new Uint8Array(15 * MB));
  await soon();
  for (let i = 0; i < 16 && ws.state === 'open'; i++) {
    clock.advance(4000);
    // An unsolicited Pong frame also shows that the peer is there.
    wire.write(frame('client', 0x8a));
    await soon();
  }
  assert.is(ws.endEvent?.explanation.error?.rule, 'stall-timeout');
  assert.ok((ws.endEvent?.explanation.unsentBytes ?? 0) > 10 * MB);
  await until(() => isGone(ws));
});

test('a slow reader that goes on reading survives', async (bench) => {
  const clock = new VirtualClock();
  const { ws, wire } = await slowClient(
    bench,
    {},
    { clock, stallTimeout: 60_000, heartbeat: false, idleTimeout: Infinity },
  );
  ws.send(new Uint8Array(15 * MB));
  await soon();
  while (wire.received.length < 15 * MB) {
    clock.advance(30_000);
    const before = wire.received.length;
    wire.socket.resume();
    await until(() => wire.received.length > before + 2 * MB || wire.received.length > 15 * MB);
    wire.socket.pause();
    await soon();
    assert.is(ws.state, 'open');
  }
});

test('small messages that were written do not keep the stall deadline running', async (bench) => {
  const clock = new VirtualClock();
  const { ws, wire } = await slowClient(
    bench,
    {},
    { clock, stallTimeout: 1000, heartbeat: false, idleTimeout: Infinity },
  );
  wire.socket.resume();
  ws.send('x');
  await wire.frames(1);
  for (let i = 0; i < 5; i++) {
    clock.advance(900);
    await soon();
  }
  assert.is(ws.state, 'open');
});

test('the stall deadline starts when the socket keeps part of a short message', async (bench) => {
  const clock = new VirtualClock();
  const { ws } = await slowClient(bench, {}, { clock, stallTimeout: 1000, heartbeat: false, idleTimeout: Infinity });
  while (ws.queuedBytes === 0) {
    ws.send(new Uint8Array(16_000));
    await soon();
  }
  // So little waits that the socket was given no callback.
  assert.ok(ws.queuedBytes < 65_536);
  clock.advance(1001);
  await soon();
  assert.is(ws.endEvent?.explanation.error?.rule, 'stall-timeout');
});

test('closing a connection whose client never reads ends at stallTimeout', async (bench) => {
  const clock = new VirtualClock();
  const { ws, wire } = await slowClient(bench, {}, { clock, stallTimeout: 5000 });
  for (let i = 0; i < 100; i++) ws.send(new Uint8Array(100_000));
  ws.close();
  await soon();
  clock.advance(5001);
  const { clean, explanation } = await ws.closed;
  assert.not(clean);
  assert.match(explanation.summary, /stall/);
  await until(() => isGone(ws));
  assert.not(wire.ended);
});

test.run();
