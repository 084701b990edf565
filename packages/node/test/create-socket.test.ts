// connect with `createSocket`: attempts that cannot begin, and transports that come late or never.
import { once } from 'node:events';
import { createServer as createProxy, request as httpRequest } from 'node:http';
import { connect as netConnect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { VirtualClock } from '@sockless/adapter/testing';
import type { EndEvent, WebSocketUri } from '@sockless/core';
import * as assert from 'uvu/assert';
import type { ConnectOptions, Handlers } from '../src/index.ts';
import { deferred, delay, recorder, soon, suite, until } from './support.ts';

const test = suite('createSocket');

const oops = new Error('no way through');

const failures: Record<string, () => Duplex | Promise<Duplex>> = {
  throws: () => {
    throw oops;
  },
  rejects: () => Promise.reject(oops),
  'rejects later': () => delay(5).then(() => Promise.reject(oops)),
};

for (const [how, fail] of Object.entries(failures)) {
  test(`when createSocket ${how}, the connection ends with this cause, after connect has returned`, async (bench) => {
    const { log, handlers } = recorder();
    const ws = bench.connect('ws://localhost', handlers, { createSocket: fail });
    assert.equal([ws.state, log], ['connecting', []]);
    const { explanation, code } = await ws.closed;
    assert.equal([code, explanation.cause], [1006, oops]);
    assert.match(explanation.summary, /no way through/);
    assert.equal(log, ['fail handshake-interrupted', 'end 1006']);
  });

  test(`when createSocket ${how} at the second attempt, a third is made, and then \`closed\` settles`, async (bench) => {
    const server = await bench.serve({ open: (ws) => ws.terminate() });
    let attempts = 0;
    const ends: EndEvent[] = [];
    const createSocket = (): Duplex | Promise<Duplex> => {
      attempts++;
      return attempts === 2 ? fail() : netConnect(server.port, '127.0.0.1');
    };
    const reconnect = { base: 2, cap: 2, attempts: 2 };
    const ws = bench.connect(server.url, { end: (_, event) => void ends.push(event) }, { createSocket, reconnect });
    await ws.closed;
    assert.is(attempts, 3);
    assert.equal([ends.length, ends[1]?.explanation.cause], [3, oops]);
  });

  for (const command of ['close', 'terminate'] as const) {
    test(`${command}() ends a client that waits for its next attempt because createSocket ${how}`, async (bench) => {
      const waits = deferred<void>();
      const reconnect = { base: 60_000, onRetry: () => waits.resolve() };
      const ws = bench.connect(
        'ws://localhost',
        {},
        { createSocket: fail, reconnect, random: (bytes) => bytes.fill(255) },
      );
      await waits.promise;
      ws[command]();
      assert.is((await ws.closed).explanation.cause, oops);
    });
  }
}

for (const value of [undefined, null, 5, {}]) {
  test(`when createSocket returns ${JSON.stringify(value)}, the connection ends with a clear error`, async (bench) => {
    const ws = bench.connect('ws://localhost', {}, { createSocket: () => value as never });
    assert.match((await ws.closed).explanation.summary, /TypeError/);
  });
}

const giveUps: Record<
  string,
  (ws: ReturnType<typeof import('../src/index.ts').connect>, controller: AbortController) => void
> = {
  'close()': (ws) => ws.close(),
  'terminate()': (ws) => ws.terminate(),
  abort: (_, controller) => controller.abort(),
};

for (const [how, giveUp] of Object.entries(giveUps)) {
  test(`${how} while a socket is awaited settles \`closed\` at once, and a socket that comes later is destroyed`, async (bench) => {
    const server = await bench.serve();
    const arrival = deferred<Duplex>();
    const controller = new AbortController();
    const { log, handlers } = recorder();
    const options: ConnectOptions = { createSocket: () => arrival.promise, signal: controller.signal, reconnect: true };
    const ws = bench.connect(server.url, handlers, options);
    await soon();
    giveUp(ws, controller);
    await ws.closed;
    assert.is(log.at(-1), 'end 1006');
    const socket = netConnect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    arrival.resolve(socket);
    await until(() => socket.destroyed);
    assert.is(log.length, 2);
  });
}

test('handshakeTimeout runs while a socket is awaited, and after the socket has come', async (bench) => {
  const server = await bench.serve({ request: () => new Promise(() => {}) });
  const clock = new VirtualClock();
  const options = { clock, handshakeTimeout: 1000 };
  const never = bench.connect(server.url, {}, { ...options, createSocket: () => new Promise<Duplex>(() => {}) });
  const arrival = deferred<Socket>();
  const late = bench.connect(server.url, {}, { ...options, createSocket: () => arrival.promise });
  clock.advance(600);
  arrival.resolve(netConnect(server.port, '127.0.0.1'));
  await soon();
  assert.equal([never.state, late.state], ['connecting', 'connecting']);
  clock.advance(402);
  assert.is((await never.closed).explanation.error?.rule, 'handshake-timeout');
  assert.is((await late.closed).explanation.error?.rule, 'handshake-timeout');
});

test('a client connects through an HTTP proxy by CONNECT', async (bench) => {
  const server = await bench.serve({ message: (ws, data) => ws.send(data) });
  const proxy = createProxy();
  proxy.on('connect', (req, socket: Socket, head) => {
    const [host, port] = (req.url ?? '').split(':');
    const upstream = netConnect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    bench.after(() => upstream.destroy());
    bench.after(() => socket.destroy());
  });
  const port = await bench.listen(proxy);
  const createSocket = async ({ host, port: target }: WebSocketUri): Promise<Duplex> => {
    const req = httpRequest({ host: '127.0.0.1', port, method: 'CONNECT', path: `${host}:${target}` });
    req.end();
    const [, socket] = (await once(req, 'connect')) as [unknown, Socket];
    return socket;
  };
  const ws = bench.connect(server.url, {}, { createSocket });
  await ws.opened;
  ws.send('through');
  assert.is((await ws[Symbol.asyncIterator]().next()).value, 'through');
});

test('an attempt that cannot even make a request is reported as an end', async (bench) => {
  const server = await bench.serve({ open: (ws) => ws.terminate() });
  let broken = false;
  const random = (bytes: Uint8Array): void => {
    if (broken) throw oops;
    bytes.fill(7);
  };
  const { log, handlers } = recorder();
  const lost: Handlers['end'] = (ws, event) => {
    handlers.end(ws, event);
    broken = true;
    // Without jitter there would be no retry either.
    queueMicrotask(() => {
      broken = true;
    });
  };
  const errors: unknown[] = [];
  const ws = bench.connect(
    server.url,
    { ...handlers, end: lost, error: (_, error) => void errors.push(error) },
    { random, reconnect: { base: 2, attempts: 3 } },
  );
  const end = await ws.closed;
  // Neither a request nor the delay of a further attempt can be made.
  assert.is(end.explanation.cause, oops);
  assert.ok(log.filter((line) => line === 'end 1006').length === 2);
  assert.equal(errors, [oops]);
});

test.run();
