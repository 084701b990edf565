// Requests and answers that must not get through: truncated heads, late answers, missing TLS.
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import * as assert from 'uvu/assert';
import { type ConnectOptions, type ServeOptions, upgrade } from '../src/index.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { dial, frame, request } from './raw.ts';
import { type Bench, deferred, delay, suite, until } from './support.ts';

const test = suite('doors');

// S13: a head of which Node has dropped fields.

/** Returns a request with this many header fields, the last of which is a foreign Origin. */
const many = (count: number): string =>
  request('/', [...Array.from({ length: count - 6 }, (_, n) => `X-${n}: a`), 'Origin: http://evil.example']);

for (const [count, maxHeadersCount, status] of [
  [20, undefined, 403],
  [128, undefined, 403],
  [129, undefined, 431],
  [1100, undefined, 431],
  [1100, 0, 431],
  [40, 40, 431],
  [70, 40, 431],
  [100, 33, 431],
  [20, 40, 403],
] as const) {
  test(`${count} header fields where maxHeadersCount is ${maxHeadersCount ?? 'not set'} are answered with ${status}`, async (bench) => {
    for (const secure of [false, true]) {
      const server = secure ? createSecureServer({ key: KEY, cert: CERTIFICATE }) : createServer();
      if (maxHeadersCount !== undefined) server.maxHeadersCount = maxHeadersCount;
      server.on('upgrade', (req, socket, head) => upgrade(req, socket, head));
      const port = await bench.listen(server);
      const text = many(count);
      const socket = secure ? connectTls({ port, ca: CERTIFICATE }) : connectTcp(port);
      bench.after(() => socket.destroy());
      socket.write(text);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      assert.is(answer.toString().slice(9, 12), String(status), secure ? 'https' : 'http');
    }
  });
}

// S14: a late answer to an earlier request.

const GET = 'GET /slow HTTP/1.1\r\nHost: server.example.com\r\n\r\n';

/** Answers when the test tells it to, in the order of the requests. */
function slow(): { listener: RequestListener; answers: ServerResponse[] } {
  const answers: ServerResponse[] = [];
  return { answers, listener: (_, response) => void answers.push(response) };
}

async function slowServer(
  bench: Bench,
  own: boolean,
  options: ServeOptions = {},
): Promise<{ port: number; answers: ServerResponse[] }> {
  const { listener, answers } = slow();
  const handlers = {
    message: (ws: { send(data: string | Uint8Array): unknown }, data: string | Uint8Array) => void ws.send(data),
  };
  if (own) return { answers, port: (await bench.serve(handlers, { ...options, http: listener })).port };
  const server = createServer(listener);
  const { http: _, ...rest } = options;
  server.on('upgrade', (req, socket, head) => upgrade(req, socket, head, rest, handlers));
  return { answers, port: await bench.listen(server) };
}

for (const own of [true, false]) {
  const name = own ? 'serve' : 'upgrade';

  test(`${name}: late answers to earlier requests are written whole before the connection opens and sends frames`, async (bench) => {
    const { port, answers } = await slowServer(bench, own);
    const wire = await dial(bench, port);
    wire.write(Buffer.concat([Buffer.from(GET + GET + request()), frame('client', 0x81, 'Hello')]));
    await until(() => answers.length === 2);
    await delay(20);
    assert.is(wire.received.length, 0);
    answers[1]?.end('second');
    answers[0]?.write('fir');
    await delay(20);
    answers[0]?.end('st');
    await until(() => wire.received.includes('Hello'));
    const end = wire.received.length - 7;
    assert.equal([...wire.received.subarray(end)], [0x81, 5, ...Buffer.from('Hello')]);
    const [first, second, third, rest] = wire.received.toString('latin1', 0, end).split(/(?=HTTP)/);
    assert.match(first ?? '', /^HTTP\/1\.1 200 OK\r\n.*fir.*st\r\n0\r\n\r\n$/s);
    assert.match(second ?? '', /^HTTP\/1\.1 200 OK\r\n.*second$/s);
    assert.match(third ?? '', /^HTTP\/1\.1 101 .*\r\n\r\n$/s);
    assert.is(rest, undefined);
  });

  test(`${name}: a connection opens at once if the earlier request has been answered`, async (bench) => {
    const { port, answers } = await slowServer(bench, own);
    const wire = await dial(bench, port);
    wire.write(GET);
    await until(() => answers.length === 1);
    answers[0]?.end('done');
    await until(() => wire.received.includes('done'));
    wire.write(request());
    await until(() => wire.received.includes('HTTP/1.1 101'));
  });

  test(`${name}: if an earlier answer never comes, the connection ends at handshakeTimeout without a 101`, async (bench) => {
    const { port, answers } = await slowServer(bench, own, { handshakeTimeout: 30, closeTimeout: 10 });
    const wire = await dial(bench, port);
    wire.write(GET + request());
    await until(() => answers.length === 1);
    await until(() => wire.ended);
    assert.not.match(wire.received.toString(), /101/);
  });

  test(`${name}: a client that disconnects while its answer is pending does not affect others`, async (bench) => {
    const { port, answers } = await slowServer(bench, own);
    const errors = bench.uncaught();
    const wire = await dial(bench, port);
    wire.write(GET + request());
    await until(() => answers.length === 1);
    wire.socket.resetAndDestroy();
    await delay(20);
    answers[0]?.end('x'.repeat(100_000));
    await delay(20);
    assert.equal(errors, []);
    const other = await dial(bench, port);
    other.write(request());
    await until(() => other.received.includes('HTTP/1.1 101'));
  });
}

// S17: a transport without TLS for a wss: URL.

const tls = { key: KEY, cert: CERTIFICATE };

for (const [how, wrap] of [
  ['at once', (socket: Duplex) => socket],
  ['by a promise', (socket: Duplex) => Promise.resolve(socket)],
] as const) {
  test(`if createSocket returns plain TCP ${how}, a wss: client sends nothing, and the end says why`, async (bench) => {
    const server = await bench.serve();
    const socket = connectTcp(server.port, '127.0.0.1');
    const ws = bench.connect('wss://user:secret@localhost', {}, { createSocket: () => wrap(socket) });
    const { explanation } = await ws.closed;
    assert.match(
      String(explanation.cause),
      /^TypeError: createSocket returned a stream without TLS for wss:; `insecure: true` allows that$/,
    );
    assert.ok(socket.destroyed);
    assert.is(socket.bytesWritten, 0);
  });

  test(`with insecure: true, a wss: client opens over plain TCP that createSocket returns ${how}`, async (bench) => {
    const server = await bench.serve();
    const createSocket = () => wrap(connectTcp(server.port, '127.0.0.1'));
    await bench.connect('wss://localhost', {}, { createSocket, insecure: true }).opened;
  });

  test(`a wss: client opens over TLS that createSocket returns ${how}`, async (bench) => {
    const server = await bench.serve({}, { tls });
    const createSocket = () => wrap(connectTls({ port: server.port, host: '127.0.0.1', ca: CERTIFICATE }));
    await bench.connect('wss://127.0.0.1', {}, { createSocket }).opened;
  });
}

test('when createSocket returns no stream for a wss URL, the connection ends', async (bench) => {
  const { explanation } = await bench.connect('wss://localhost', {}, { createSocket: () => ({}) as Duplex }).closed;
  assert.instance(explanation.cause, TypeError);
});

// S9: whose certificate is checked, over a Unix socket.

for (const [url, verified] of [
  ['wss://localhost/', true],
  ['wss://127.0.0.1/', true],
  ['https://sockless.test/', true],
  ['wss://127.0.0.2/', false],
  ['wss://[::1]/', false],
  ['wss://other.test/', false],
] as const) {
  test(`over a Unix socket the certificate is checked against ${url}, and ${verified ? 'matches' : 'is refused'}`, async (bench) => {
    const path = join(tmpdir(), `sockless-doors-${process.pid}-${Math.random().toString(36).slice(2)}`);
    await bench.serve({}, { path, tls });
    const options: ConnectOptions = { socketPath: path, tls: { ca: CERTIFICATE } };
    const ws = bench.connect(url, {}, options);
    const opened = deferred<string>();
    ws.opened.then(
      () => opened.resolve('open'),
      ({ end }) => opened.resolve(String(end.explanation.cause)),
    );
    if (verified) assert.is(await opened.promise, 'open');
    else assert.match(await opened.promise, /altnames/);
  });
}

test.run();
