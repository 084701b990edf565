// connect with `reconnect`: when it connects again, how long it waits, and what stops it.
import { connect as netConnect } from 'node:net';
import { VirtualClock } from '@sockless/adapter/testing';
import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import { ConnectionEndedError, type ReconnectPolicy } from '../src/index.ts';
import { openServer, type Wire } from './raw.ts';
import { client, FAST, fractions, refusing, reset, type Script, say, scripted, stay } from './reconnect.ts';
import { isGone } from './sockets.ts';
import { deferred, recorder, soon, suite, until } from './support.ts';

const test = suite('reconnect');

// When it connects again.

const lost: { title: string; script: Script; log: string[] }[] = [
  { title: 'a reset', script: [reset, stay], log: ['open', 'end 1006', 'open'] },
  { title: 'an end without a Close frame', script: [(w) => w.socket.end(), stay], log: ['open', 'end 1006', 'open'] },
  { title: '1001', script: [say(1001), stay], log: ['open', 'close 1001', 'end 1001 clean', 'open'] },
  { title: '1012', script: [say(1012), stay], log: ['open', 'close 1012', 'end 1012 clean', 'open'] },
  {
    title: 'a broken rule',
    script: [(w) => w.write(Buffer.of(0xff, 0xff)), stay],
    log: ['open', 'fail reserved-opcode', 'end 1006', 'open'],
  },
  {
    title: 'three losses',
    script: [reset, reset, reset, stay],
    log: ['open', 'end 1006', 'open', 'end 1006', 'open', 'end 1006', 'open'],
  },
];

for (const { title, script, log: expected } of lost) {
  test(`after ${title} it connects again, and reports each end once`, async (bench) => {
    const { url, wires } = await scripted(bench, script);
    const { log, handlers } = recorder();
    const ws = client(bench, url, FAST, handlers, { closeTimeout: 30 });
    await until(() => log.length === expected.length);
    await soon();
    assert.equal(log, expected);
    assert.is(wires.length, script.length);
    assert.equal([ws.state, ws.endEvent], ['open', undefined]);
  });
}

test('every attempt uses the options as they were given', async (bench) => {
  const heads: string[] = [];
  const url = await openServer(bench, (wire, head) => {
    heads.push(head);
    if (heads.length === 1) reset(wire);
  });
  const options: Parameters<typeof client>[4] & object = { headers: { 'X-A': '1' } };
  client(bench, url, FAST, {}, options);
  Object.assign(options, { headers: { 'X-B': '2' } });
  await until(() => heads.length === 2);
  for (const head of heads) assert.match(head, /X-A: 1/);
});

const final: { title: string; script: Script; log: string[] }[] = [
  { title: '1000', script: [say(1000)], log: ['open', 'close 1000', 'end 1000 clean'] },
  { title: '1008', script: [say(1008)], log: ['open', 'close 1008', 'end 1008 clean'] },
];

for (const { title, script, log: expected } of final) {
  test(`it does not connect again after ${title}`, async (bench) => {
    const { url, wires } = await scripted(bench, script);
    const { log, handlers } = recorder();
    const ws = client(bench, url, FAST, handlers);
    await ws.closed;
    await soon();
    assert.equal([log, wires.length, ws.state], [expected, 1, 'closed']);
  });

  test(`it connects again after ${title} if "when" returns true`, async (bench) => {
    const { url, wires } = await scripted(bench, [...script, stay]);
    const seen: number[] = [];
    const when = ({ code }: EndEvent): boolean => seen.push(code) > 0;
    client(bench, url, { ...FAST, when }, {});
    await until(() => wires.length === 2);
    assert.equal(seen, [Number(title)]);
  });
}

test('it does not connect again if `when` returns false', async (bench) => {
  const { url, wires } = await scripted(bench, [reset]);
  await client(bench, url, { ...FAST, when: () => false }, {}).closed;
  await soon();
  assert.is(wires.length, 1);
});

for (const [status, again] of [
  [400, false],
  [401, false],
  [403, false],
  [404, false],
  [408, true],
  [429, true],
  [500, true],
  [503, true],
  ['reset', true],
] as const) {
  test(`a request answered with ${status} is ${again ? '' : 'not '}repeated`, async (bench) => {
    const { url, count } = await refusing(bench, status);
    const ws = client(bench, url, { ...FAST, attempts: 2 }, {});
    assert.instance(await ws.opened.catch((error: unknown) => error), ConnectionEndedError);
    await soon();
    assert.is(count(), again ? 3 : 1);
  });
}

test('`opened` waits for the attempt that succeeds', async (bench) => {
  const { port } = new URL((await refusing(bench, 503)).url);
  const server = await bench.serve();
  let attempts = 0;
  const createSocket = () => netConnect(++attempts < 3 ? Number(port) : server.port, '127.0.0.1');
  await client(bench, server.url, FAST, {}, { createSocket }).opened;
  assert.is(attempts, 3);
});

// How long a client waits, and how many attempts it makes.

test('delays grow, are capped, and have full jitter; onRetry reports each', async (bench) => {
  const { url, count } = await refusing(bench, 503);
  const retries: [number, number][] = [];
  const policy: ReconnectPolicy = {
    base: 8,
    factor: 2,
    cap: 20,
    attempts: 4,
    onRetry: ({ attempt, delay: ms, end }) => {
      assert.is(end.code, 1006);
      retries.push([attempt, ms]);
    },
  };
  const ends: EndEvent[] = [];
  // The first value is used up by the check of the policy.
  const random = fractions(0, 0.5, 0.5, 0.5, 0.25);
  const ws = client(bench, url, policy, { end: (_, event) => void ends.push(event) }, { random });
  const last = await ws.closed;
  assert.equal(retries, [
    [0, 4],
    [1, 8],
    [2, 10],
    [3, 5],
  ]);
  assert.equal([count(), ends.length], [5, 5]);
  assert.is(ends.at(-1), last);
});

test('it waits for exactly the delay that onRetry reports', async (bench) => {
  const { url, count } = await refusing(bench, 503);
  const said: number[] = [];
  const random = fractions(0, 0.5);
  const clock = new VirtualClock();
  client(bench, url, { base: 100, onRetry: ({ delay }) => void said.push(delay) }, {}, { random, clock });
  await until(() => said.length === 1);
  assert.equal(said, [50]);
  await clock.pass(49);
  await soon();
  assert.is(count(), 1);
  await clock.pass(1);
  await until(() => count() === 2);
});

test('a stable connection resets the count of attempts', async (bench) => {
  const { url, wires } = await scripted(bench, [reset, reset, stay]);
  const attempts: number[] = [];
  const onRetry = ({ attempt }: { attempt: number }): void => void attempts.push(attempt);
  const clock = new VirtualClock();
  const ws = client(bench, url, { ...FAST, stableAfter: 50, onRetry }, {}, { clock });
  for (const count of [1, 2]) {
    await until(() => attempts.length === count);
    await clock.pass(2);
  }
  await until(() => wires.length === 3 && ws.state === 'open');
  await clock.pass(50);
  reset(wires[2] as Wire);
  await until(() => attempts.length === 3);
  assert.equal(attempts, [0, 1, 0]);
});

test('attempts: 0 allows no further attempt', async (bench) => {
  const { url, count } = await refusing(bench, 503);
  await client(bench, url, { attempts: 0 }, {}).closed;
  await soon();
  assert.is(count(), 1);
});

test('each connection has its own `opened` promise', async (bench) => {
  const { url, wires } = await scripted(bench, [reset, stay]);
  const retried = deferred<void>();
  const ws = client(bench, url, { base: 30, onRetry: () => retried.resolve() }, {}, { random: fractions(0.9) });
  const first = await ws.opened;
  await retried.promise;
  const second = await ws.opened;
  assert.is(wires.length, 2);
  assert.is.not(first, second);
  assert.is(ws.state, 'open');
});

test('the socket of a lost connection is destroyed', async (bench) => {
  // The peer ends its side and reads no more, so the bytes sent to it can never be written.
  const { url, wires } = await scripted(bench, [
    (wire) => {
      wire.socket.pause();
      setTimeout(() => wire.socket.end(), 30);
    },
    stay,
  ]);
  const ws = client(bench, url, FAST, {}, { closeTimeout: 50 });
  await ws.opened;
  const old = { socket: ws.socket };
  ws.send(new Uint8Array(15_000_000));
  await until(() => wires.length === 2 && isGone(old) && ws.state === 'open');
});

test.run();
