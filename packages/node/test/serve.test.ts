// serve: a server of its own.
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { CERTIFICATE, KEY } from './certificate.ts';
import { closing, dial, frame, rawClient, request } from './raw.ts';
import { REFUSED, TAKEN } from './sockets.ts';
import { type Bench, deferred, delay, recorder, suite, until } from './support.ts';

const test = suite('serve');

const echo: Handlers = { message: (ws, data) => void ws.send(data) };
const TLS = { key: KEY, cert: CERTIFICATE };

/** Returns the path of a Unix socket that does not exist yet. */
function socketPath(bench: Bench): string {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-'));
  bench.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'ws.sock');
}

async function exchange(ws: WebSocketConnection): Promise<void> {
  await ws.opened;
  ws.send('hello');
  const { value } = await ws[Symbol.asyncIterator]().next();
  assert.is(value, 'hello');
}

test('on a TCP port', async (bench) => {
  const server = await bench.serve(echo);
  assert.ok(server.port > 0);
  assert.is(server.url, `ws://127.0.0.1:${server.port}`);
  await exchange(bench.connect(server.url));
});

test('with TLS', async (bench) => {
  const server = await bench.serve(echo, { tls: TLS });
  assert.is(server.url, `wss://127.0.0.1:${server.port}`);
  await exchange(bench.connect(server.url, {}, { tls: { ca: CERTIFICATE } }));
});

test('on a Unix socket, which is gone after close', async (bench) => {
  const path = socketPath(bench);
  const server = await bench.serve(echo, { path });
  assert.equal([server.url, server.port], [path, 0]);
  await exchange(bench.connect('ws://localhost/', {}, { socketPath: path }));
  await server.close();
  assert.not(existsSync(path));
});

test('with TLS on a Unix socket', async (bench) => {
  const path = socketPath(bench);
  await bench.serve(echo, { path, tls: TLS });
  await exchange(bench.connect('wss://localhost/', {}, { socketPath: path, tls: { ca: CERTIFICATE } }));
});

for (const [host, url] of [
  [undefined, /^ws:\/\/localhost:\d+$/],
  ['localhost', /^ws:\/\/localhost:\d+$/],
  ['127.0.0.1', /^ws:\/\/127\.0\.0\.1:\d+$/],
  ['::1', /^ws:\/\/\[::1\]:\d+$/],
] as const) {
  test(`its url leads to it (host ${host})`, async (bench) => {
    const server = await serve(host === undefined ? {} : { host }, echo).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRNOTAVAIL' && error.code !== 'EAFNOSUPPORT') throw error;
    });
    if (server === undefined) return; // this machine has no IPv6
    bench.after(() => server.close({ timeout: 1 }));
    assert.match(server.url, url);
    await exchange(bench.connect(server.url));
  });
}

test('a port in use is an error that says so', async (bench) => {
  const { port } = await bench.serve();
  const error = await serve({ port, host: '127.0.0.1' }).catch((reason: NodeJS.ErrnoException) => reason);
  assert.instance(error, Error);
  assert.match((error as Error).message, TAKEN);
});

test('a path in use is an error that says so', async (bench) => {
  const path = socketPath(bench);
  await bench.serve({}, { path });
  const error = await serve({ path }).catch((reason: unknown) => reason);
  assert.match((error as Error).message, TAKEN);
});

const invalid: [ServeOptions, RegExp][] = [
  [{ maxMessageSize: -1 }, /maxMessageSize/],
  [{ heartbeat: { interval: 0, timeout: 1 } }, /heartbeat\.interval/],
  [{ port: 65_536 }, /65536/],
  [{ tls: { key: 'x', cert: 'y' } }, /./],
];
for (const [options, message] of invalid) {
  test(`invalid options reject at once: ${JSON.stringify(options)}`, async () => {
    const error = await serve(options).then(
      (server) => server.close(),
      (reason: unknown) => reason,
    );
    assert.instance(error, Error);
    assert.match((error as Error).message, message);
  });
}

// Requests that are not for a WebSocket.

async function read(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

test('other requests get 426', async (bench) => {
  const { port } = await bench.serve();
  const [response] = (await once(httpGet({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage];
  assert.is(response.statusCode, 426);
  assert.is(response.headers.upgrade, 'websocket');
  assert.match(await read(response), /WebSocket/);
});

for (const secure of [false, true]) {
  test(`other requests get the answer of the \`http\` listener (${secure ? 'https' : 'http'})`, async (bench) => {
    const { port } = await bench.serve(echo, {
      http: (req, res) => void res.end(`page ${req.url}`),
      tls: secure ? TLS : undefined,
    });
    const options = { port, host: '127.0.0.1', path: '/x' };
    const sent = secure ? httpsGet({ ...options, ca: CERTIFICATE }) : httpGet(options);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    assert.is(await read(response), 'page /x');
  });
}

test('garbage and a TLS hello on a plain port get 400, and harm no other client', async (bench) => {
  const server = await bench.serve(echo);
  for (const bytes of [Buffer.from('\x16\x03\x01\x02\x00\x01\x00', 'latin1'), Buffer.alloc(20_000, 0xee)]) {
    const wire = await dial(bench, server.port);
    wire.write(bytes);
    assert.match(await wire.end(), /^HTTP\/1.1 400 |^$/);
  }
  await exchange(bench.connect(server.url));
  assert.is(server.connections.size, 1);
});

// The set of connections.

test('connections holds those that have not ended', async (bench) => {
  const decision = deferred<Decision>();
  const server = await bench.serve({
    request: (_, { resource }) => (resource === '/late' ? decision.promise : accept()),
  });
  const { connections } = server;
  const now = bench.connect(server.url, { message() {} });
  await now.opened;
  assert.is(connections.size, 1);
  const late = bench.connect(`${server.url}/late`, { message() {} });
  await until(() => connections.size === 2);
  assert.equal([...connections].map(({ state }) => state).sort(), ['connecting', 'open']);
  decision.resolve(accept());
  await late.opened;
  now.close();
  await now.closed;
  await until(() => connections.size === 1);
  late.terminate();
  await until(() => connections.size === 0);

  const wire = await dial(bench, server.port);
  wire.write(request('/#refused'));
  await wire.end();
  wire.socket.end();
  await until(() => connections.size === 0);
  const gone = await dial(bench, server.port);
  gone.write(request('/late'));
  gone.socket.resetAndDestroy();
  await delay(20);
  assert.is(connections.size, 0);
});

test('in its end handler a connection is no longer in connections', async (bench) => {
  const sizes: number[] = [];
  const server = await bench.serve({ end: () => void sizes.push(server.connections.size) });
  for (let i = 0; i < 3; i++) (await rawClient(bench, server.port)).socket.destroy();
  await until(() => sizes.length === 3);
  assert.is(sizes.at(-1), 0);
});

// Closing.

test('close sends 1001 to all and waits for them', async (bench) => {
  const ended: EndEvent[] = [];
  const server = await bench.serve({ ...echo, end: (_, event) => void ended.push(event) });
  const clients = Array.from({ length: 5 }, () => bench.connect(server.url, { message() {} }));
  await Promise.all(clients.map((ws) => ws.opened));
  await server.close();
  assert.is(server.connections.size, 0);
  assert.ok(ended.length === 5 && ended.every(({ clean }) => clean));
  for (const ws of clients) assert.equal([(await ws.closed).code, ws.endEvent?.clean], [1001, true]);
});

test('close with a code and a reason; a second close waits as well', async (bench) => {
  const server = await bench.serve(echo);
  const ws = bench.connect(server.url, { message() {} });
  await ws.opened;
  await Promise.all([server.close({ code: 4000, reason: 'restart' }), server.close()]);
  await server.close();
  const { code, reason } = await ws.closed;
  assert.equal([code, reason], [4000, 'restart']);
});

test('close destroys those that do not answer', async (bench) => {
  const server = await bench.serve(echo);
  const wire = await rawClient(bench, server.port);
  await server.close({ timeout: 50 });
  const [close] = await wire.frames(1);
  assert.equal(close, { first: 0x88, payload: closing(1001) });
  assert.is(server.connections.size, 0);
});

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

test('close ends connections with an undecided request', async (bench) => {
  const decision = deferred<Decision>();
  const server = await bench.serve({ request: () => decision.promise });
  const wire = await dial(bench, server.port);
  wire.write(request());
  await until(() => server.connections.size === 1);
  wire.socket.on('end', () => wire.socket.end());
  await server.close({ timeout: 600_000 });
  decision.resolve(accept());
  assert.is(await wire.end(), '');
});

test('a request that comes while it closes, on an older socket, gets 503', async (bench) => {
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

test('close waits for an answer of the http listener', async (bench) => {
  const asked = deferred<void>();
  const server = await bench.serve(echo, {
    async http(_, res) {
      asked.resolve();
      await delay(50);
      res.end('late');
    },
  });
  const sent = httpGet({ port: server.port, host: '127.0.0.1' });
  await asked.promise;
  const closed = server.close();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  assert.is(await read(response), 'late');
  // The client keeps its connection alive, the closing server does not.
  await closed;
});

test('close does not wait for a socket that has sent nothing, such as browsers open in advance', async (bench) => {
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
    await exchange(client);
  }
  assert.equal([ws.endEvent?.code, ws.endEvent?.clean], [1000, true]);
  assert.not(server.http.listening);
});

test.run();
