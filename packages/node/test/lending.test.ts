// Who owns the bytes that are sent: the application as soon as `send` returns or, if lent, when `written` resolves.
import { VirtualClock } from '@sockless/adapter/testing';
import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import { openConnection, slowClient } from './pairs.ts';
import { frame } from './raw.ts';
import { soon, suite, until } from './support.ts';

const test = suite('lending', 20_000);

const LENT = { lend: true } as const;

const transfer = (bytes: Uint8Array<ArrayBuffer>): unknown =>
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });

test('bytes that were sent may be overwritten, transferred or resized at once', async (bench) => {
  const { ws, wire } = await openConnection(bench);
  const resizable = new Uint8Array(new ArrayBuffer(8192, { maxByteLength: 8192 })).fill(3);
  const [overwritten, transferred] = [new Uint8Array(8192).fill(1), new Uint8Array(8192).fill(2)];
  for (const bytes of [overwritten, transferred, resizable]) ws.send(bytes);
  overwritten.fill(0xff);
  transfer(transferred);
  resizable.buffer.resize(0);
  const frames = await wire.frames(3);
  assert.equal(
    frames.map(({ payload }) => [payload.length, payload[0], payload[8191]]),
    [1, 2, 3].map((byte) => [8192, byte, byte]),
  );
});

for (const size of [65_536, 1_000_000, 6_000_000]) {
  test(`a long message may be overwritten at once, whether the peer reads or not (${size} bytes)`, async (bench) => {
    for (const isSlow of [false, true]) {
      const { ws, wire } = await openConnection(bench);
      if (isSlow) wire.socket.pause();
      const bytes = new Uint8Array(size).fill(1);
      assert.ok(ws.send(bytes));
      bytes.fill(2);
      assert.ok(ws.send(bytes));
      transfer(bytes);
      ws.send('last');
      wire.socket.resume();
      const frames = await wire.frames(3);
      assert.equal(
        frames.slice(0, 2).map(({ payload }) => [payload.length, payload[0], payload.at(-1)]),
        [
          [size, 1, 1],
          [size, 2, 2],
        ],
      );
      for (const { payload } of frames.slice(0, 2)) assert.ok(payload.every((byte) => byte === payload[0]));
    }
  });
}

test('a connection whose loan has changed has all of closeTimeout, however long it was silent before', async (bench) => {
  const clock = new VirtualClock();
  const { ws } = await slowClient(bench, {}, { clock, heartbeat: false, idleTimeout: Infinity });
  clock.advance(20_000);
  const bytes = new Uint8Array(10_000);
  ws.send(bytes, LENT);
  transfer(bytes);
  await soon();
  for (const [passes, state] of [
    [4900, 'closing'],
    [200, 'closed'],
  ] as const) {
    clock.advance(passes);
    await soon();
    assert.is(ws.state, state);
  }
});

for (const size of [1, 4096, 10_000, 1_000_000]) {
  test(`lent bytes arrive, and may be used again when written has resolved (${size} bytes)`, async (bench) => {
    const { ws, wire } = await openConnection(bench);
    const bytes = new Uint8Array(size);
    for (let n = 1; n <= 5; n++) {
      bytes.fill(n);
      assert.ok(ws.send(bytes, LENT));
      await ws.written;
      assert.is(ws.queuedBytes, 0);
    }
    const frames = await wire.frames(5);
    for (const [i, { payload }] of frames.entries())
      assert.ok(payload.length === size && payload.every((byte) => byte === i + 1));
  });
}

test('`written` waits only for the client of its own connection to read, and settles when that connection ends', async (bench) => {
  const { ws, wire } = await openConnection(bench);
  wire.socket.pause();
  while (ws.queuedBytes === 0) {
    ws.send(new Uint8Array(100_000), LENT);
    await new Promise(setImmediate);
  }
  let settled = false;
  const written = ws.written.then(() => {
    settled = true;
  });
  const other = await openConnection(bench);
  other.ws.send('x');
  await other.ws.written;
  assert.not(settled);
  wire.socket.resume();
  await written;
  wire.socket.pause();
  while (ws.queuedBytes === 0) {
    ws.send(new Uint8Array(100_000), LENT);
    await new Promise(setImmediate);
  }
  const { written: never } = ws;
  ws.terminate();
  await never;
});

test('lent bytes transferred before they were written end only their connection, with 1011', async (bench) => {
  const ends: EndEvent[] = [];
  const { ws, wire } = await openConnection(bench, { end: (_, event) => void ends.push(event) });
  const other = await openConnection(bench);
  const bytes = new Uint8Array(8192);
  ws.send('before');
  ws.send(bytes, LENT);
  transfer(bytes);
  const [before, close] = await wire.frames(2);
  assert.equal([before?.payload.toString(), close?.first, close?.payload.readUInt16BE(0)], ['before', 0x88, 1011]);
  wire.write(frame('client', 0x88, close?.payload));
  wire.socket.end();
  await until(() => ends.length === 1);
  assert.is(ends[0]?.explanation.error?.rule, 'loan-changed');
  assert.is(other.ws.state, 'open');
});

test('lent bytes transferred while they were being written end the connection without a Close frame', async (bench) => {
  const ends: EndEvent[] = [];
  const { ws, wire } = await openConnection(bench, { end: (_, event) => void ends.push(event) });
  wire.socket.pause();
  const bytes = new Uint8Array(16_000_000);
  ws.send(bytes, LENT);
  await new Promise(setImmediate);
  assert.ok(ws.queuedBytes > 1_000_000, 'some of it waits');
  transfer(bytes);
  wire.socket.resume();
  await until(() => ends.length === 1);
  const { error, sent, cause } = (ends[0] as EndEvent).explanation;
  // Either a driver in the middle of a write notices first, or the operating system, which no longer has that memory.
  const noticed = cause instanceof TypeError || (cause as NodeJS.ErrnoException | undefined)?.code === 'EFAULT';
  assert.ok(error?.rule === 'loan-changed' || noticed, String(cause));
  assert.is(sent, undefined);
});

test.run();
