import { VirtualClock } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import * as assert from 'uvu/assert';
import { attach, type WebSocketConnection } from '../../src/index.ts';
import { bytes, end, FakeConn, frame, opened, settled, throwIt } from './fake-conn.ts';

const BINARY = 2;
const echo = { message: (ws: WebSocketConnection, data: string | Uint8Array): void => void ws.send(data) };

Deno.test('messages read together are answered in one write', async () => {
  const { conn, ws } = opened(echo);
  const messages = Array.from({ length: 50 }, () => [...frame(BINARY, bytes(16))]);
  assert.is(await conn.arrive(Uint8Array.from(messages.flat())), 50 * 22);
  assert.is(conn.written.length, 1);
  assert.is(conn.bytes.length, 50 * 18);
  await end(conn, ws);
});

Deno.test('many connections stuck in writes of long payloads lose nothing, and neither do later ones', async () => {
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

Deno.test('a write that takes little at a time loses nothing, and queuedBytes counts the rest', async () => {
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

Deno.test('one write at a time: later messages wait, in order, and drain and drained follow', async () => {
  let drains = 0;
  const { conn, ws } = opened({ drain: () => void drains++ });
  const { promise, resolve } = Promise.withResolvers<void>();
  conn.go = promise;
  assert.is(ws.send(bytes(40_000, 1)), true);
  await settled();
  assert.equal([ws.send(bytes(40_000, 2)), ws.queuedBytes], [true, 80_008]);
  const { drained } = ws;
  await settled();
  assert.equal([ws.queuedBytes, drains, conn.written.length], [80_008, 0, 0]);
  resolve();
  await drained;
  await settled();
  assert.equal([ws.queuedBytes, drains], [0, 1]);
  assert.equal(conn.bytes.subarray(4, 40_004), bytes(40_000, 1));
  assert.equal(conn.bytes.subarray(40_008), bytes(40_000, 2));
  await end(conn, ws);
});

for (const moves of [true, false]) {
  Deno.test(`a write that ${moves ? 'makes some progress is allowed' : 'makes no progress ends the connection after stallTimeout'}`, async () => {
    const clock = new VirtualClock();
    const { conn, ws } = opened({}, { clock, stallTimeout: 1000, heartbeat: false, idleTimeout: Infinity });
    conn.takes = 5;
    let go = Promise.withResolvers<void>();
    conn.go = go.promise;
    ws.send(bytes(100_000));
    await settled();
    for (let i = 0; i < 5; i++) {
      clock.advance(900);
      if (!moves) continue;
      const last = go;
      go = Promise.withResolvers<void>();
      conn.go = go.promise;
      last.resolve();
      await settled();
    }
    if (moves) {
      assert.equal([ws.state, conn.bytes.length], ['open', 25]);
      await end(conn, ws);
    } else {
      const { explanation } = await ws.closed;
      assert.equal([explanation.error?.rule, explanation.unsentBytes, conn.closes], ['stall-timeout', 100_010, 1]);
    }
  });
}

Deno.test('delivered bytes stay unchanged when more is read', async () => {
  const kept: Uint8Array[] = [];
  const { conn, ws } = opened({ message: (_, data) => void kept.push(data as Uint8Array) });
  for (let i = 0; i < 300; i++) await conn.arriveAll(frame(BINARY, bytes((i * 37) % 5000, i)));
  assert.is(kept.length, 300);
  for (const [i, data] of kept.entries()) assert.equal(data, bytes((i * 37) % 5000, i));
  await end(conn, ws);
});

Deno.test('a paused connection reads nothing, and the end of the peer waits', async () => {
  const received: unknown[] = [];
  const { conn, ws } = opened(
    {
      message(it, data) {
        received.push(data);
        if (received.length === 1) it.pause();
      },
      end: () => void received.push('end'),
    },
    { clock: new VirtualClock() },
  );
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

Deno.test('a connection that was closed elsewhere, or that takes no options, throws nothing', async () => {
  const { conn, ws } = opened();
  Object.assign(conn, {
    close() {
      throw new Deno.errors.BadResource('gone');
    },
  });
  conn.fail(new Deno.errors.BadResource('gone'));
  assert.match((await ws.closed).explanation.summary, /gone/);
});

Deno.test('closing: our side ends after the Close frame, the connection closes when the peer has ended', async () => {
  const { conn, ws } = opened();
  await conn.arrive(frame(8, Uint8Array.of(3, 232)));
  assert.equal([...conn.bytes], [0x88, 2, 3, 232]);
  assert.equal([conn.closedWrites, conn.closes], [1, 0]);
  await conn.arrive(null);
  assert.equal([conn.closes, (await ws.closed).clean], [1, true]);
});

Deno.test('a peer that ends its side while much is waiting still gets everything before the connection closes', async () => {
  const { conn, ws } = opened();
  const go = Promise.withResolvers<void>();
  conn.go = go.promise;
  ws.send(bytes(300_000));
  await settled();
  await conn.arrive(null);
  const { explanation, clean } = await ws.closed;
  assert.equal([clean, explanation.unsentBytes, conn.closes, conn.closedWrites], [false, 300_010, 0, 0]);
  go.resolve();
  await settled();
  await settled();
  assert.equal([conn.bytes.length, conn.closedWrites, conn.closes], [300_010, 1, 1]);
});

Deno.test('a peer that has ended its side and never reads the rest: closeTimeout', async () => {
  const clock = new VirtualClock();
  const { conn, ws } = opened({}, { clock, closeTimeout: 1000 });
  conn.go = new Promise(() => undefined);
  ws.send(bytes(300_000));
  await settled();
  await conn.arrive(null);
  await ws.closed;
  assert.is(conn.closes, 0);
  clock.advance(1001);
  await settled();
  assert.is(conn.closes, 1);
});

Deno.test('a connection whose methods throw ends only itself', async () => {
  for (const name of ['read', 'write', 'closeWrite', 'setNoDelay', 'handshake'] as const) {
    const conn = new FakeConn();
    const broken = { [name]: () => throwIt(new Error(`${name} does not work`)) };
    const ws = attach(Object.assign(conn, broken) as unknown as Deno.Conn, Connection.opened('server'));
    ws.send('x');
    if (conn.closes === 0) await conn.arrive(frame(8, Uint8Array.of(3, 232)));
    if (conn.closes === 0) await conn.arrive(null);
    await ws.closed;
    await settled();
    assert.is(conn.closes, 1, name);
  }
});

Deno.test('anything but a Deno.Conn is refused at once', () => {
  for (const value of [undefined, null, 5, {}]) {
    assert.throws(() => attach(value as never, Connection.opened('server')), /a transport is a Deno\.Conn/);
  }
});

// A connection that is busy for this long yields to others with a timer; the sanitizer finds a timer that is left behind.
Deno.test('a slow handler that ends the connection leaves no timer', async () => {
  const { conn, ws } = opened({
    message(connection) {
      const since = performance.now();
      while (performance.now() - since < 10);
      connection.terminate();
    },
  });
  await conn.arrive(frame(BINARY, bytes(16)));
  assert.is((await ws.closed).code, 1006);
  assert.is(conn.closes, 1);
});
