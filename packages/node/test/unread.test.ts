// Messages without a reader: they never stop reading, so that the end is noticed, and a loop that begins too late is told.

import { VirtualClock } from '@sockless/adapter/testing';
import type { EndEvent } from '@sockless/core';
import { StateError } from '@sockless/core';
import * as assert from 'uvu/assert';
import type { WebSocketConnection } from '../src/index.ts';
import { openClient, openConnection } from './pairs.ts';
import { closing, frame } from './raw.ts';
import { deferred, delay, soon, suite, thrown, until, within } from './support.ts';

const test = suite('unread messages');

const MB = 1024 * 1024;

const take = async (ws: WebSocketConnection, count: number): Promise<unknown[]> => {
  const iterator = ws[Symbol.asyncIterator]();
  const got: unknown[] = [];
  while (got.length < count) got.push((await iterator.next()).value);
  return got;
};

test('a client that reads no messages still notices the end, and connects again', async (bench) => {
  let connections = 0;
  const host = await bench.serve({
    open(ws) {
      connections++;
      ws.send('hello');
      if (connections < 3) setTimeout(() => ws.close(1001), 5);
    },
  });
  const ends: EndEvent[] = [];
  bench.connect(host.url, { end: (_, event) => void ends.push(event) }, { reconnect: { base: 2, cap: 2 } });
  await until(() => connections === 3 && ends.length >= 2);
  assert.is(ends[0]?.code, 1001);
});

test("a client that reads no messages does not delay a server's shutdown", async (bench) => {
  const host = await bench.serve({ open: (ws) => ws.send('hello') });
  const ws = bench.connect(host.url);
  await ws.opened;
  await soon();
  await within(3000, 'to close', host.close({ timeout: 60_000 }));
});

test('messages without a reader are kept up to 1 MiB, then dropped, and a loop that begins after that throws', async (bench) => {
  const { ws, wire } = await openClient(bench);
  const message = frame('server', 0x82, new Uint8Array(100_000));
  for (let i = 0; i < 10; i++) wire.write(message);
  wire.write(frame('server', 0x89));
  await wire.frames(1);
  assert.is(ws.droppedMessages, 0);
  for (let i = 0; i < 10; i++) wire.write(message);
  wire.write(frame('server', 0x89));
  await wire.frames(1);
  assert.is(ws.droppedMessages, 20);
  const error = thrown(StateError, () => ws[Symbol.asyncIterator]());
  assert.is(error.rule, 'messages-dropped');
  assert.match(error.message, /20 messages/);
  wire.socket.end(frame('server', 0x88, closing(4000)));
  assert.is((await ws.closed).code, 4000);
});

test('empty messages without a reader are bounded too, and then dropped', async (bench) => {
  const { ws, wire } = await openClient(bench);
  wire.write(Buffer.alloc(2 * 50_000, Buffer.of(0x82, 0)), frame('server', 0x89));
  await wire.frames(1);
  assert.is(ws.droppedMessages, 50_000);
});

test('on a server, messages wait for a loop that an async `open` handler begins only after a while', async (bench) => {
  const got: unknown[] = [];
  const { wire } = await openConnection(bench, {
    async open(ws) {
      await delay(20);
      for await (const message of ws) got.push(message);
    },
  });
  wire.write(frame('client', 0x81, '1'), frame('client', 0x81, '2'));
  await until(() => got.length === 2);
  wire.write(frame('client', 0x81, '3'));
  await until(() => got.length === 3);
  assert.equal(got, ['1', '2', '3']);
});

test('on a server a loop may begin after `open` has returned, before a message arrives', async (bench) => {
  const { ws, wire } = await openConnection(bench);
  wire.write(frame('client', 0x81, '1'));
  assert.equal(await take(ws, 1), ['1']);
});

test('on a server unread messages are dropped once `open` is done, and counted', async (bench) => {
  const opening = deferred<void>();
  const { ws, wire } = await openConnection(bench, { open: () => opening.promise });
  wire.write(frame('client', 0x81, 'kept for now'));
  await soon();
  assert.is(ws.droppedMessages, 0);
  opening.resolve();
  await until(() => ws.droppedMessages === 1);
  wire.write(frame('client', 0x81, 'x'), frame('client', 0x82, 'y'));
  await until(() => ws.droppedMessages === 3);
  assert.is(thrown(StateError, () => ws[Symbol.asyncIterator]()).rule, 'messages-dropped');
});

test('on a server a loop may begin later if nothing was dropped', async (bench) => {
  const { ws, wire } = await openConnection(bench);
  await soon();
  const all = take(ws, 2);
  wire.write(frame('client', 0x81, '1'), frame('client', 0x81, '2'));
  assert.equal(await all, ['1', '2']);
});

test('after a loop was left, messages wait for the next loop', async (bench) => {
  const { ws, wire } = await openClient(bench);
  wire.write(frame('server', 0x81, '1'), frame('server', 0x81, '2'));
  for await (const _ of ws) break;
  assert.equal(await take(ws, 1), ['2']);
  const iterator = ws[Symbol.asyncIterator]();
  const waiting = iterator.next();
  wire.write(frame('server', 0x82, new Uint8Array(MB)));
  await waiting;
  await iterator.return?.();
});

test('when one of two loops is left, the other goes on', async (bench) => {
  const got: unknown[] = [];
  const { ws, wire } = await openClient(bench, { message: (_, data) => void got.push(data) });
  const one = ws[Symbol.asyncIterator]();
  const other = ws[Symbol.asyncIterator]();
  const waiting = [one.next(), other.next()];
  await one.return?.();
  assert.equal(await waiting[0], { done: true, value: undefined });
  assert.equal(await one.next(), { done: true, value: undefined });
  wire.write(frame('server', 0x81, 'x'), frame('server', 0x81, 'y'));
  assert.is((await waiting[1])?.value, 'x');
  assert.is((await other.next()).value, 'y');
  await one.return?.();
  wire.write(frame('server', 0x81, 'z'));
  assert.is((await other.next()).value, 'z');
  assert.equal(got, []);
});

test('deadlines run for a connection without a reader for its messages', async (bench) => {
  const clock = new VirtualClock();
  const { ws, wire } = await openClient(bench, {}, { clock, heartbeat: { interval: 1000, timeout: 500 } });
  wire.write(frame('server', 0x81, 'unread'));
  await soon();
  // A Ping frame may be late by an 8th.
  clock.advance(1126);
  await wire.frames(1);
  clock.advance(501);
  assert.is((await ws.closed).explanation.error?.rule, 'pong-timeout');
});

test.run();
