// Faults found by the simulation, each with its own test: the adapter on simulated sockets.
import { Duplex } from 'node:stream';
import { simulateSocket, VirtualClock, WireEnd, WirePeer } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { attach, connect, type WebSocketConnection } from '../src/index.ts';

const test = suite('simulated');

test('the promise `written` of a disconnected client resolves when the next connection has written everything', async () => {
  const clock = new VirtualClock();
  let attempts = 0;
  const createSocket = (): Duplex => {
    if (++attempts === 1) throw new Error('not yet');
    const [near, far] = WireEnd.pair(clock);
    new WirePeer(far, Connection.server({ heartbeat: false }), clock);
    // With TLS, a write never completes before the call returns.
    const simulated = simulateSocket(Duplex, near, clock, { tls: true });
    simulated.secured();
    return simulated.socket;
  };
  const ws = connect('wss://localhost/', { clock, createSocket, reconnect: { base: 10, cap: 10 } });
  assert.is(ws.send('kept'), true);
  let written = false;
  ws.written.then(() => {
    written = true;
  });
  await clock.pass(100);
  assert.equal([ws.state, ws.queuedBytes, written], ['open', 0, true]);
  ws.terminate();
  await clock.pass(1);
  assert.is(clock.timers, 0);
});

test('drain is called if kept messages exceed the mark when counted with headers of 14 bytes, even if their frames do not', async () => {
  const clock = new VirtualClock();
  let drains = 0;
  const [near, far] = WireEnd.pair(clock);
  new WirePeer(far, Connection.server({ heartbeat: false }), clock);
  const simulated = simulateSocket(Duplex, near, clock, { connecting: true });
  const options = { clock, createSocket: () => simulated.socket, reconnect: true, highWaterMark: 1000 };
  const ws = connect('ws://localhost/', options, { drain: () => void drains++ });
  while (ws.queuedBytes <= 1000) assert.is(ws.send('ten bytes!'), true);
  simulated.connected();
  await clock.pass(10);
  assert.equal([ws.state, ws.queuedBytes, drains], ['open', 0, 1]);
  ws.terminate();
  await clock.pass(1);
});

for (const length of [60_000, 600_000]) {
  test(`closeTimeout counts from a failure, although a write of ${length} bytes never ends`, async () => {
    const clock = new VirtualClock();
    const [near, far] = WireEnd.pair(clock);
    near.capacity = 10;
    const { socket } = simulateSocket(Duplex, near, clock);
    const options = { closeTimeout: 1000, stallTimeout: Infinity, maxQueuedBytes: Infinity };
    const ws = attach(socket, Connection.opened('server', {}, options), {}, { clock });
    ws.send(new Uint8Array(length));
    await clock.pass(500);
    // 5.1: "The server MUST close the connection upon receiving a frame that is not masked."
    far.take(Uint8Array.of(0x81, 0));
    await clock.pass(900);
    assert.is(ws.endEvent, undefined);
    await clock.pass(200);
    assert.is(ws.endEvent?.explanation.error?.rule, 'unmasked-frame');
  });
}

test('a socket that was paused and flows again when it is attached is paused with the connection', async () => {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  const { socket } = simulateSocket(Duplex, near, clock);
  socket.pause();
  // As node:http leaves a socket that it had paused.
  Object.assign(socket, { readableFlowing: null });
  const ws = attach(socket, Connection.opened('server'), { open: (it) => it.pause() }, { clock });
  await clock.pass(1);
  assert.equal([ws.state, socket.isPaused()], ['open', true]);
  far.close();
  ws.resume();
  await clock.pass(100);
  assert.is(ws.state, 'closed');
});

test('a connection whose socket never finishes to be destroyed ends by its deadline', async () => {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  const { socket } = simulateSocket(Duplex, near, clock);
  socket._destroy = () => undefined;
  const options = { heartbeat: false, idleTimeout: 1000 } as const;
  const ws = attach(socket, Connection.opened('server', {}, options), {}, { clock });
  await clock.pass(500);
  // A Pong frame, which moves the deadline.
  far.take(Uint8Array.of(0x8a, 0x80, 0, 0, 0, 0));
  await clock.pass(100);
  socket.destroy();
  await clock.pass(1000);
  assert.is(ws.endEvent?.explanation.error?.rule, 'idle-timeout');
});

test('lent bytes that were not written when the connection ends are not written later', async () => {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  near.capacity = 10_000;
  const { socket } = simulateSocket(Duplex, near, clock, { allowHalfOpen: true });
  const lent = new Uint8Array(50_000).fill(1);
  const end = (): void => void lent.fill(2);
  const ws = attach(socket, Connection.opened('server'), { end }, { clock });
  ws.send(lent, { lend: true });
  await clock.pass(10);
  // The peer has nothing more to send, and continues to read.
  far.shutdown();
  await clock.pass(10);
  assert.is(ws.state, 'closed');
  await ws.written;
  const got: number[] = [];
  for (let bytes = far.read(65_536); bytes !== undefined && bytes !== 'end'; bytes = far.read(65_536)) {
    got.push(...bytes);
    await clock.pass(10);
  }
  assert.is(got.length, 10_000);
  assert.not(got.slice(10).includes(2));
  assert.is(socket.destroyed, true);
});

test('drain is not called before there is a connection, even if the queue falls below the mark', async () => {
  const clock = new VirtualClock();
  let drains = 0;
  const [near, far] = WireEnd.pair(clock);
  const peer = new WirePeer(far, Connection.server({ heartbeat: false }), clock);
  peer.hold();
  const simulated = simulateSocket(Duplex, near, clock, { connecting: true });
  const options = { clock, createSocket: () => simulated.socket, reconnect: true, highWaterMark: 1000 };
  const ws = connect('ws://localhost/', options, { drain: () => void drains++ });
  assert.is(ws.send(new Uint8Array(950)), true);
  // The request counts until it has been written.
  assert.ok(ws.queuedBytes > 1000);
  simulated.connected();
  await clock.pass(10);
  // Anything that makes the driver look.
  ws.resume();
  await clock.pass(10);
  assert.equal([ws.state, ws.queuedBytes < 1000, drains], ['connecting', true, 0]);
  peer.release();
  await clock.pass(10);
  assert.equal([ws.state, ws.queuedBytes, drains], ['open', 0, 1]);
  ws.terminate();
  await clock.pass(1);
});

test('drain is called if messages sent in `open` and kept messages together were above the mark', async () => {
  const clock = new VirtualClock();
  let drains = 0;
  let most = 0;
  const [near, far] = WireEnd.pair(clock);
  new WirePeer(far, Connection.server({ heartbeat: false }), clock);
  const { socket } = simulateSocket(Duplex, near, clock);
  const open = (connection: WebSocketConnection): void => {
    connection.send('hello!');
    most = connection.queuedBytes;
  };
  const drain = (): void => void drains++;
  const options = { clock, createSocket: () => socket, reconnect: true, highWaterMark: 1000 };
  const ws = connect('ws://localhost/', options, { open, drain });
  for (let i = 0; i < 41; i++) ws.send('ten bytes!');
  ws.send(new Uint8Array(2));
  await clock.pass(10);
  assert.ok(most > 1000, `${most}`);
  assert.equal([ws.state, ws.queuedBytes, drains], ['open', 0, 1]);
  ws.terminate();
  await clock.pass(1);
});

test('kept messages of exactly the mark do not cause drain', async () => {
  const drainsWith = async (highWaterMark: number): Promise<[queuedBytes: number, drains: number]> => {
    const clock = new VirtualClock();
    let drains = 0;
    const [near, far] = WireEnd.pair(clock);
    new WirePeer(far, Connection.server({ heartbeat: false }), clock);
    const simulated = simulateSocket(Duplex, near, clock, { connecting: true });
    const options = { clock, createSocket: () => simulated.socket, reconnect: true, highWaterMark };
    const ws = connect('ws://localhost/', options, { drain: () => void drains++ });
    ws.send('ten bytes!');
    const { queuedBytes } = ws;
    simulated.connected();
    await clock.pass(10);
    ws.terminate();
    await clock.pass(1);
    return [queuedBytes, drains];
  };
  const [queuedBytes] = await drainsWith(65_536);
  assert.equal(await drainsWith(queuedBytes), [queuedBytes, 0]);
  assert.equal(await drainsWith(queuedBytes - 1), [queuedBytes, 1]);
});

test.run();
