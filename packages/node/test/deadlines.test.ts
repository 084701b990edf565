// Deadlines: core computes them, and the adapter's one timer reports when they pass.

import { VirtualClock } from '@sockless/adapter/testing';
import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import { accept, type Decision, type Handlers, type ServeOptions, type WebSocketConnection } from '../src/index.ts';
import { closing, dial, frame, rawClient, request, type Wire } from './raw.ts';
import { isGone } from './sockets.ts';
import { type Bench, deferred, delay, recorder, soon, suite, until } from './support.ts';

const test = suite('deadlines');

/** No deadlines except those that a test sets. */
const QUIET: ServeOptions = {
  heartbeat: false,
  idleTimeout: Infinity,
  messageProgress: false,
};

async function open(bench: Bench, handlers: Handlers, options: ServeOptions) {
  const accepted = deferred<WebSocketConnection>();
  const request = (ws: WebSocketConnection): Decision => {
    accepted.resolve(ws);
    return accept();
  };
  const server = await bench.serve({ ...handlers, request }, { ...QUIET, ...options });
  return { wire: await rawClient(bench, server.port), ws: await accepted.promise };
}

/** Answers the pings of a heartbeat. */
async function answer(wire: Wire, times: number, wait: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const [ping] = await wire.frames(1);
    assert.is(ping?.first, 0x89);
    await delay(wait);
    wire.write(frame('client', 0x8a, ping?.payload));
  }
}

test('a request that arrives after its deadline has passed, but before the deadline is handled, is answered once', async (bench) => {
  const clock = new VirtualClock();
  const server = await bench.serve(
    { message: (ws, data) => void ws.send(data) },
    { ...QUIET, clock, handshakeTimeout: 400 },
  );
  const wire = await dial(bench, server.port);
  await until(() => server.statistics.pending === 1);
  clock.spend(500);
  // The timer fires, and lets the sockets go first.
  clock.step();
  wire.write(request());
  assert.match(await wire.head(), /^HTTP\/1.1 101 /);
  clock.advance(100);
  wire.write(frame('client', 0x81, 'still here'));
  assert.equal((await wire.frames(1))[0]?.payload.toString(), 'still here');
});

test('heartbeat: sends pings and reports the latency', async (bench) => {
  const latencies: (number | undefined)[] = [];
  const pong: Handlers['pong'] = (_, __, latency) => void latencies.push(latency);
  const { wire, ws } = await open(bench, { pong }, { heartbeat: { interval: 100, timeout: 2000 } });
  await answer(wire, 1, 10);
  await answer(wire, 2, 0);
  wire.write(frame('client', 0x8a, 'unsolicited'));
  await until(() => latencies.length === 4);
  const [slow, ...quick] = latencies;
  assert.ok((slow as number) >= 9 && (slow as number) < 1000, `${slow} ms`);
  assert.ok(quick.slice(0, 2).every((latency) => (latency as number) >= 0 && (latency as number) < 500));
  assert.is(quick[2], undefined);
  assert.is(ws.state, 'open');
});

test('heartbeat: a client and a server of ours stay open without messages', async (bench) => {
  const { client, server } = await bench.pair({
    clientOptions: { heartbeat: { interval: 10, timeout: 1000 } },
    serverOptions: { heartbeat: { interval: 10, timeout: 1000 }, idleTimeout: 500 },
  });
  await delay(100);
  assert.equal([client.state, server.state], ['open', 'open']);
});

interface Deadline {
  title: string;
  options: ServeOptions;
  /** What the peer sends, and how much time passes in between. */
  parts: (Buffer | number)[];
  rule: string;
  /** The code of our Close frame, if there is one. */
  code: number | undefined;
}

const deadlines: Deadline[] = [
  {
    title: 'no answer to a ping',
    options: { heartbeat: { interval: 4000, timeout: 3000 } },
    parts: [4001, 2990],
    rule: 'pong-timeout',
    code: undefined,
  },
  { title: 'silence', options: { idleTimeout: 4000 }, parts: [3990], rule: 'idle-timeout', code: undefined },
  {
    title: 'silence after a message',
    options: { idleTimeout: 4000 },
    parts: [2500, frame('client', 0x81, 'x'), 2500, frame('client', 0x81, 'y'), 3990],
    rule: 'idle-timeout',
    code: undefined,
  },
  {
    title: 'a message that drips',
    options: { messageProgress: { bytes: 10, within: 6000 }, idleTimeout: 5000 },
    parts: Array.from(frame('client', 0x82, new Uint8Array(20)).subarray(0, 12), (byte) => [Buffer.of(byte), 540])
      .flat()
      .slice(0, -1),
    rule: 'message-stalled',
    code: 1013,
  },
];

for (const { title, options, parts, rule, code } of deadlines) {
  test(`${title} fails with ${rule}, and our Close frame ${code === undefined ? 'is not sent' : `has ${code}`}`, async (bench) => {
    const clock = new VirtualClock();
    const { log, handlers } = recorder();
    const { wire, ws } = await open(bench, handlers, { ...options, clock });
    for (const part of parts) {
      if (typeof part === 'number') clock.advance(part);
      else wire.write(part);
      await soon();
      assert.is(ws.state, 'open');
    }
    clock.advance(600);
    await until(() => ws.state !== 'open');
    if (code !== undefined) {
      const [close] = await wire.frames(1);
      assert.is(close?.payload.readUInt16BE(0), code);
    }
    wire.socket.end();
    await ws.closed;
    assert.equal([log.at(-2), log.at(-1)], [`fail ${rule}`, 'end 1006']);
    assert.is(ws.endEvent?.explanation.sent?.code, code);
    assert.match(ws.endEvent?.explanation.summary ?? '', new RegExp(rule));
  });
}

for (const [title, options, wait] of [
  // A Ping frame may be late by an 8th.
  ['pong', { heartbeat: { interval: 1000, timeout: 1000 } }, 1126],
  ['idle', { idleTimeout: 2000 }, 1000],
] as const) {
  test(`after ${title}-timeout the socket is gone and the end comes at once`, async (bench) => {
    const clock = new VirtualClock();
    const ends: EndEvent[] = [];
    const end: Handlers['end'] = (_, event) => void ends.push(event);
    const { ws } = await open(bench, { end }, { ...options, clock, closeTimeout: 60_000 });
    clock.advance(wait);
    assert.equal(ends, []);
    clock.advance(1001);
    // Without any more time on its clock, and without a byte from the peer.
    assert.equal(
      ends.map(({ explanation }) => explanation.error?.rule),
      [`${title}-timeout`],
    );
    await until(() => isGone(ws));
  });
}

test('a deadline is met whether it is moved later or earlier', async (bench) => {
  const clock = new VirtualClock();
  const { wire, ws } = await open(bench, {}, { idleTimeout: 300, closeTimeout: 20, clock });
  for (let i = 0; i < 8; i++) {
    clock.advance(200);
    wire.write(frame('client', 0x8a));
    await soon();
  }
  assert.is(ws.state, 'open');
  ws.close();
  await wire.frames(1);
  clock.advance(21);
  assert.is(ws.state, 'closed');
  await until(() => isGone(ws));
});

test('bytes that arrived while the process was busy count before the deadline', async (bench) => {
  const later: (() => void)[] = [];
  const clock = Object.assign(new VirtualClock(), { setImmediate: (call: () => void) => void later.push(call) });
  let received = 0;
  const { wire, ws } = await open(bench, { message: () => void received++ }, { idleTimeout: 150, clock });
  clock.advance(10);
  wire.write(frame('client', 0x81, 'x'));
  // The timer fires before the socket is read, but the adapter first lets the sockets have their turn.
  clock.advance(200);
  await until(() => received === 1);
  for (const call of later.splice(0)) call();
  assert.is(ws.state, 'open');
  clock.advance(151);
  for (const call of later.splice(0)) call();
  assert.is(ws.state, 'closed');
});

test('delays longer than timers allow cause no warning and do not expire at once', async (bench) => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): number => warnings.push(warning.name);
  process.on('warning', onWarning);
  bench.after(() => process.off('warning', onWarning));
  const { wire, ws } = await open(bench, {}, { idleTimeout: 2 ** 40, heartbeat: { interval: 2 ** 33, timeout: 1 } });
  await delay(30);
  assert.equal([warnings, ws.state], [[], 'open']);
  wire.write(frame('client', 0x88, closing(1000)));
  await wire.frames(1);
});

test('handshakeTimeout: a request that is never decided gets 408', async (bench) => {
  const { log, handlers } = recorder();
  const server = await bench.serve(
    { ...handlers, request: () => new Promise<Decision>(() => {}) },
    { handshakeTimeout: 30 },
  );
  const wire = await dial(bench, server.port);
  wire.write(request());
  assert.match(await wire.end(), /^HTTP\/1\.1 408 /);
  wire.socket.end();
  await until(() => log.length === 2);
  assert.equal(log, ['fail handshake-timeout', 'end 1006']);
});

test('more messages than rateLimits allows fail with message-rate and 1008', async (bench) => {
  const { log, handlers } = recorder();
  const { wire } = await open(bench, handlers, { rateLimits: { messages: { perSecond: 1, burst: 3 } } });
  wire.write(...Array.from({ length: 5 }, () => frame('client', 0x81, 'x')));
  const [close] = await wire.frames(1);
  assert.is(close?.payload.readUInt16BE(0), 1008);
  wire.socket.end();
  await until(() => log.length === 6);
  assert.equal(log, ['open', 'text x', 'text x', 'text x', 'fail message-rate', 'end 1006']);
});

test.run();
