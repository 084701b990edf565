// Deadlines: core says when, the adapter's one timer says that it is then.
import * as assert from 'uvu/assert';
import type { Handlers, ServeOptions, WebSocketConnection } from '../src/index.ts';
import { closing, dial, frame, rawClient, request, type Wire } from './raw.ts';
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

/** Answers the pings of a heartbeat. */
async function answer(wire: Wire, times: number, wait: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const [ping] = await wire.frames(1);
    assert.is(ping?.first, 0x89);
    await delay(wait);
    wire.write(frame('client', 0x8a, ping?.payload));
  }
}

test('heartbeat: pings, and tells the latency', async (bench) => {
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

test('heartbeat: between our own two sides, in a message-free connection', async (bench) => {
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
    const started = performance.now();
    const { wire, ws } = await open(bench, handlers, options);
    for (const part of bytes) {
      if (typeof part === 'number') await delay(part);
      else if (ws.state === 'open') wire.write(part);
    }
    await until(() => ws.state !== 'open');
    const took = performance.now() - started;
    assert.ok(took >= after - 2 && took < after + 500, `${took} ms`);
    wire.socket.end();
    await ws.closed;
    assert.equal([log.at(-2), log.at(-1)], [`fail ${rule}`, 'end 1006']);
    const frames = await wire.frames(options.heartbeat ? 2 : 1);
    assert.is(frames.at(-1)?.payload.readUInt16BE(0), code);
    assert.match(ws.endEvent?.explanation.summary ?? '', new RegExp(rule));
  });
}

test('a deadline that moves away is not missed, and one that comes nearer is met', async (bench) => {
  const { wire, ws } = await open(bench, {}, { idleTimeout: 300, closeTimeout: 20 });
  for (let i = 0; i < 8; i++) {
    await delay(50);
    wire.write(frame('client', 0x8a));
  }
  assert.is(ws.state, 'open');
  const started = performance.now();
  ws.close();
  await ws.closed;
  assert.ok(performance.now() - started < 200);
  assert.ok(isGone(ws));
});

test('what has arrived while the process was busy counts before the deadline', async (bench) => {
  const { wire, ws } = await open(bench, {}, { idleTimeout: 150 });
  await delay(10);
  wire.write(frame('client', 0x81, 'x'));
  const busy = performance.now() + 200;
  while (performance.now() < busy);
  await delay(5);
  assert.is(ws.state, 'open');
  await until(() => ws.state !== 'open');
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
