// serve: a server of its own.
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { accept, type Decision, type Handlers, type ServeOptions, serve } from '../src/index.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { dial, rawClient, request } from './raw.ts';
import { TAKEN } from './sockets.ts';
import { type Bench, bodyOf, deferred, delay, exchange, suite, until } from './support.ts';

const test = suite('serve');

const echo: Handlers = { message: (ws, data) => void ws.send(data) };
const TLS = { key: KEY, cert: CERTIFICATE };

/** Returns the path of a Unix socket that does not exist yet. */
function socketPath(bench: Bench): string {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-'));
  bench.after(() => rmSync(folder, { recursive: true }));
  return join(folder, 'ws.sock');
}

test('on a TCP port', async (bench) => {
  const server = await bench.serve(echo);
  assert.ok(server.port > 0);
  assert.is(server.url, `ws://127.0.0.1:${server.port}`);
  assert.is(await exchange(bench.connect(server.url)), 'hello');
});

test('with TLS', async (bench) => {
  const server = await bench.serve(echo, { tls: TLS });
  assert.is(server.url, `wss://127.0.0.1:${server.port}`);
  assert.is(await exchange(bench.connect(server.url, {}, { tls: { ca: CERTIFICATE } })), 'hello');
});

test('on a Unix socket, which is gone after close', async (bench) => {
  const path = socketPath(bench);
  const server = await bench.serve(echo, { path });
  assert.equal([server.url, server.port], [path, 0]);
  assert.is(await exchange(bench.connect('ws://localhost/', {}, { socketPath: path })), 'hello');
  await server.close();
  assert.not(existsSync(path));
});

test('with TLS on a Unix socket', async (bench) => {
  const path = socketPath(bench);
  await bench.serve(echo, { path, tls: TLS });
  assert.is(
    await exchange(bench.connect('wss://localhost/', {}, { socketPath: path, tls: { ca: CERTIFICATE } })),
    'hello',
  );
});

for (const [host, url] of [
  [undefined, /^ws:\/\/localhost:\d+$/],
  ['localhost', /^ws:\/\/localhost:\d+$/],
  ['127.0.0.1', /^ws:\/\/127\.0\.0\.1:\d+$/],
  ['::1', /^ws:\/\/\[::1\]:\d+$/],
] as const) {
  test(`connecting to server.url reaches the server (host ${host})`, async (bench) => {
    const server = await serve(host === undefined ? {} : { host }, echo).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRNOTAVAIL' && error.code !== 'EAFNOSUPPORT') throw error;
    });
    if (server === undefined) return; // this machine has no IPv6
    bench.after(() => server.close({ timeout: 1 }));
    assert.match(server.url, url);
    assert.is(await exchange(bench.connect(server.url)), 'hello');
  });
}

test('listening on a port in use fails with a clear error', async (bench) => {
  const { port } = await bench.serve();
  const error = await serve({ port, host: '127.0.0.1' }).catch((reason: NodeJS.ErrnoException) => reason);
  assert.instance(error, Error);
  assert.match((error as Error).message, TAKEN);
});

test('listening on a path in use fails with a clear error', async (bench) => {
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

test('other requests get 426', async (bench) => {
  const { port } = await bench.serve();
  const [response] = (await once(httpGet({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage];
  assert.is(response.statusCode, 426);
  assert.is(response.headers.upgrade, 'websocket');
  assert.match(await bodyOf(response), /WebSocket/);
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
    assert.is(await bodyOf(response), 'page /x');
  });
}

test('garbage and a TLS hello on a plain port get 400, and harm no other client', async (bench) => {
  const server = await bench.serve(echo);
  for (const bytes of [Buffer.from('\x16\x03\x01\x02\x00\x01\x00', 'latin1'), Buffer.alloc(20_000, 0xee)]) {
    const wire = await dial(bench, server.port);
    wire.write(bytes);
    assert.match(await wire.end(), /^HTTP\/1.1 400 |^$/);
  }
  assert.is(await exchange(bench.connect(server.url)), 'hello');
  assert.is(server.connections.size, 1);
});

// The set of connections.

test('server.connections holds the connections that have not ended', async (bench) => {
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

test.run();
