// Deadlines: core says when, the adapter's one timer says that it is then.
import * as assert from 'uvu/assert';
import { Clock } from '../../tools/clock.ts';
import type { Handlers, ServeOptions, WebSocketConnection } from '../src/index.ts';
import { closing, dial, frame, rawClient, request } from './raw.ts';
import { isGone } from './sockets.ts';
import { type Bench, deferred, delay, recorder, suite, until } from './support.ts';

const test = suite('deadlines');

/** No deadline but those a test sets. */
const QUIET: ServeOptions = {
  heartbeat: false,
  idleTimeout: Infinity,
  messageTimeout: Infinity,
};

async function open(bench: Bench, handlers: Handlers, options: ServeOptions) {
  const accepted = deferred<WebSocketConnection>();
  const server = await bench.serve({ ...handlers, request: (ws) => accepted.resolve(ws) }, { ...QUIET, ...options });
  return { wire: await rawClient(bench, server.port), ws: await accepted.promise };
}

/** The same, by a clock that the test moves. */
async function openByClock(bench: Bench, handlers: Handlers, options: ServeOptions) {
  const clock = new Clock();
  const opening = open(bench, handlers, options);
  // Before the server is closed, which takes its time.
  bench.after(async () => {
    await opening.catch(() => undefined);
    clock.restore();
  });
  return { clock, ...(await opening) };
}

test('heartbeat: pings, and tells the latency', async (bench) => {
  const latencies: (number | undefined)[] = [];
  const pong: Handlers['pong'] = (_, __, latency) => void latencies.push(latency);
  const { clock, wire, ws } = await openByClock(bench, { pong }, { heartbeat: { interval: 20, timeout: 2000 } });
  for (const wait of [10, 0, 15]) {
    const before = latencies.length;
    while (wire.received.length === 0) await clock.advance(1);
    const [ping] = await wire.frames(1);
    assert.is(ping?.first, 0x89);
    await clock.advance(wait);
    wire.write(frame('client', 0x8a, ping?.payload));
    await until(() => latencies.length > before);
  }
  wire.write(frame('client', 0x8a, 'unsolicited'));
  await until(() => latencies.length === 4);
  assert.equal(latencies, [10, 0, 15, undefined]);
  assert.is(ws.state, 'open');
});

test('heartbeat: between our own two sides, in a message-free connection', async (bench) => {
  const clock = new Clock();
  const opening = bench.pair({
    clientOptions: { heartbeat: { interval: 10, timeout: 1000 } },
    serverOptions: { heartbeat: { interval: 10, timeout: 1000 }, idleTimeout: 500 },
  });
  bench.after(async () => {
    await opening.catch(() => undefined);
    clock.restore();
  });
  const { client, server } = await opening;
  for (let passed = 0; passed < 1000; passed += 20) await clock.advance(20);
  assert.equal([client.state, server.state], ['open', 'open']);
});

interface Deadline {
  title: string;
  options: ServeOptions;
  /** What the peer sends. */
  bytes: (Buffer | number)[];
  rule: string;
  code: number;
  after: number;
}

const deadlines: Deadline[] = [
  {
    title: 'no answer to a ping',
    options: { heartbeat: { interval: 40, timeout: 30 } },
    bytes: [],
    rule: 'pong-timeout',
    code: 1011,
    after: 70,
  },
  { title: 'silence', options: { idleTimeout: 40 }, bytes: [], rule: 'idle-timeout', code: 1001, after: 40 },
  {
    title: 'silence after a message',
    options: { idleTimeout: 40 },
    bytes: [25, frame('client', 0x81, 'x'), 25, frame('client', 0x81, 'y')],
    rule: 'idle-timeout',
    code: 1001,
    after: 90,
  },
  {
    title: 'a message that drips',
    options: { messageTimeout: 60, idleTimeout: 50 },
    bytes: Array.from(frame('client', 0x82, new Uint8Array(20)), (byte) => [Buffer.of(byte), 10]).flat(),
    rule: 'message-timeout',
    code: 1008,
    after: 60,
  },
  {
    title: 'fragments that never end',
    options: { messageTimeout: 50 },
    bytes: [frame('client', 0x01, 'a'), 10, frame('client', 0x00, 'b'), 10, frame('client', 0x00)],
    rule: 'message-timeout',
    code: 1008,
    after: 50,
  },
];

for (const { title, options, bytes, rule, code, after } of deadlines) {
  test(`${title} → ${rule}, ${code}`, async (bench) => {
    const { log, handlers } = recorder();
    const { clock, wire, ws } = await openByClock(bench, handlers, options);
    const started = clock.now;
    for (const part of bytes) {
      if (ws.state !== 'open') break;
      if (typeof part !== 'number') wire.write(part);
      else for (let passed = 0; passed < part && ws.state === 'open'; passed++) await clock.advance(1);
    }
    while (ws.state === 'open' && clock.now < started + 1000) await clock.advance(1);
    const took = clock.now - started;
    // A timer of the host's comes up to a millisecond late, and here there are two of them at most.
    assert.ok(took >= after && took <= after + 3, `${took} ms`);
    wire.socket.end();
    await ws.closed;
    assert.equal([log.at(-2), log.at(-1)], [`fail ${rule}`, 'end 1006']);
    const frames = await wire.frames(options.heartbeat ? 2 : 1);
    assert.is(frames.at(-1)?.payload.readUInt16BE(0), code);
    assert.match(ws.endEvent?.explanation.summary ?? '', new RegExp(rule));
  });
}

test('a deadline that moves away is not missed, and one that comes nearer is met', async (bench) => {
  const { clock, wire, ws } = await openByClock(bench, {}, { idleTimeout: 300, closeTimeout: 20 });
  for (let i = 0; i < 8; i++) {
    await clock.advance(50);
    wire.write(frame('client', 0x8a));
  }
  await clock.advance(0);
  assert.is(ws.state, 'open');
  ws.close();
  await clock.advance(19);
  assert.is(ws.state, 'closing');
  await clock.advance(2);
  await ws.closed;
  assert.ok(isGone(ws));
});

test('what has arrived while the process was busy counts before the deadline', async (bench) => {
  const { clock, wire, ws } = await openByClock(bench, {}, { idleTimeout: 150 });
  await clock.advance(10);
  wire.write(frame('client', 0x81, 'x'));
  clock.jump(200);
  await clock.advance(149);
  assert.is(ws.state, 'open');
  await clock.advance(2);
  assert.is(ws.state, 'closing');
});

test('delays longer than timers can be are no warning, and no deadline at once', async (bench) => {
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

test('handshakeTimeout: a request that is never decided', async (bench) => {
  const { log, handlers } = recorder();
  const server = await bench.serve(
    { ...handlers, request: () => new Promise<undefined>(() => {}) },
    { handshakeTimeout: 30 },
  );
  const wire = await dial(bench, server.port);
  wire.write(request());
  assert.match(await wire.end(), /^HTTP\/1\.1 408 /);
  wire.socket.end();
  await until(() => log.length === 2);
  assert.equal(log, ['fail handshake-timeout', 'end 1006']);
});

test('rate limits are deadlines of another kind: 1008', async (bench) => {
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
