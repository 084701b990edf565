// upgrade: requests that a Node HTTP server has read.
import { createServer, get, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { HandshakeRequest, ServerOptions } from '@sockless/core';
import * as assert from 'uvu/assert';
import { accept, type Decision, type Handlers, reject, upgrade, type WebSocketConnection } from '../src/index.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { dial, frame, rawClient, request } from './raw.ts';
import { type Bench, deferred, delay, exchange, recorder, suite, until } from './support.ts';

const test = suite('upgrade');

const echo: Handlers = { message: (ws, data) => void ws.send(data) };

/** Lets a server upgrade all requests; returns its port. */
function upgrading(
  bench: Bench,
  handlers: Handlers,
  options: ServerOptions = {},
  server: HttpServer = createServer(),
): Promise<number> {
  server.on('upgrade', (req, socket, head) => upgrade(req, socket, head, options, handlers));
  return bench.listen(server);
}

test('http', async (bench) => {
  const port = await upgrading(bench, echo);
  assert.is(await exchange(bench.connect(`ws://127.0.0.1:${port}`)), 'hello');
});

test('https', async (bench) => {
  const port = await upgrading(bench, echo, {}, createSecureServer({ key: KEY, cert: CERTIFICATE }));
  const ws = bench.connect(`wss://127.0.0.1:${port}`, {}, { tls: { ca: CERTIFICATE } });
  assert.is(await exchange(ws), 'hello');
});

/** How frameworks use a server: Express is a listener, Fastify creates the server and routes in its own `request` handler. */
const frameworks: Record<string, () => HttpServer> = {
  Express() {
    const app: RequestListener = (req, res) => void res.end(`express ${req.url}`);
    return createServer(app);
  },
  Fastify() {
    const server = createServer();
    server.on('request', (req, res) => void res.end(`fastify ${req.url}`));
    return server;
  },
};

for (const [name, create] of Object.entries(frameworks)) {
  test(`beside the routes of ${name}`, async (bench) => {
    const port = await upgrading(bench, echo, {}, create());
    const answer = await new Promise<string>((resolve) => {
      get(`http://127.0.0.1:${port}/page`, (res) => {
        res.setEncoding('utf8').on('data', resolve);
      });
    });
    assert.is(answer, `${name.toLowerCase()} /page`);
    assert.is(await exchange(bench.connect(`ws://127.0.0.1:${port}/chat`)), 'hello');
  });
}

test('several paths on one server', async (bench) => {
  const server = createServer();
  const prefix = (name: string): Handlers => ({ message: (ws, data) => void ws.send(`${name} ${data}`) });
  server.on('upgrade', (req, socket, head) => {
    if (req.url === '/a') upgrade(req, socket, head, { subprotocols: ['a'] }, prefix('a'));
    else if (req.url?.startsWith('/b?')) upgrade(req, socket, head, {}, prefix('b'));
    else upgrade(req, socket, head, {}, { request: () => reject(404, {}, 'nothing here') });
  });
  const url = `ws://127.0.0.1:${await bench.listen(server)}`;
  const a = bench.connect(`${url}/a`, {}, { subprotocols: ['x', 'a'] });
  assert.is(await exchange(a), 'a hello');
  assert.is(a.subprotocol, 'a');
  assert.is(await exchange(bench.connect(`${url}/b?q=1`)), 'b hello');
  const { explanation } = await bench.connect(`${url}/c`).closed;
  assert.is(explanation.error?.rule, 'status-not-101');
  assert.match(explanation.summary, '404');
});

test('frames directly after the request are kept until it is decided', async (bench) => {
  const decision = deferred<Decision>();
  const { log, handlers } = recorder();
  const port = await upgrading(bench, { ...handlers, request: () => decision.promise });
  const wire = await dial(bench, port);
  wire.write(request(), frame('client', 0x81, 'early'));
  await delay(20);
  wire.write(frame('client', 0x81, 'later'));
  await delay(20);
  assert.equal([log, wire.received.length], [[], 0]);
  decision.resolve(accept());
  await until(() => log.length === 3);
  assert.equal(log, ['open', 'text early', 'text later']);
});

test('more early bytes than maxEarlyBytes are refused', async (bench) => {
  const { log, handlers } = recorder();
  const port = await upgrading(
    bench,
    { ...handlers, request: () => delay(60_000, accept(), { ref: false }) },
    { maxEarlyBytes: 1000 },
  );
  const wire = await dial(bench, port);
  wire.write(request(), Buffer.alloc(1001));
  assert.match(await wire.end(), /^HTTP\/1.1 400 /);
  wire.socket.end();
  await until(() => log.length === 2);
  assert.equal(log, ['fail early-data', 'end 1006']);
});

test('a request has its resource, host, origin, subprotocols and headers, and `ws.request` holds it until `open` has returned', async (bench) => {
  const asked = deferred<[WebSocketConnection, HandshakeRequest]>();
  const seen: (HandshakeRequest | undefined)[] = [];
  const port = await upgrading(bench, {
    request: (ws, req) => {
      seen.push(ws.request);
      asked.resolve([ws, req]);
      return accept();
    },
    open: (ws) => void seen.push(ws.request),
  });
  const options = { headers: { 'X-One': 'eins' }, subprotocols: ['p', 'q'], origin: `http://127.0.0.1:${port}` };
  const client = bench.connect(`ws://127.0.0.1:${port}/a/b?c=%20d`, {}, options);
  const [ws, req] = await asked.promise;
  assert.is(req.resource, '/a/b?c=%20d');
  assert.is(req.host, `127.0.0.1:${port}`);
  assert.is(req.origin, `http://127.0.0.1:${port}`);
  assert.equal(req.subprotocols, ['p', 'q']);
  assert.ok(req.headers.some(([name, value]) => name === 'x-one' && value === 'eins'));
  assert.is((await client.opened).subprotocol, '');
  assert.ok(seen.length === 2 && seen.every((request) => request === req));
  assert.is(ws.request, undefined);
});

const refused: { title: string; text: string; status: number; has?: RegExp; options?: ServerOptions }[] = [
  { title: 'POST', text: request().replace('GET', 'POST'), status: 405, has: /\r\nAllow: GET\r\n/ },
  {
    title: 'another upgrade',
    text: request().replace('websocket', 'h2c'),
    status: 426,
    has: /\r\nUpgrade: websocket\r\n/,
  },
  {
    title: 'version 8',
    text: request().replace('Version: 13', 'Version: 8'),
    status: 426,
    has: /\r\nSec-WebSocket-Version: 13\r\n/,
  },
  { title: 'no key', text: request().replace(/Sec-WebSocket-Key.*\r\n/, ''), status: 400 },
  { title: 'two keys', text: request('/', ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']), status: 400 },
  { title: 'two hosts', text: request('/', ['Host: b']), status: 400 },
  { title: 'a foreign origin', text: request('/', ['Origin: http://evil.example']), status: 403 },
  { title: 'no origin where one is required', text: request(), status: 403, options: { requireOrigin: true } },
  { title: 'an absolute target of another host', text: request('http://a/'), status: 400 },
  { title: 'a target with a fragment', text: request('/#a'), status: 400 },
  { title: 'a target with two slashes', text: request('//evil.example/'), status: 101 },
  { title: 'an absolute target', text: request('http://server.example.com/'), status: 101 },
  { title: 'a body', text: request('/', ['Content-Length: 1']), status: 400 },
  { title: 'HTTP/1.0', text: request().replace('HTTP/1.1', 'HTTP/1.0'), status: 505 },
  {
    title: 'bytes beyond ASCII in the subprotocol',
    text: request('/', ['Sec-WebSocket-Protocol: \u00fc']),
    status: 400,
  },
  {
    title: '__proto__ as an extension',
    text: request('/', ['Sec-WebSocket-Extensions: __proto__; constructor=1']),
    status: 101,
  },
  { title: 'bytes beyond ASCII in an unknown header', text: request('/', ['X-A: \u00fc\u20ac']), status: 101 },
];

for (const { title, text, status, has, options } of refused) {
  test(`a request with ${title} → ${status}`, async (bench) => {
    const port = await upgrading(bench, {}, options);
    const wire = await dial(bench, port);
    wire.write(Buffer.from(text, 'latin1'));
    const head = await wire.head();
    assert.match(head, new RegExp(`^HTTP/1.1 ${status} `));
    if (has !== undefined) assert.match(head, has);
    if (status !== 101) await wire.end();
  });
}

test('a decision that never comes ends with handshakeTimeout', async (bench) => {
  const port = await upgrading(bench, { request: () => new Promise<Decision>(() => {}) }, { handshakeTimeout: 30 });
  const wire = await dial(bench, port);
  wire.write(request());
  assert.match(await wire.end(), /^HTTP\/1.1 408 /);
});

test('an invalid option throws to the caller', async (bench) => {
  const server = createServer();
  const thrown = deferred<unknown>();
  server.on('upgrade', (req, socket, head) => {
    try {
      upgrade(req, socket, head, { maxMessageSize: -1 });
    } catch (error) {
      thrown.resolve(error);
      socket.destroy();
    }
  });
  const wire = await dial(bench, await bench.listen(server));
  wire.write(request());
  assert.instance(await thrown.promise, RangeError);
});

test('garbage right after the handshake fails the connection, not the process', async (bench) => {
  const { log, handlers } = recorder();
  const port = await upgrading(bench, handlers);
  const wire = await rawClient(bench, port);
  wire.write(Buffer.alloc(100, 0xff));
  const [close] = await wire.frames(1);
  assert.is(close?.first, 0x88);
  wire.socket.end();
  await until(() => log.length === 3);
  assert.equal(log, ['open', 'fail reserved-opcode', 'end 1006']);
});

test.run();
