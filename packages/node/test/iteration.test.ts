// `for await` over the messages of a connection: with back-pressure, and one way out for each way a connection ends.
import { Connection } from '@sockless/core';
import * as assert from 'uvu/assert';
import { attach, ConnectionEndedError, type WebSocketConnection } from '../src/index.ts';
import { openClient } from './pairs.ts';
import { closing, frame, rawClient, type Wire } from './raw.ts';
import { isPaused } from './sockets.ts';
import { deferred, delay, soon, suite, until } from './support.ts';

const test = suite('iteration');

const text = (value: string): Buffer => frame('server', 0x81, value);

async function collect(ws: AsyncIterable<string | Uint8Array>, into: unknown[] = []): Promise<unknown[]> {
  for await (const message of ws) into.push(typeof message === 'string' ? message : [...message]);
  return into;
}

test('yields all messages in order, and returns after a clean end', async (bench) => {
  const { ws, wire } = await openClient(bench);
  wire.write(text('1'), text(''), frame('server', 0x82, Uint8Array.of(3)), frame('server', 0x82), text('5'));
  wire.write(frame('server', 0x89, '!'), text('6'), frame('server', 0x88, closing(1001)));
  wire.socket.end();
  assert.equal(await collect(ws), ['1', '', [3], [], '5', '6']);
  assert.is(ws.endEvent?.code, 1001);
  assert.equal(await collect(ws), []);
});

const unclean: Record<string, (wire: Wire) => void> = {
  'a reset': (wire) => void wire.socket.resetAndDestroy(),
  'an end without a Close frame': (wire) => void wire.socket.end(),
  'a broken rule': (wire) => void wire.socket.end(Buffer.of(0xff, 0xff)),
};
for (const [what, end] of Object.entries(unclean)) {
  test(`yields the messages before ${what}, then throws`, async (bench) => {
    const { ws, wire } = await openClient(bench);
    wire.write(text('1'), text('2'), text('3'));
    const got: unknown[] = [];
    const error = await (async () => {
      for await (const message of ws) {
        got.push(message);
        if (got.length === 1) await delay(20);
        if (got.length === 3) end(wire);
      }
    })().catch((reason: unknown) => reason);
    assert.equal(got, ['1', '2', '3']);
    assert.instance(error, ConnectionEndedError);
    assert.is((error as ConnectionEndedError).end, ws.endEvent);
    assert.is((error as Error).message, ws.endEvent?.explanation.summary);
    // Another call throws too.
    assert.instance(await collect(ws).catch((reason: unknown) => reason), ConnectionEndedError);
  });
}

test('a loop over a connection that never opens throws', async (bench) => {
  const ws = bench.connect('ws://does-not-exist.invalid');
  assert.instance(await collect(ws).catch((error: unknown) => error), ConnectionEndedError);
});

test('messages that arrive before the loop wait for it', async (bench) => {
  const { ws, wire } = await openClient(bench);
  wire.write(text('1'), text('2'), frame('server', 0x88, closing(1000)));
  wire.socket.end();
  await soon();
  assert.equal(await collect(ws), ['1', '2']);
});

test('leaving a loop keeps the connection open, and the next loop continues without losing messages', async (bench) => {
  const { ws, wire } = await openClient(bench);
  wire.write(text('1'), text('2'), text('3'));
  for await (const message of ws) {
    assert.is(message, '1');
    break;
  }
  await soon();
  wire.write(text('4'), frame('server', 0x88, closing(1000)));
  wire.socket.end();
  assert.is(ws.state, 'open');
  assert.equal(await collect(ws), ['2', '3', '4']);
});

test('leaving a loop by an error keeps the remaining messages', async (bench) => {
  const { ws, wire } = await openClient(bench);
  wire.write(text('1'), text('2'));
  try {
    for await (const _ of ws) throw new Error('out');
  } catch (error) {
    assert.is((error as Error).message, 'out');
  }
  assert.is((await ws[Symbol.asyncIterator]().next()).value, '2');
});

test('when a loop is left, waiting and later messages go to the message handler', async (bench) => {
  const got: unknown[] = [];
  const { ws, wire } = await openClient(bench, { message: (_, data) => void got.push(data) });
  wire.write(text('1'));
  await until(() => got.length === 1);
  const iterator = ws[Symbol.asyncIterator]();
  wire.write(text('2'), text('3'), text('4'));
  assert.is((await iterator.next()).value, '2');
  await soon();
  await iterator.return?.();
  wire.write(text('5'));
  await until(() => got.length === 4);
  assert.equal(got, ['1', '3', '4', '5']);
});

test('messages that still wait at the end go to no handler', async (bench) => {
  const got: unknown[] = [];
  const { ws, wire } = await openClient(bench, { message: (_, data) => void got.push(data) });
  const iterator = ws[Symbol.asyncIterator]();
  wire.write(text('1'));
  await soon();
  ws.terminate();
  await iterator.return?.();
  assert.equal([got, ws.state], [[], 'closed']);
});

test('a pending next is settled when the loop is left', async (bench) => {
  const { ws } = await openClient(bench, { message() {} });
  const iterator = ws[Symbol.asyncIterator]();
  const waiting = iterator.next();
  await iterator.return?.();
  assert.equal(await waiting, { done: true, value: undefined });
});

test('concurrent calls of next get the messages in order, and the end reaches all of them', async (bench) => {
  const { ws, wire } = await openClient(bench);
  const iterator = ws[Symbol.asyncIterator]();
  const results = Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
  wire.write(text('1'), text('2'), frame('server', 0x88, closing(1000)));
  wire.socket.end();
  assert.equal(await results, [
    { done: false, value: '1' },
    { done: false, value: '2' },
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});

test('concurrent calls of next all reject when the connection ends uncleanly', async (bench) => {
  const { ws, wire } = await openClient(bench);
  const iterator = ws[Symbol.asyncIterator]();
  const results = Promise.allSettled([iterator.next(), iterator.next()]);
  wire.socket.resetAndDestroy();
  assert.equal(
    (await results).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});

test('on a server, a loop in the open handler gets all messages', async (bench) => {
  const iterated = deferred<WebSocketConnection>();
  const got: unknown[] = [];
  const server = await bench.serve({
    async open(ws) {
      await collect(ws, got);
      iterated.resolve(ws);
    },
  });
  const wire = await rawClient(bench, server.port);
  wire.write(...['1', '2', '3'].map((value) => frame('client', 0x81, value)), frame('client', 0x88, closing(1000)));
  wire.socket.end();
  await iterated.promise;
  assert.equal(got, ['1', '2', '3']);
});

test('after close in a loop, messages that arrived before the call are still delivered', async (bench) => {
  const { ws, wire } = await openClient(bench);
  wire.write(text('1'), text('2'), text('3'));
  const got: unknown[] = [];
  const done = (async () => {
    for await (const message of ws) {
      if (got.push(message) > 1) continue;
      ws.send(`${message}!`);
      ws.close(1000);
    }
  })();
  const frames = await wire.frames(2);
  assert.equal(
    frames.map(({ first }) => first),
    [0x81, 0x88],
  );
  wire.socket.end(frame('server', 0x88, closing(1000)));
  await done;
  assert.equal(got, ['1', '2', '3']);
});

test('after `terminate` a new loop throws', async (bench) => {
  const { ws, wire } = await openClient(bench);
  wire.write(text('1'), text('2'), text('3'));
  await soon();
  ws.terminate();
  assert.is((await ws.closed).code, 1006);
  assert.instance(await collect(ws).catch((error: unknown) => error), ConnectionEndedError);
});

// Back-pressure.

test('with 1 MiB waiting for a loop, reading stops and the peer waits for the loop', async (bench) => {
  const { ws, wire } = await openClient(bench);
  const iterator = ws[Symbol.asyncIterator]();
  const message = frame('server', 0x82, new Uint8Array(100_000));
  let written = 0;
  const pump = (): void => {
    while (written < 500) {
      written++;
      if (!wire.socket.write(message)) return void wire.socket.once('drain', pump);
    }
  };
  pump();
  await until(() => isPaused(ws));
  await delay(50);
  const stopped = written;
  assert.ok(stopped < 400, `${stopped} messages of 100 kB were taken`);
  await delay(50);
  assert.is(written, stopped);
  for (let got = 0; got < 500; got++) assert.is((await iterator.next()).value?.length, 100_000);
  assert.is(ws.droppedMessages, 0);
});

test('reading goes on while a loop is busy, so pings are answered', async (bench) => {
  const { ws, wire } = await openClient(bench);
  const iterator = ws[Symbol.asyncIterator]();
  for (let i = 0; i < 5; i++) {
    wire.write(text(String(i)), frame('server', 0x89, `ping ${i}`));
    const [pong] = await wire.frames(1);
    assert.equal([pong?.first, String(pong?.payload)], [0x8a, `ping ${i}`]);
  }
  for (let i = 0; i < 5; i++) assert.is((await iterator.next()).value, String(i));
});

test('a loop does not resume a connection that the application has paused', async (bench) => {
  const { ws, wire } = await openClient(bench);
  const iterator = ws[Symbol.asyncIterator]();
  wire.write(frame('server', 0x82, new Uint8Array(1_100_000)), text('next'));
  await until(() => isPaused(ws));
  ws.pause();
  assert.is((await iterator.next()).value?.length, 1_100_000);
  wire.write(frame('server', 0x89));
  await soon();
  assert.is(wire.received.length, 0);
  ws.resume();
  await wire.frames(1);
  assert.is((await iterator.next()).value, 'next');
});

for (const code of [undefined, 1000, 1001, 1002, 1008, 1011, 1013, 4401]) {
  const quiet = code === undefined || code < 1002;
  for (const by of ['the peer', 'the application'] as const) {
    test(`a close with ${code ?? 'no code'} by ${by} ${quiet ? 'ends a loop' : 'is thrown in a loop'}`, async (bench) => {
      const { ws, wire } = await openClient(bench);
      const all = collect(ws).catch((error: unknown) => error);
      const close = frame('server', 0x88, code === undefined ? '' : closing(code));
      if (by === 'the peer') wire.socket.end(close);
      else {
        ws.close(code);
        await wire.frames(1);
        wire.socket.end(close);
      }
      const result = await all;
      if (quiet) assert.equal(result, []);
      else assert.is((result as ConnectionEndedError).end.code, code);
    });
  }
}

test('iterating over a connection on a stream that is not a socket yields all messages', async () => {
  const { Duplex: Stream } = await import('node:stream');
  const stream = new Stream({ read() {}, write: (_, __, done) => done() });
  const ws = attach(stream, Connection.opened('client'));
  const all = collect(ws);
  for (let i = 0; i < 100; i++) stream.push(text(String(i)));
  stream.push(frame('server', 0x88, closing(1000)));
  stream.push(null);
  assert.equal(
    await all,
    Array.from({ length: 100 }, (_, i) => String(i)),
  );
});

test('a connection without a reader for its messages still ends when its socket is gone', async (bench) => {
  const server = await bench.serve({ open: (ws) => void ws.send('unread') });
  const ws = bench.connect(server.url);
  await ws.opened;
  await soon();
  for (const connection of server.connections) connection.terminate();
  assert.is((await ws.closed).code, 1006);
  const { value } = await ws[Symbol.asyncIterator]().next();
  assert.is(value, 'unread');
});

test.run();
