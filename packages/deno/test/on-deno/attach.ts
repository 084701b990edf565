/** The driver alone, on a connection that does as a test says. */

import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import type { WebSocketConnection } from '../../src/index.ts';
import { type FakeConn, frame, opened, settled } from './fake-conn.ts';

const BINARY = 2;
const echo = { message: (ws: WebSocketConnection, data: string | Uint8Array): void => void ws.send(data) };
const bytes = (length: number, seed = 1): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 7 + seed) & 255);

async function end(conn: FakeConn, ws: WebSocketConnection): Promise<EndEvent> {
  ws.terminate();
  await settled();
  assert.is(conn.closes, 1);
  return ws.closed;
}

Deno.test('what is read together is answered in one write', async () => {
  const { conn, ws } = opened(echo);
  const messages = Array.from({ length: 50 }, () => [...frame(BINARY, bytes(16))]);
  assert.is(await conn.arrive(Uint8Array.from(messages.flat())), 50 * 22);
  assert.is(conn.written.length, 1);
  assert.is(conn.bytes.length, 50 * 18);
  await end(conn, ws);
});

Deno.test('a payload leaves with its header up to 256 KiB; a longer one alone', async () => {
  for (const [length, writes] of [
    [4096, 1],
    [50_000, 1],
    [250_000, 1],
    [300_000, 2],
  ] as const) {
    const { conn, ws } = opened();
    ws.send(bytes(length));
    await settled();
    assert.is(conn.written.length, writes);
    assert.equal(conn.bytes.subarray(-length), bytes(length));
    await end(conn, ws);
  }
});

Deno.test('many who are stuck while they write long payloads lose nothing, and neither do those after them', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (let round = 0; round < 2; round++) {
    const all = Array.from({ length: 12 }, (_, i) => {
      const { conn, ws } = opened();
      if (round === 0) conn.go = promise;
      for (let n = 0; n < 3; n++) ws.send(bytes(20_000 + i, i + n));
      return { conn, ws, i };
    });
    await settled();
    if (round === 0) resolve();
    await settled();
    for (const { conn, ws, i } of all) {
      while (ws.queuedBytes > 0) await settled();
      const expected = [0, 1, 2].flatMap((n) => [
        0x82,
        126,
        (20_000 + i) >> 8,
        (20_000 + i) & 255,
        ...bytes(20_000 + i, i + n),
      ]);
      assert.is(String(conn.bytes), String(expected));
      await end(conn, ws);
    }
  }
});

Deno.test('a write that takes little at a time loses nothing, and queuedBytes says what is left', async () => {
  const { conn, ws } = opened();
  conn.takes = 3;
  ws.send(bytes(100));
  ws.send(bytes(70_000, 5));
  await settled();
  while (ws.queuedBytes > 0) await settled();
  assert.ok(conn.written.every(({ length }) => length <= 3));
  assert.is(conn.bytes.length, 102 + 70_010);
  assert.equal(conn.bytes.subarray(2, 102), bytes(100));
  assert.equal(conn.bytes.subarray(112), bytes(70_000, 5));
  await end(conn, ws);
});

Deno.test('one write at a time: what is sent meanwhile waits, in order, and drain follows', async () => {
  let drains = 0;
  const { conn, ws } = opened({ drain: () => void drains++ });
  const { promise, resolve } = Promise.withResolvers<void>();
  conn.go = promise;
  assert.is(ws.send(bytes(40_000, 1)), 40_004);
  await settled();
  assert.is(ws.send(bytes(40_000, 2)), 80_008);
  await settled();
  assert.is(ws.queuedBytes, 80_008);
  assert.is(conn.written.length, 0);
  resolve();
  await settled();
  assert.equal([ws.queuedBytes, drains, conn.written.length], [0, 1, 2]);
  assert.equal(conn.bytes.subarray(4, 40_004), bytes(40_000, 1));
  assert.equal(conn.bytes.subarray(40_008), bytes(40_000, 2));
  await end(conn, ws);
});

Deno.test('what was delivered stays as it is, whatever is read behind it', async () => {
  const kept: Uint8Array[] = [];
  const { conn, ws } = opened({ message: (_, data) => void kept.push(data as Uint8Array) });
  for (let i = 0; i < 300; i++) await conn.arriveAll(frame(BINARY, bytes((i * 37) % 5000, i)));
  assert.is(kept.length, 300);
  for (const [i, data] of kept.entries()) assert.equal(data, bytes((i * 37) % 5000, i));
  await end(conn, ws);
});

Deno.test('while it is paused nothing is read, and the end of the peer waits', async () => {
  const received: unknown[] = [];
  const { conn, ws } = opened({
    message(it, data) {
      received.push(data);
      if (received.length === 1) it.pause();
    },
    end: () => void received.push('end'),
  });
  await conn.arrive(Uint8Array.from([...frame(BINARY, bytes(1, 1)), ...frame(BINARY, bytes(1, 2))]));
  assert.equal([received.length, conn.isReading, conn.reads], [1, false, 1]);
  ws.resume();
  await settled();
  assert.equal([received.length, conn.isReading, conn.reads], [2, true, 2]);
  ws.pause();
  await conn.arrive(null);
  assert.equal([received.length, ws.state], [2, 'open']);
  ws.resume();
  await settled();
  await conn.arrive(null);
  assert.equal([received.length, received.at(-1), ws.state], [3, 'end', 'closed']);
  assert.equal([conn.closedWrites, conn.closes], [1, 1]);
});

for (const [what, fail] of Object.entries({
  reading: (conn: FakeConn) => conn.fail(new Deno.errors.ConnectionReset('pulled')),
  writing(conn: FakeConn, ws: WebSocketConnection) {
    conn.go = Promise.reject(new Deno.errors.BrokenPipe('pulled'));
    ws.send('x');
  },
})) {
  Deno.test(`an error while ${what} is the cause of the end, and the connection is closed`, async () => {
    const { conn, ws } = opened();
    fail(conn, ws);
    const { code, explanation } = await ws.closed;
    assert.equal([code, (explanation.cause as Error).message, conn.closes], [1006, 'pulled', 1]);
    assert.match(explanation.summary, /pulled/);
  });
}

Deno.test('a connection that somebody else has closed, or that takes no options, harms nobody', async () => {
  const { conn, ws } = opened();
  Object.assign(conn, {
    close() {
      throw new Deno.errors.BadResource('gone');
    },
  });
  conn.fail(new Deno.errors.BadResource('gone'));
  assert.match((await ws.closed).explanation.summary, /gone/);
});

Deno.test('what a handler throws is reported, and the next message is delivered', async () => {
  const errors: unknown[] = [];
  const report = (event: ErrorEvent): void => {
    event.preventDefault();
    errors.push(event.error);
  };
  addEventListener('error', report);
  const received: number[] = [];
  const fault = new Error('of the handler');
  const { conn, ws } = opened({
    message(_, data) {
      received.push(data.length);
      if (data.length === 1) throw fault;
    },
  });
  await conn.arrive(Uint8Array.from([...frame(BINARY, bytes(1)), ...frame(BINARY, bytes(2))]));
  await conn.arrive(frame(BINARY, bytes(3)));
  removeEventListener('error', report);
  assert.equal(received, [1, 2, 3]);
  assert.equal(errors, [fault]);
  await end(conn, ws);
});

Deno.test('closing: our side is ended behind the Close frame, the rest when the peer has ended', async () => {
  const { conn, ws } = opened();
  await conn.arrive(frame(8, Uint8Array.of(3, 232)));
  assert.equal([...conn.bytes], [0x88, 2, 3, 232]);
  assert.equal([conn.closedWrites, conn.closes], [1, 0]);
  await conn.arrive(null);
  assert.equal([conn.closes, (await ws.closed).clean], [1, true]);
});
