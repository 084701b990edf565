// Sending: the result of `send`, and how an application paces itself.

import { VirtualClock } from '@sockless/adapter/testing';
import * as assert from 'uvu/assert';
import type { Handlers, Server, WebSocketConnection } from '../src/index.ts';
import { slowClient } from './pairs.ts';
import { closing, frame, rawClient } from './raw.ts';
import { deferred, delay, recorder, soon, suite, until } from './support.ts';

const test = suite('sending', 20_000);

const MB = 1024 * 1024;

test('sent messages wait, and drain is called when they have been written', async (bench) => {
  const drained: number[] = [];
  const { ws, wire } = await slowClient(bench, { drain: ({ queuedBytes }) => void drained.push(queuedBytes) });
  const message = new Uint8Array(100_000);
  for (let i = 0, last = 0; i < 100; i++, last = ws.queuedBytes) {
    assert.is(ws.send(message), true);
    // The first ones may have left already.
    assert.ok(ws.queuedBytes >= last);
  }
  let settled = false;
  void ws.drained.then(() => {
    settled = true;
  });
  await delay(30);
  assert.ok(ws.queuedBytes > MB, `${ws.queuedBytes} bytes wait`);
  assert.equal([drained, settled], [[], false]);
  wire.socket.resume();
  await ws.drained;
  await until(() => drained.length > 0 && settled);
  assert.ok((drained[0] as number) <= 65_536);
  await until(() => wire.received.length >= 100 * 100_010);
  assert.is(drained.length, 1);
});

for (const [title, size, times] of [
  ['many small messages that leave at once', 100, 2048],
  ['messages of 1 KiB', 1024, 2048],
  ['messages larger than the mark', 100_000, 300],
] as const) {
  for (const secure of [false, true]) {
    for (const by of ['drain', 'drained', 'drain, by broadcast'] as const) {
      test(`a pump of ${title} finishes, paced by ${by} (${secure ? 'wss' : 'ws'})`, async (bench) => {
        const { CERTIFICATE, KEY } = await import('./certificate.ts');
        let most = 0;
        let sent = 0;
        const fill = (ws: WebSocketConnection): void => {
          while (sent < times && ws.queuedBytes <= 65_536) {
            if (by === 'drain, by broadcast') assert.is(server.broadcast(new Uint8Array(size)).sent, 1);
            else assert.ok(ws.send(new Uint8Array(size)));
            sent++;
            most = Math.max(most, ws.queuedBytes);
          }
        };
        const pump = async (ws: WebSocketConnection): Promise<void> => {
          for (; sent < times; await ws.drained) fill(ws);
        };
        const server: Server = await bench.serve(by === 'drained' ? { open: pump } : { open: fill, drain: fill }, {
          ...(secure && { tls: { key: KEY, cert: CERTIFICATE } }),
        });
        let received = 0;
        const client = bench.connect(
          server.url,
          { message: () => void received++ },
          secure ? { tls: { ca: CERTIFICATE } } : {},
        );
        await until(() => received === times);
        assert.ok(most <= 65_536 + size + 14, `${most} bytes waited`);
        client.close();
      });
    }
  }
}

test('`drained` resolves at once while at most highWaterMark bytes wait', async (bench) => {
  const { ws, wire } = await slowClient(bench, {}, { highWaterMark: 4 * MB });
  ws.send(new Uint8Array(4 * MB - 14));
  let settled = false;
  void ws.drained.then(() => {
    settled = true;
  });
  await Promise.resolve();
  assert.ok(settled);
  ws.send('x');
  ws.send(new Uint8Array(4 * MB));
  const drained = ws.drained;
  await soon();
  assert.ok(ws.queuedBytes > 4 * MB);
  wire.socket.resume();
  await drained;
  assert.ok(ws.queuedBytes <= 4 * MB);
});

test('a highWaterMark of 0: drain is called when nothing is waiting', async (bench) => {
  let drains = 0;
  const { ws, wire } = await slowClient(bench, { drain: () => void drains++ }, { highWaterMark: 0 });
  wire.socket.resume();
  // The response that opened the connection was waiting too.
  await until(() => drains === 1);
  ws.send('x');
  await ws.drained;
  assert.is(ws.queuedBytes, 0);
  await until(() => drains === 2);
  ws.ping();
  await until(() => drains === 3);
});

for (const value of [-1, Number.NaN, '5', null]) {
  test(`highWaterMark: ${value} is refused`, async (bench) => {
    const error = await bench.serve({}, { highWaterMark: value as never }).catch((reason: unknown) => reason);
    assert.instance(error, RangeError);
    assert.match((error as Error).message, /highWaterMark/);
  });
}

test('drained settles at the end of a connection, and drain is not called', async (bench) => {
  let drains = 0;
  const { ws } = await slowClient(bench, { drain: () => void drains++ });
  ws.send(new Uint8Array(10 * MB));
  const { drained } = ws;
  await soon();
  ws.terminate();
  await drained;
  await soon();
  assert.equal([drains, ws.queuedBytes], [0, 0]);
  await ws.drained;
});

test('with a slow reader, send returns false, and the connection fails with 1013', async (bench) => {
  const { log, handlers } = recorder();
  const clock = new VirtualClock();
  const { ws, wire } = await slowClient(bench, handlers, { maxQueuedBytes: MB, clock });
  let sent = 0;
  while (ws.send(new Uint8Array(50_000))) {
    if (++sent > 1000) throw new Error('never full');
    await new Promise(setImmediate);
  }
  for (const call of [() => ws.send(''), () => ws.sendFragment('', true), () => ws.ping(), () => ws.pong()]) {
    assert.is(call(), false);
  }
  assert.is(ws.state, 'closing');
  await until(() => log.length === 2);
  assert.equal(log, ['open', 'fail reader-too-slow']);
  // Messages that had not begun to leave are dropped, and the Close frame follows the one that had.
  wire.socket.resume();
  const close = Buffer.concat([Buffer.of(0x88, 17), closing(1013, 'reader-too-slow')]);
  await until(() => wire.received.subarray(-close.length).equals(close));
  assert.ok(wire.received.length < sent * 50_000, `${wire.received.length} bytes of ${sent} messages arrived`);
  wire.socket.end(frame('client', 0x88, closing(1013)));
  const { code, explanation } = await ws.closed;
  assert.equal([code, explanation.sent?.code, explanation.error?.rule], [1006, 1013, 'reader-too-slow']);
});

test('an echo server survives a client that sends 24 MiB and does not read, and serves others meanwhile', async (bench) => {
  // The delays below are over before the next test begins.
  bench.after(() => delay(40));
  const { log, handlers } = recorder();
  const server = await bench.serve({ ...handlers, message: (ws, data) => ws.send(data) });
  const wire = await rawClient(bench, server.port);
  wire.socket.pause();
  const other = bench.connect(server.url);
  await other.opened;
  const chunk = frame('client', 0x82, new Uint8Array(64 * 1024));
  for (let i = 0; i < 24 * 16 && !log.includes('fail reader-too-slow'); i++) {
    if (!wire.socket.write(chunk))
      await Promise.race([new Promise((resolve) => wire.socket.once('drain', resolve)), delay(20)]);
  }
  await until(() => log.includes('fail reader-too-slow'));
  other.send('still there');
  assert.is((await other[Symbol.asyncIterator]().next()).value, 'still there');
});

test('sending on a connection that is closing or has ended returns false, in a loop, in `end` and in a late handler', async (bench) => {
  const answers: boolean[] = [];
  const ended = deferred<WebSocketConnection>();
  const server = await bench.serve({
    async message(ws, data) {
      await ws.closed;
      answers.push(ws.send(data));
    },
    end(ws) {
      answers.push(ws.send('x'), ws.ping(), ws.pong(), ws.sendFragment('x', true));
      ws.close(1000);
      ended.resolve(ws);
    },
  });
  const wire = await rawClient(bench, server.port);
  wire.write(frame('client', 0x81, 'x'));
  await soon();
  const idle = await rawClient(bench, server.port);
  for (const ws of server.connections) ws.close();
  for (const ws of server.connections) answers.push(ws.send('to all'));
  wire.socket.resetAndDestroy();
  idle.socket.resetAndDestroy();
  await ended.promise;
  await until(() => answers.length === 11);
  assert.ok(answers.every((answer) => answer === false));
});

test('a relay of fragments keeps the type of each message, and code points that are split between fragments', async (bench) => {
  const received: unknown[] = [];
  const sink = await bench.serve({ message: (_, data) => void received.push(data) });
  const next = bench.connect(sink.url);
  await next.opened;
  const fragment: Handlers['fragment'] = (_, { opcode, data, final }) =>
    void next.sendFragment(data, final, { text: opcode === 1 });
  const wire = await rawClient(bench, (await bench.serve({ fragment }, { messages: 'fragments' })).port);
  const euros = Buffer.from('€€');
  wire.write(frame('client', 0x01, euros.subarray(0, 2)));
  await delay(5);
  wire.write(frame('client', 0x80, euros.subarray(2)), frame('client', 0x82, euros), frame('client', 0x81, ''));
  await until(() => received.length === 3);
  assert.equal(received, ['€€', new Uint8Array(euros), '']);
});

test('sending a message inside a fragmented one throws', async (bench) => {
  const { ws, wire } = await slowClient(bench);
  wire.socket.resume();
  assert.is(ws.sendFragment('a', false), true);
  assert.throws(() => ws.send('x'), /in progress/);
  assert.throws(() => ws.sendFragment(new Uint8Array(1), true), /all text .* or all binary/);
  assert.is(ws.sendFragment('b', true), true);
  await wire.frames(2);
});

test.run();
