// attach: a connection of core on any socket.
import { once } from 'node:events';
import { connect as netConnect } from 'node:net';
import { Duplex } from 'node:stream';
import { Connection, type Role } from '@sockless/core';
import * as assert from 'uvu/assert';
import { attach, type Handlers, type WebSocketConnection } from '../src/index.ts';
import { frame, openServer } from './raw.ts';
import { delay, recorder, soon, suite, thrown, until } from './support.ts';

const test = suite('attach', 20_000);

/** Returns two ends of a pipe in memory that are not sockets. */
function duplexPair(): [Duplex, Duplex] {
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _, done) {
        other().push(chunk);
        done();
      },
      final(done) {
        other().push(null);
        done();
      },
    });
  const a: Duplex = end(() => b);
  const b: Duplex = end(() => a);
  return [a, b];
}

test('works on streams that are not sockets', async () => {
  const [a, b] = duplexPair();
  const server = recorder();
  const client = recorder();
  const echo: Handlers = { ...server.handlers, message: (ws, data) => void ws.send(data) };
  const peer = attach(b, Connection.opened('server'), echo);
  const ws = attach(a, Connection.opened('client'), client.handlers);
  ws.send('hello');
  ws.send(Uint8Array.of(65, 66));
  await until(() => client.log.length === 3);
  ws.close(1000, 'bye');
  await Promise.all([ws.closed, peer.closed]);
  assert.equal(client.log, ['open', 'text hello', 'binary AB', 'close 1000', 'end 1000 clean']);
  assert.equal(server.log, ['open', 'close 1000 bye', 'end 1000 clean']);
});

/** Returns two ends of a pipe in memory. Writes complete at once, but their bytes are kept and read only when released. */
function keepingPair(): { ends: [Duplex, Duplex]; letThrough: () => boolean } {
  const kept: [to: Duplex, chunk: Uint8Array | null][] = [];
  const end = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk, _, done) {
        kept.push([other(), chunk]);
        done();
      },
      final(done) {
        kept.push([other(), null]);
        done();
      },
    });
  const a: Duplex = end(() => b);
  const b: Duplex = end(() => a);
  return {
    ends: [a, b],
    letThrough: () => {
      const [to, chunk] = kept.shift() ?? [];
      to?.push(chunk);
      return to !== undefined;
    },
  };
}

/** Returns a message of varying length that differs from those before it. */
function numbered(n: number): string | Uint8Array {
  const lengths = [0, 5, 16, 125, 126, 1000, 4095, 4096, 5000, 20_000, 70_000];
  const length = lengths[(n * 7) % lengths.length] as number;
  if (n % 3 === 0) return `${n} ${'é'.repeat(n % 2)}${String.fromCharCode(97 + (n % 26)).repeat(length)}`;
  return new Uint8Array(length).map((_, i) => (i * 31 + n * 17 + (i >> 8)) & 0xff);
}

/** Compares long texts without printing them. */
function assertNumbered(message: string | Uint8Array | undefined, n: number): void {
  const expected = numbered(n);
  assert.is(typeof message, typeof expected, `message ${n}`);
  const same =
    typeof expected === 'string' ? message === expected : Buffer.compare(message as Uint8Array, expected) === 0;
  assert.ok(same, `message ${n}, of ${expected.length}`);
}

test('bytes kept by a stream that is not a socket stay unchanged, however much is sent after them', async (bench) => {
  const COUNT = 300;
  const { ends, letThrough } = keepingPair();
  bench.after(() => {
    for (const end of ends) end.destroy();
  });
  const back: (string | Uint8Array)[] = [];
  attach(ends[1], Connection.opened('server'), { message: (ws, data) => void ws.send(data) });
  const client = attach(ends[0], Connection.opened('client'), { message: (_, data) => void back.push(data) });
  for (let n = 0; n < COUNT; n++) {
    client.send(numbered(n));
    // Each message has its own write, and the stream keeps all of them.
    await Promise.resolve();
  }
  for (let turn = 0; back.length < COUNT; turn++) {
    if (!letThrough() || turn % 5 === 0) await new Promise(setImmediate);
  }
  for (let n = 0; n < COUNT; n++) assertNumbered(back[n], n);
});

for (const compression of [false, true]) {
  test(`over TCP every byte arrives unchanged at a slow reader (compression: ${compression})`, async (bench) => {
    const COUNT = 900;
    const options = { compression };
    const there: (string | Uint8Array)[] = [];
    const back: (string | Uint8Array)[] = [];
    let most = 0;
    const server = {
      message: (ws: WebSocketConnection, data: string | Uint8Array) => {
        there.push(data);
        ws.send(data);
        most = Math.max(most, ws.queuedBytes);
      },
    };
    const client = { message: (_: unknown, data: string | Uint8Array) => void back.push(data) };
    const ends = await bench.pair({ client, server, clientOptions: options, serverOptions: options });
    // Other connections, whose bytes are read at once.
    const others = [await bench.pair({ server: { message: (ws, data) => void ws.send(data) } })];
    await Promise.all([ends, ...others].map((pair) => pair.client.opened));
    ends.client.pause();
    ends.server.pause();
    for (let n = 0; n < COUNT; n++) {
      ends.client.send(numbered(n));
      for (const other of others) {
        other.client.send('x'.repeat(100 + n));
        other.server.send('y'.repeat(50 + n));
      }
      if (n % 20 === 0) await soon();
    }
    assert.ok(ends.client.queuedBytes > (compression ? 0 : 65_536), `${ends.client.queuedBytes} bytes wait`);
    // First the server reads while nothing reads from it, then the client reads, with pauses.
    for (const [end, messages] of [
      [ends.server, there],
      [ends.client, back],
    ] as const) {
      for (let turn = 0; messages.length < COUNT; turn++) {
        end.resume();
        await delay(3);
        if (turn % 3 === 0) end.pause();
        for (const other of others) other.server.send('z'.repeat(turn % 1000));
      }
    }
    assert.ok(most > (compression ? 0 : 65_536), `${most} bytes waited`);
    for (let n = 0; n < COUNT; n++) {
      assertNumbered(there[n], n);
      assertNumbered(back[n], n);
    }
  });
}

test('opens a connection on a socket that is still connecting', async (bench) => {
  const url = new URL(await openServer(bench, (wire) => wire.write(frame('server', 0x81, 'hi'))));
  const socket = netConnect({ host: '127.0.0.1', port: Number(url.port) });
  bench.after(() => socket.destroy());
  const { log, handlers } = recorder();
  const ws = attach(socket, Connection.client(url.href), handlers);
  assert.is(ws.state, 'connecting');
  await until(() => log.length === 2);
  assert.equal(log, ['open', 'text hi']);
});

test('the clock of a connection starts when it is attached, however old the process is', async (bench) => {
  const age = performance.now();
  const { log, handlers } = recorder();
  const limits = { handshakeTimeout: age / 2, idleTimeout: age / 2, heartbeat: false } as const;
  const [a, b] = duplexPair();
  const [c] = duplexPair();
  bench.after(() => {
    b.destroy();
    c.destroy();
  });
  const server = attach(a, Connection.opened('server', {}, limits), handlers);
  const client = attach(c, Connection.client('ws://localhost/', limits), handlers);
  bench.after(() => server.terminate());
  bench.after(() => client.terminate());
  await delay(Math.min(50, age / 4));
  assert.equal([log, server.state, client.state], [['open'], 'open', 'connecting']);
});

for (const when of ['just now', 'long ago'] as const) {
  test(`a socket that was destroyed ${when} ends the connection, once`, async () => {
    const [a] = duplexPair();
    a.destroy();
    if (when === 'long ago') await once(a, 'close');
    const { log, handlers } = recorder();
    const ws = attach(a, Connection.opened('server'), handlers);
    assert.is((await ws.closed).code, 1006);
    await soon();
    assert.equal(log, ['end 1006']);
  });
}

test("sets TCP_NODELAY, disables the socket's timeout, and adds its error listener first", () => {
  const [a] = duplexPair();
  const calls: string[] = [];
  Object.assign(a, {
    setNoDelay: (on: boolean) => calls.push(`setNoDelay ${on}`),
    setTimeout: (time: number) => calls.push(`setTimeout ${time}`),
  });
  a.on('newListener', (name) => calls.push(String(name)));
  attach(a, Connection.opened('server'));
  assert.is(calls[0], 'error');
  assert.ok(calls.includes('setNoDelay true') && calls.includes('setTimeout 0'));
});

for (const role of ['client', 'server'] as Role[]) {
  test(`wrong arguments throw even on a closed connection; with right arguments its commands do nothing (${role})`, async () => {
    const [a, b] = duplexPair();
    const ws = attach(a, Connection.opened(role));
    b.resume();
    const mistakes = (): void => {
      thrown(TypeError, () => ws.send(5 as never));
      thrown(TypeError, () => ws.sendFragment(5 as never, true));
      thrown(RangeError, () => ws.ping('x'.repeat(126)));
      thrown(RangeError, () => ws.pong('x'.repeat(126)));
    };
    mistakes();
    thrown(RangeError, () => ws.close(1006));
    assert.is(ws.state, 'open');
    ws.close();
    assert.is(ws.state, 'closing');
    assert.is(ws.send('x'), false);
    ws.terminate();
    await ws.closed;
    assert.is(ws.state, 'closed');
    mistakes();
    for (const call of [() => ws.send('x'), () => ws.sendFragment('x', true), () => ws.ping(), () => ws.pong()]) {
      assert.is(call(), false);
    }
    ws.close();
    ws.terminate();
    ws.pause();
    ws.resume();
  });
}

test.run();
