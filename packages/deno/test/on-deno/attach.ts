/** The driver alone, on a connection that does as a test says. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Connection } from '@sockless/core';
import * as assert from 'uvu/assert';
import { VirtualClock } from '../../../node/test/virtual-clock.ts';
import { attach, type WebSocketConnection } from '../../src/index.ts';
import { bytes, end, FakeConn, frame, opened, settled } from './fake-conn.ts';

const BINARY = 2;
const echo = { message: (ws: WebSocketConnection, data: string | Uint8Array): void => void ws.send(data) };

Deno.test('what is read together is answered in one write', async () => {
  const { conn, ws } = opened(echo);
  const messages = Array.from({ length: 50 }, () => [...frame(BINARY, bytes(16))]);
  assert.is(await conn.arrive(Uint8Array.from(messages.flat())), 50 * 22);
  assert.is(conn.written.length, 1);
  assert.is(conn.bytes.length, 50 * 18);
  await end(conn, ws);
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

Deno.test('one write at a time: what is sent meanwhile waits, in order, and drain and drained follow', async () => {
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
  Deno.test(`a write that ${moves ? 'moves a little now and then is let alone' : 'does not move is the end after stallTimeout'}`, async () => {
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

Deno.test('what a handler throws or rejects with goes to `error`, and not to the process', async () => {
  const stray: unknown[] = [];
  const onStray = (event: ErrorEvent | PromiseRejectionEvent): void => {
    event.preventDefault();
    stray.push(event);
  };
  addEventListener('error', onStray);
  addEventListener('unhandledrejection', onStray);
  const fault = new Error('of the handler');
  for (const message of [() => Promise.reject(fault), () => throwIt(fault)]) {
    const errors: unknown[] = [];
    const { conn, ws } = opened({ message, error: (of, error) => void errors.push(of, error) });
    await conn.arrive(Uint8Array.from([...frame(BINARY, bytes(1)), ...frame(BINARY, bytes(2))]));
    assert.is(errors[0], ws);
    assert.ok(errors.every((it) => it === ws || it === fault));
    assert.equal([ws.state, ...conn.bytes.subarray(0, 4)], ['closing', 0x88, 16, 1011 >> 8, 1011 & 255]);
    await end(conn, ws);
  }
  await settled();
  removeEventListener('error', onStray);
  removeEventListener('unhandledrejection', onStray);
  assert.equal(stray, []);
});

function throwIt(error: Error): never {
  throw error;
}

Deno.test('handlers run in the context that the connection was made in, whoever leads to them', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: string[] = [];
  const note = (name: string) => (): void => void seen.push(`${name} in ${storage.getStore()}`);
  const handlers = Object.fromEntries(['open', 'message', 'drain', 'close', 'end'].map((name) => [name, note(name)]));
  const { conn, ws } = storage.run('its own', () => opened(handlers));
  const go = Promise.withResolvers<void>();
  await storage.run('another', async () => {
    conn.go = go.promise;
    ws.pause();
    ws.send(bytes(70_000));
    await settled();
    ws.resume();
    await settled();
    go.resolve();
    await settled();
    await conn.arrive(frame(BINARY, bytes(1)));
    await conn.arrive(frame(8, Uint8Array.of(3, 232)));
    await conn.arrive(null);
  });
  await ws.closed;
  assert.equal(
    seen,
    ['open', 'drain', 'message', 'close', 'end'].map((name) => `${name} in its own`),
  );
});

Deno.test('the deadlines of one tenant come in its own context', async () => {
  const storage = new AsyncLocalStorage<number>();
  const clock = new VirtualClock();
  const seen: unknown[] = [];
  const fail = (): void => void seen.push(storage.getStore());
  for (const time of [100, 110, 300]) {
    storage.run(time, () => opened({ fail }, { clock, idleTimeout: time, heartbeat: false }));
  }
  storage.run(0, () => clock.advance(400));
  await settled();
  await settled();
  assert.equal(seen, [100, 110, 300]);
});

Deno.test('closing: our side is ended behind the Close frame, the rest when the peer has ended', async () => {
  const { conn, ws } = opened();
  await conn.arrive(frame(8, Uint8Array.of(3, 232)));
  assert.equal([...conn.bytes], [0x88, 2, 3, 232]);
  assert.equal([conn.closedWrites, conn.closes], [1, 0]);
  await conn.arrive(null);
  assert.equal([conn.closes, (await ws.closed).clean], [1, true]);
});

Deno.test('the peer has ended its side while much waits: it still gets it all, then it is closed', async () => {
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

Deno.test('the peer has ended its side and never takes what waits: closeTimeout', async () => {
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

Deno.test('a connection whose methods throw harms nobody', async () => {
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

Deno.test('what is no Deno.Conn is refused at once', () => {
  for (const value of [undefined, null, 5, {}]) {
    assert.throws(() => attach(value as never, Connection.opened('server')), /a transport is a Deno\.Conn/);
  }
});

// Whoever is busy for so long lets others go first, by a timer; the sanitizer finds one that is left behind.
Deno.test('a handler that takes long and ends the connection leaves no timer', async () => {
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
