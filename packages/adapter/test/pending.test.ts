// A connection whose transport is not there yet: its clock, its deadline, and a transport that comes too late.

import { VirtualClock } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deferred } from '../../tools/testing.ts';
import type { Driver } from '../src/driver.ts';
import { type Arrival, startLater } from '../src/pending.ts';
import { Scope } from '../src/scope.ts';
import { WebSocketConnection } from '../src/websocket-connection.ts';

const test = suite('a client that waits for its transport');

const HANDSHAKE_TIMEOUT = 5000;

/** A client that waits for its transport. */
class Waiting extends WebSocketConnection<never> {
  clock: VirtualClock = new VirtualClock();
  readonly transport = deferred<string>();
  readonly log: string[] = [];

  static begin(arrival: Partial<Arrival<string>> = {}): Waiting {
    const clock = new VirtualClock(1000);
    const ws = new Waiting(new Scope({}, { clock }));
    ws.clock = clock;
    const connection = Connection.client('ws://localhost', { handshakeTimeout: HANDSHAKE_TIMEOUT });
    startLater(ws, ws.scope, connection, ws.transport.promise, {
      open: (transport, start) => void ws.log.push(`open ${transport} ${start}`),
      discard: (transport) => void ws.log.push(`discard ${transport}`),
      giveUp: () => void ws.log.push('give up'),
      ...arrival,
    });
    return ws;
  }

  /** The driver that moves its bytes now, or will. */
  get mover(): Driver | undefined {
    return this.driver;
  }
}

/** Waits until promises have settled. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
};

test('while a transport is awaited, time counts from the beginning of the wait, and no bytes are queued', () => {
  const ws = Waiting.begin();
  ws.clock.advance(250);
  assert.equal([ws.mover?.now(), ws.mover?.queuedBytes, ws.mover?.socket], [250, 0, undefined]);
});

test('the wait ends at handshakeTimeout; there is one timer until then and none after', async () => {
  const ws = Waiting.begin();
  assert.is(ws.clock.timers, 1);
  ws.clock.advance(HANDSHAKE_TIMEOUT - 1);
  assert.equal([ws.state, ws.clock.timers], ['connecting', 1]);
  ws.clock.advance(2);
  assert.match((await ws.closed).explanation.summary, /timeout/);
  assert.equal([ws.log, ws.clock.timers], [['give up'], 0]);
});

test('the alarm is set once, for the deadline', () => {
  const ws = Waiting.begin();
  const { clock } = ws;
  let set = 0;
  const { setTimeout } = clock;
  clock.setTimeout = (...args) => {
    set++;
    return setTimeout.call(clock, ...args);
  };
  clock.advance(HANDSHAKE_TIMEOUT - 1);
  assert.equal([ws.state, set], ['connecting', 0]);
});

test('the waiting driver sets no alarm once the real driver has replaced it', async () => {
  const ws = Waiting.begin();
  const { mover } = ws;
  ws.transport.resolve('it');
  await settled();
  mover?.flush();
  assert.equal([ws.log, ws.clock.timers], [['open it 1000'], 0]);
});

test('the transport is opened with the time at which the wait began', async () => {
  const ws = Waiting.begin();
  ws.clock.advance(100);
  ws.transport.resolve('it');
  await settled();
  assert.equal([ws.log, ws.clock.timers], [['open it 1000'], 0]);
});

for (const command of ['close', 'terminate'] as const) {
  test(`after ${command}() no timer is left, and a late transport is discarded`, async () => {
    const ws = Waiting.begin();
    ws[command]();
    assert.is(ws.state, 'closed');
    assert.equal([ws.log, ws.clock.timers], [['give up'], 0]);
    ws[command]();
    ws.transport.resolve('it');
    await settled();
    assert.equal(ws.log, ['give up', 'discard it']);
  });
}

test('if opening the transport throws, the connection ends with that error, and nothing is discarded', async () => {
  const oops = new Error('oops');
  const ws = Waiting.begin({
    open() {
      throw oops;
    },
  });
  ws.transport.resolve('it');
  assert.is((await ws.closed).explanation.cause, oops);
  assert.equal([ws.log, ws.clock.timers], [[], 0]);
});

test('a connection that is given up ends once, even if its transport then fails', async () => {
  let ends = 0;
  const clock = new VirtualClock();
  const ws = new WebSocketConnection<never>(new Scope<never>({ end: () => void ends++ }, { clock }));
  let reject = (_: Error): void => undefined;
  const transport = new Promise<string>((_, settle) => {
    reject = settle;
  });
  const scope = new Scope<never>({}, { clock });
  const connection = Connection.client('ws://localhost');
  startLater(ws, scope, connection, transport, {
    open: () => undefined,
    discard: () => undefined,
    giveUp: () => reject(new Error('given up')),
  });
  ws.terminate();
  await settled();
  assert.equal([ends, ws.endEvent?.explanation.cause], [1, 'terminate was called']);
});

test.run();
