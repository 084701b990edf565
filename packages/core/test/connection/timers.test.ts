// The deadlines of one connection, and its heartbeat. What a connection does when one passes is in connection/deadlines.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DeadlineName, Timers } from '../../src/connection/timers.ts';
import { NEVER } from './tools.ts';

const test = suite('timers');

/** Sets a deadline, alone, to a time that is far from those of the others. */
const SETTERS: Readonly<Record<DeadlineName, (timers: Timers, at: number) => void>> = {
  handshake: (timers, at) => timers.startHandshake(at, 0),
  ping: (timers, at) => timers.startOpen({ interval: at, timeout: 1 }, NEVER, 0),
  pong: (timers, at) => void timers.heartbeat({ interval: NEVER, timeout: at }, false, 0),
  idle: (timers, at) => timers.alive(at, 0),
  message: (timers, at) => timers.watchMessage({ bytes: 1, within: at }, 0, 0, 0),
  stall: (timers, at) => timers.startStall(at, 0),
  close: (timers, at) => timers.startClose(at, 0),
};
test('at first all are clear: none is next, none has passed, ever', () => {
  const timers = new Timers();
  assert.is(timers.deadline, NEVER);
  for (const now of [-NEVER, 0, Number.MAX_VALUE, NEVER, Number.NaN]) assert.is(timers.expiredDeadline(now), undefined);
});

// In the order in which setting one clears none of those before it.
const SET: readonly DeadlineName[] = ['ping', 'idle', 'handshake', 'message', 'stall', 'close', 'pong'];

for (const name of SET) {
  test(`${name} is next when it is the earliest, and has passed at its time, not before`, () => {
    const timers = new Timers();
    for (const other of SET) {
      // A heartbeat Ping frame sets when the next one is due.
      if (other !== 'pong' || name === 'pong') SETTERS[other](timers, other === name ? 100 : 200);
    }
    assert.is(timers.deadline, 100);
    assert.is(timers.expiredDeadline(99.9), undefined);
    assert.is(timers.expiredDeadline(100), name);
    assert.is(timers.expiredDeadline(199), name);
  });
}

const ORDER: readonly DeadlineName[] = ['close', 'handshake', 'pong', 'stall', 'message', 'idle', 'ping'];

for (const [at, name] of ORDER.entries()) {
  test(`of ${ORDER.slice(at).join(', ')}, which have all passed, the first says most about why`, () => {
    const timers = new Timers();
    for (const other of SET) if (ORDER.indexOf(other) >= at) SETTERS[other](timers, 100);
    assert.is(timers.expiredDeadline(500), name);
  });
}

test('whole milliseconds, never early; none for what may take for ever', () => {
  const cases: [timeout: number, now: number, due: number][] = [
    [100, 0, 100],
    [100, 7.25, 108],
    [0.5, 7.5, 8],
    [1, 2 ** 31, 2 ** 31 + 1],
    [NEVER, 0, NEVER],
    [NEVER, 12.5, NEVER],
  ];
  for (const [timeout, now, due] of cases) {
    const timers = new Timers();
    timers.startHandshake(timeout, now);
    assert.is(timers.deadline, due, `${timeout} after ${now}`);
  }
});

test('at the end of time those that are set have passed, and no other', () => {
  const timers = new Timers();
  timers.alive(1e300, 0);
  assert.is(timers.expiredDeadline(NEVER), 'idle');
});

// RFC 6455 5.5.2: the heartbeat.

test('5.5.2: the next ping is due after one interval, and an answer to this one after the timeout, neither early', () => {
  const timers = new Timers();
  timers.heartbeat({ interval: 100.5, timeout: 30 }, false, 1000.75);
  assert.is(timers.deadline, 1031);
  timers.alive(NEVER, 1001);
  assert.is(timers.deadline, 1102);
});

test('5.5.2: a further ping does not put off the answer to the one before', () => {
  const options = { interval: 100, timeout: 250 };
  const timers = new Timers();
  timers.heartbeat(options, false, 100);
  for (const now of [200, 300]) timers.heartbeat(options, false, now);
  assert.is(timers.deadline, 350);
  timers.alive(NEVER, 300);
  timers.heartbeat({ interval: NEVER, timeout: 250 }, false, 300);
  assert.is(timers.deadline, 550);
});

test('5.5.2: a peer that is not read owes no answer', () => {
  const timers = new Timers();
  timers.heartbeat({ interval: 100, timeout: 10 }, false, 0);
  timers.heartbeat({ interval: 100, timeout: 10 }, true, 5);
  assert.is(timers.deadline, 105);
});

test('5.5.3: the pong to the last ping gives the latency, once; no other does', () => {
  const options = { interval: 100, timeout: 30 };
  const timers = new Timers();
  assert.is(timers.latency(new Uint8Array(4), 5), undefined);
  const first = timers.heartbeat(options, false, 100);
  const second = timers.heartbeat(options, false, 200);
  for (const payload of [first, new Uint8Array(0), second.subarray(1), Uint8Array.of(...second, 0)]) {
    assert.is(timers.latency(payload, 210), undefined);
  }
  assert.is(timers.latency(second.slice(), 217), 17);
  assert.is(timers.latency(second, 218), undefined);
});

test('5.5.2: no two pings of a connection have the same payload, far beyond a byte', () => {
  const timers = new Timers();
  const payloads = new Set<string>();
  for (let n = 0; n < 70_000; n++) payloads.add(String(timers.heartbeat({ interval: 1, timeout: 1 }, false, n)));
  assert.is(payloads.size, 70_000);
  assert.ok(payloads.has('0,1,0,0'));
});

test('Infinity is never: no ping, or no need of an answer', () => {
  const timers = new Timers();
  timers.heartbeat({ interval: NEVER, timeout: NEVER }, false, 5);
  assert.is(timers.deadline, NEVER);
});

test.run();
