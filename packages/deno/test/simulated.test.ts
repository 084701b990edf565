// Faults found by the simulation, each with its own test: the adapter on simulated connections, under Node.

import type { Handlers, WebSocketConnection } from '@sockless/adapter';
import { SimulatedConn, VirtualClock, WireEnd, WirePeer } from '@sockless/adapter/testing';
import { Connection, type ConnectionOptions, type EndEvent } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deno } from '../../adapter/test/simulation/deno.ts';

const test = suite('simulated');

interface Scene {
  readonly clock: VirtualClock;
  readonly near: WireEnd;
  readonly peer: WirePeer;
  readonly ws: WebSocketConnection;
}

/** An open server connection and its client. */
function opened(handlers: Handlers, clock = new VirtualClock(), options: ConnectionOptions = {}): Scene {
  const [near, far] = WireEnd.pair(clock);
  const ws = deno.attach(new SimulatedConn(near), Connection.opened('server', {}, options), handlers, { clock });
  const peer = new WirePeer(far, Connection.opened('client', {}, { heartbeat: false, idleTimeout: Infinity }), clock);
  return { clock, near, peer, ws };
}

test('a busy connection uses the timers of its own clock to yield to other connections', async () => {
  const { setTimeout } = globalThis;
  const got: unknown[] = [];
  const clock = new VirtualClock();
  const message: Handlers['message'] = (_, data) => {
    got.push(data);
    clock.spend(5);
  };
  const { peer } = opened({ message }, clock);
  try {
    // As with fake timers in place of the host's.
    globalThis.setTimeout = (() => undefined) as unknown as typeof setTimeout;
    for (const text of ['one', 'two', 'three']) {
      peer.connection.send(text);
      peer.flush();
      await clock.pass(1);
    }
    await clock.pass(10);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assert.equal(got, ['one', 'two', 'three']);
});

test('drain is called even if a write ends between the `send` that exceeds the high-water mark and the write of that message', async () => {
  let drains = 0;
  const { clock, ws, near } = opened({ drain: () => void drains++ });
  // The first write is taken at once, and its completion is reported before the write of the other messages.
  near.capacity = 1_000_000;
  ws.send(new Uint8Array(60_000));
  await Promise.resolve();
  ws.send(new Uint8Array(10_000));
  assert.ok(ws.queuedBytes > 65_536);
  await clock.pass(10);
  assert.equal([ws.queuedBytes, drains], [0, 1]);
});

test('lent bytes that were not written when the connection ends are not written later', async () => {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  near.capacity = 10_000;
  const lent = new Uint8Array(50_000).fill(1);
  const end = (): void => void lent.fill(2);
  const ws = deno.attach(new SimulatedConn(near), Connection.opened('server'), { end }, { clock });
  ws.send(lent, { lend: true });
  await clock.pass(10);
  far.shutdown();
  await clock.pass(10);
  assert.is(ws.state, 'closed');
  const got: number[] = [];
  for (let bytes = far.read(65_536); bytes !== undefined && bytes !== 'end'; bytes = far.read(65_536)) {
    got.push(...bytes);
    await clock.pass(10);
  }
  assert.is(got.length, 10_000);
  assert.not(got.slice(10).includes(2));
});

test('closeTimeout counts from a failure, although the write that is in progress never ends', async () => {
  const ends: EndEvent[] = [];
  const options = { closeTimeout: 1000, stallTimeout: Infinity };
  const { clock, ws, near, peer } = opened({ end: (_, event) => void ends.push(event) }, new VirtualClock(), options);
  near.capacity = 10;
  peer.hold();
  ws.send(new Uint8Array(60_000));
  await clock.pass(500);
  // 5.1: "The server MUST close the connection upon receiving a frame that is not masked."
  peer.end.take(Uint8Array.of(0x81, 0));
  await clock.pass(900);
  assert.is(ends.length, 0);
  await clock.pass(200);
  assert.match(String(ends[0]?.explanation.summary), /^this endpoint failed the connection at byte 0, unmasked-frame/);
});

test('if connecting returns a conn after the timeout, and that conn is closed already, there is no error', async () => {
  const clock = new VirtualClock();
  const errors: unknown[] = [];
  const [near] = WireEnd.pair(clock);
  const conn = new SimulatedConn(near);
  const create = (): Promise<unknown> => new Promise((resolve) => void clock.setTimeout(() => resolve(conn), 200));
  const handlers: Handlers = { error: (_, error) => void errors.push(error) };
  const ws = deno.connect('ws://localhost/', { clock, handshakeTimeout: 100 }, create, handlers);
  await clock.pass(150);
  assert.is(ws.state, 'closed');
  conn.close();
  await clock.pass(150);
  assert.equal(errors, []);
});

test.run();
