// RFC 6455 5.5.2: the heartbeat as transitions over deadlines. What a connection does with it is in connection/.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Heartbeat } from '../../src/connection/heartbeat.ts';
import { noDeadlines } from '../no-deadlines.ts';
import { NEVER } from './tools.ts';

const OPTIONS = { interval: 100, timeout: 30 };

const test = suite('RFC 6455 5.5.2 heartbeat');

test('a ping is sent: the next is due after one interval, and an answer to this one after the timeout', () => {
  const heartbeat = new Heartbeat();
  const deadlines = noDeadlines();
  heartbeat.ping(OPTIONS, deadlines, 1107);
  assert.equal(deadlines, { ...noDeadlines(), ping: 1207, pong: 1137 });
});

test('between two milliseconds, neither is due early', () => {
  const deadlines = noDeadlines();
  new Heartbeat().ping({ interval: 100.5, timeout: 30 }, deadlines, 1000.75);
  assert.equal(deadlines, { ...noDeadlines(), ping: 1102, pong: 1031 });
});

test('a further ping does not put off the answer to the one before', () => {
  const heartbeat = new Heartbeat();
  const options = { interval: 100, timeout: 250 };
  const deadlines = noDeadlines();
  heartbeat.ping(options, deadlines, 100);
  heartbeat.ping(options, deadlines, 200);
  assert.equal([deadlines.ping, deadlines.pong], [300, 350]);
  deadlines.pong = undefined;
  heartbeat.ping(options, deadlines, 300);
  assert.is(deadlines.pong, 550);
});

test('5.5.3: the pong to the last ping gives the latency, once; no other does', () => {
  const heartbeat = new Heartbeat();
  const deadlines = noDeadlines();
  assert.is(heartbeat.pong(new Uint8Array(4), 5), undefined);
  const first = heartbeat.ping(OPTIONS, deadlines, 100);
  const second = heartbeat.ping(OPTIONS, deadlines, 200);
  for (const payload of [first, new Uint8Array(0), second.subarray(1), Uint8Array.of(...second, 0)]) {
    assert.is(heartbeat.pong(payload, 210), undefined);
  }
  assert.is(heartbeat.pong(second.slice(), 217), 17);
  assert.is(heartbeat.pong(second, 218), undefined);
});

test('no two pings of a connection have the same payload, far beyond a byte', () => {
  const heartbeat = new Heartbeat();
  const payloads = new Set<string>();
  const deadlines = noDeadlines();
  for (let n = 0; n < 70_000; n++) payloads.add(String(heartbeat.ping({ interval: 1, timeout: 1 }, deadlines, n)));
  assert.is(payloads.size, 70_000);
  assert.ok(payloads.has('0,1,0,0'));
});

test('Infinity is never: no ping, or no need of an answer', () => {
  const deadlines = noDeadlines();
  new Heartbeat().ping({ interval: NEVER, timeout: NEVER }, deadlines, 5);
  assert.equal(deadlines, noDeadlines());
});

test.run();
