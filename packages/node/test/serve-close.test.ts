// serve: closing a server.
import type { EndEvent } from '@sockless/core';
import * as assert from 'uvu/assert';
import {
  accept,
  type Decision,
  type Handlers,
  type ServeOptions,
  serve,
  type WebSocketConnection,
} from '../src/index.ts';
import { closing, dial, frame, rawClient, request } from './raw.ts';
import { REFUSED } from './sockets.ts';
import { deferred, delay, exchange, recorder, soon, suite, until } from './support.ts';

const test = suite('serve');

const echo: Handlers = { message: (ws, data) => void ws.send(data) };

test('close sends 1001 to all connections and waits for their ends', async (bench) => {
  const ended: EndEvent[] = [];
  const server = await bench.serve({ ...echo, end: (_, event) => void ended.push(event) });
  const clients = Array.from({ length: 5 }, () => bench.connect(server.url, { message() {} }));
  await Promise.all(clients.map((ws) => ws.opened));
  await server.close();
  assert.is(server.connections.size, 0);
  assert.ok(ended.length === 5 && ended.every(({ clean }) => clean));
  for (const ws of clients) assert.equal([(await ws.closed).code, ws.endEvent?.clean], [1001, true]);
});

test('close sends the code and reason that it is given, and further calls of close change nothing and resolve', async (bench) => {
  const server = await bench.serve(echo);
  const ws = bench.connect(server.url, { message() {} });
  await ws.opened;
  await Promise.all([server.close({ code: 4000, reason: 'restart' }), server.close()]);
  await server.close();
  const { code, reason } = await ws.closed;
  assert.equal([code, reason], [4000, 'restart']);
});

test('close destroys connections that do not answer', async (bench) => {
  const server = await bench.serve(echo);
  const wire = await rawClient(bench, server.port);
  await server.close({ timeout: 50 });
  const [close] = await wire.frames(1);
  assert.equal(close, { first: 0x88, payload: closing(1001) });
  assert.is(server.connections.size, 0);
});

for (const timeout of [Infinity, 2 ** 40]) {
  test(`with a timeout of ${timeout}, close waits until the client answers`, async (bench) => {
    const server = await bench.serve(echo);
    const wire = await rawClient(bench, server.port);
    const closed = server.close({ timeout });
    await wire.frames(1);
    await delay(50);
    assert.is(server.connections.size, 1);
    wire.socket.end(frame('client', 0x88, closing(1001)));
    await closed;
  });
}

test('close ends paused connections, even when their client has gone', async (bench) => {
  const paused: WebSocketConnection[] = [];
  const { log, handlers } = recorder();
  const server = await bench.serve({
    ...handlers,
    message(ws) {
      ws.pause();
      paused.push(ws);
    },
  });
  const wires = [await rawClient(bench, server.port), await rawClient(bench, server.port)];
  for (const wire of wires) wire.write(frame('client', 0x81, '1'), frame('client', 0x81, '2'));
  await until(() => paused.length === 2);
  wires[0]?.socket.resetAndDestroy();
  paused[0]?.send('x'.repeat(1_000_000)); // a paused connection notices the reset only by writing
  await delay(20);
  wires[1]?.write(frame('client', 0x88, closing(1001)));
  wires[1]?.socket.end();
  await server.close({ timeout: 600_000 });
  assert.is(server.connections.size, 0);
  assert.is(log.filter((line) => line.startsWith('end')).length, 2);
});

test('a request that is undecided when the server closes is refused with 503, and deciding later changes nothing', async (bench) => {
  const [asked, decision] = [deferred<void>(), deferred<Decision>()];
  const { log, handlers } = recorder();
  const server = await bench.serve({
    ...handlers,
    request() {
      asked.resolve();
      return decision.promise;
    },
  });
  const wire = await dial(bench, server.port);
  wire.write(request());
  await asked.promise;
  wire.socket.on('end', () => wire.socket.end());
  await server.close({ timeout: 600_000 });
  decision.resolve(accept());
  assert.match(await wire.end(), /^HTTP\/1\.1 503 /);
  await soon();
  assert.equal(log, ['fail handshake-rejected', 'end 1006']);
});

test('a request on an existing socket gets 503 while the server closes', async (bench) => {
  const server = await bench.serve(echo);
  const stays = await rawClient(bench, server.port);
  const wire = await dial(bench, server.port);
  wire.write('GET / HTTP/1.1\r\n');
  await delay(10);
  const closed = server.close({ timeout: 600_000 });
  wire.write(request().slice('GET / HTTP/1.1\r\n'.length));
  assert.match(await wire.end(), /^HTTP\/1.1 503 /);
  wire.socket.end();
  stays.write(frame('client', 0x88, closing(1001)));
  stays.socket.end();
  await closed;
});

test('close waits for an answer of the http listener, then closes the socket at once, even if it is kept alive', async (bench) => {
  const asked = deferred<void>();
  const server = await bench.serve(echo, {
    async http(_, res) {
      asked.resolve();
      await delay(50);
      res.end('late');
    },
  });
  // Without this Node would close the socket after a second.
  server.http.on('timeout', () => undefined);
  const wire = await dial(bench, server.port);
  wire.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await asked.promise;
  await server.close({ timeout: 600_000 });
  assert.match(await wire.end(), /late/);
});

test('close waits for clients that were refused, and destroys those that do not leave', async (bench) => {
  const server = await bench.serve({}, { maxConnections: 1, closeTimeout: 600_000 });
  await rawClient(bench, server.port);
  const [leaves, stays] = [await dial(bench, server.port), await dial(bench, server.port)];
  for (const wire of [leaves, stays]) {
    wire.write(request());
    assert.match(await wire.head(), /^HTTP\/1\.1 503 /);
  }
  const closed = server.close({ timeout: 100 });
  leaves.socket.end();
  await closed;
  assert.is(server.statistics.refused, 2); // those that have ended
});

test('close does not wait for a socket that has sent nothing, such as one that a browser opened in advance', async (bench) => {
  const server = await bench.serve(echo);
  await dial(bench, server.port);
  await delay(50);
  await server.close({ timeout: 600_000 });
});

test('an invalid policy is refused before the first client comes', async () => {
  const options = { origins: ['example.com'] } as ServeOptions;
  const error = await serve(options).then(
    () => undefined,
    (reason: Error) => reason,
  );
  assert.ok(error instanceof TypeError, String(error));
});

test('after close no client can connect', async (bench) => {
  const server = await bench.serve(echo);
  await server.close();
  const { explanation } = await bench.connect(server.url, { message() {} }).closed;
  assert.match(explanation.summary, REFUSED);
});

test('`await using` closes a connection and then its server', async () => {
  let ws: WebSocketConnection;
  let server: Awaited<ReturnType<typeof serve>>;
  {
    await using host = await serve({ host: '127.0.0.1' }, echo);
    server = host;
    const { connect } = await import('../src/index.ts');
    await using client = connect(host.url);
    ws = client;
    assert.is(await exchange(client), 'hello');
  }
  assert.equal([ws.endEvent?.code, ws.endEvent?.clean], [1000, true]);
  assert.not(server.http.listening);
});

for (const [how, message] of [
  [{ code: 1006 }, /1006/],
  [{ reason: 'x'.repeat(124) }, /123/],
  [{ timeout: -1 }, /timeout/],
  [{ wait: 5 }, /wait: there is no such option/],
] as [object, RegExp][]) {
  test(`close rejects an invalid ${Object.keys(how)} and changes nothing`, async (bench) => {
    const server = await bench.serve();
    const ws = bench.connect(server.url);
    await ws.opened;
    const error = await server.close(how).catch((reason: unknown) => reason);
    assert.match(String(error), message);
    assert.is(ws.state, 'open');
    await bench.connect(server.url).opened;
  });
}

test.run();
