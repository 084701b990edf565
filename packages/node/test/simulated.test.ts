// What the simulation has found, each as a test of its own: the adapter on simulated sockets.
import { Duplex } from 'node:stream';
import { simulateSocket, VirtualClock, WireEnd, WirePeer } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { connect } from '../src/index.ts';

const test = suite('simulated');

test('written, asked for while there is no connection, follows what the next one writes', async () => {
  const clock = new VirtualClock();
  let tries = 0;
  const createSocket = (): Duplex => {
    if (++tries === 1) throw new Error('not yet');
    const [near, far] = WireEnd.pair(clock);
    new WirePeer(far, Connection.server({ heartbeat: false }), clock);
    // TLS never has written before the call returns.
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

test('drain follows when what was kept for a connection was above the mark, and what it became is not', async () => {
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

test('drain follows when there is a connection, though less waited than the mark before there was', async () => {
  const clock = new VirtualClock();
  let drains = 0;
  const [near, far] = WireEnd.pair(clock);
  const peer = new WirePeer(far, Connection.server({ heartbeat: false }), clock);
  peer.hold();
  const simulated = simulateSocket(Duplex, near, clock, { connecting: true });
  const options = { clock, createSocket: () => simulated.socket, reconnect: true, highWaterMark: 1000 };
  const ws = connect('ws://localhost/', options, { drain: () => void drains++ });
  assert.is(ws.send(new Uint8Array(950)), true);
  // The request counts until it has left.
  assert.ok(ws.queuedBytes > 1000);
  simulated.connected();
  await clock.pass(10);
  // Whatever makes it look.
  ws.resume();
  await clock.pass(10);
  assert.equal([ws.state, ws.queuedBytes < 1000, drains], ['connecting', true, 0]);
  peer.release();
  await clock.pass(10);
  assert.equal([ws.state, ws.queuedBytes, drains], ['open', 0, 1]);
  ws.terminate();
  await clock.pass(1);
});

test.run();
