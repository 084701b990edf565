// The deadlines of one connection, and its heartbeat. What a connection does when one passes is in connection/deadlines.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConnectionOptions } from '../../src/connection/options.ts';
import { type ResolvedOptions, resolveOptions } from '../../src/connection/resolved-options.ts';
import { type DeadlineName, Timers } from '../../src/connection/timers.ts';
import { NEVER } from './tools.ts';

const test = suite('timers');

const OFF: ConnectionOptions = { heartbeat: false, idleTimeout: NEVER };

/** Timers whose clock and whose options a test moves. */
class Clocked extends Timers {
  override readonly opening = { due: undefined as number | undefined };
  override readonly closing = { due: undefined as number | undefined, isDoubtful: false };
  #options: ResolvedOptions = resolveOptions(OFF);

  constructor() {
    super(0);
  }

  override get options(): ResolvedOptions {
    return this.#options;
  }

  /** It is `now`, and these are the options. */
  at(now: number, options: ConnectionOptions = {}): this {
    this.now = now;
    this.#options = resolveOptions({ ...OFF, ...options });
    return this;
  }

  /** The deadline that has passed at `now`. */
  passed(now: number): DeadlineName | undefined {
    this.now = now;
    return this.expiredDeadline();
  }
}

/** Sets a deadline to `time`, from 0. */
const SETTERS: Readonly<Record<DeadlineName, (timers: Clocked, time: number) => void>> = {
  handshake: (timers, time) => timers.at(0, { handshakeTimeout: time }).startHandshake(timers.opening),
  ping: (timers, time) => timers.at(0, { heartbeat: { interval: time, timeout: 1 } }).startOpen(),
  pong: (timers, time) => timers.at(0, { heartbeat: { interval: NEVER, timeout: time } }).pinged(),
  idle: (timers, time) => timers.at(0, { idleTimeout: time }).alive(),
  message: (timers, time) => timers.at(0, { messageProgress: { bytes: 1, within: time } }).watchMessage(0, 0),
  stall: (timers, time) => timers.at(0, { stallTimeout: time }).startStall(),
  close: (timers, time) => timers.at(0, { closeTimeout: time }).startClose(timers.closing),
};

test('at first no deadline runs', () => {
  const timers = new Clocked();
  assert.is(timers.deadline, NEVER);
  for (const now of [-NEVER, 0, Number.MAX_VALUE, NEVER, Number.NaN]) assert.is(timers.passed(now), undefined);
});

// In an order in which setting one clears none of those before it.
const SET: readonly DeadlineName[] = ['ping', 'idle', 'handshake', 'message', 'stall', 'close', 'pong'];

for (const name of SET) {
  test(`${name} is the deadline when it is the earliest, and passes exactly at its time`, () => {
    const timers = new Clocked();
    for (const other of SET) SETTERS[other](timers, other === name ? 100 : 200);
    assert.is(timers.deadline, 100);
    assert.is(timers.passed(99.9), undefined);
    assert.is(timers.passed(100), name);
    assert.is(timers.passed(199), name);
  });
}

const ORDER: readonly DeadlineName[] = ['close', 'handshake', 'pong', 'stall', 'message', 'idle', 'ping'];

for (const [at, name] of ORDER.entries()) {
  test(`when ${ORDER.slice(at).join(', ')} have all passed, the first is taken`, () => {
    const timers = new Clocked();
    for (const other of SET) if (ORDER.indexOf(other) >= at) SETTERS[other](timers, 100);
    assert.is(timers.passed(500), name);
  });
}

test('deadlines are whole milliseconds, rounded up, and Infinity sets none', () => {
  const cases: [timeout: number, now: number, due: number][] = [
    [100, 0, 100],
    [100, 7.25, 108],
    [1.5, 7.25, 9],
    [1, 2 ** 31, 2 ** 31 + 1],
    [NEVER, 0, NEVER],
    [NEVER, 12.5, NEVER],
  ];
  for (const [handshakeTimeout, now, due] of cases) {
    const timers = new Clocked().at(now, { handshakeTimeout });
    timers.startHandshake(timers.opening);
    assert.is(timers.deadline, due, `${handshakeTimeout} after ${now}`);
  }
});

test('at time Infinity every running deadline has passed, and no other', () => {
  const timers = new Clocked();
  SETTERS.idle(timers, 1e300);
  assert.is(timers.passed(NEVER), 'idle');
});

// RFC 6455 5.5.2: the heartbeat.

test('5.5.2: the next Ping frame is due after the interval, and the answer after the timeout', () => {
  const timers = new Clocked().at(1000.75, { heartbeat: { interval: 100.5, timeout: 30 } });
  timers.heartbeat();
  assert.is(timers.deadline, 1102);
  timers.pinged();
  assert.is(timers.deadline, 1031);
  timers.alive();
  assert.is(timers.deadline, 1102);
});

test('5.5.3: only the Pong frame for the last Ping frame gives the latency, once', () => {
  const heartbeat = { interval: 100, timeout: 30 };
  const timers = new Clocked();
  const latency = (payload: Uint8Array, now: number): number | undefined => timers.at(now).latency(payload);
  assert.is(latency(new Uint8Array(4), 5), undefined);
  // It is valid until the next call.
  const first = timers.at(100, { heartbeat }).heartbeat().slice();
  const second = timers.at(200, { heartbeat }).heartbeat();
  timers.pinged();
  for (const payload of [first, new Uint8Array(0), second.subarray(1), Uint8Array.of(...second, 0)]) {
    assert.is(latency(payload, 210), undefined);
  }
  assert.is(latency(second.slice(), 217), 17);
  assert.is(latency(second, 218), undefined);
});

test('5.5.2: every heartbeat Ping frame of a connection has a payload of its own', () => {
  const timers = new Clocked().at(0, { heartbeat: { interval: 1, timeout: 1 } });
  const payloads = new Set<string>();
  for (let n = 0; n < 70_000; n++) payloads.add(String(timers.heartbeat()));
  assert.is(payloads.size, 70_000);
  assert.ok(payloads.has('0,1,0,0'));
});

test('an interval of Infinity sends no Ping frame, and a timeout of Infinity expects no answer', () => {
  const timers = new Clocked().at(5, { heartbeat: { interval: NEVER, timeout: NEVER } });
  timers.heartbeat();
  timers.pinged();
  assert.is(timers.deadline, NEVER);
});

test.run();
