// RFC 9110 7.8: a request to upgrade to another protocol than WebSocket is answered as if it had not asked.
import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import * as assert from 'uvu/assert';
import { ignoreUpgrade, type ServeOptions, upgrade } from '../src/index.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { dial, frame, request, Wire } from './raw.ts';
import { type Bench, delay, recorder, soon, suite, until } from './support.ts';

const test = suite('other upgrades');

/** Says what it was asked, and with what. */
const app: RequestListener = async (req, res) => {
  const body = await text(req);
  res.end(JSON.stringify([req.method, req.url, req.headers.upgrade, req.headers['x-a'], body]));
};

const h2c = (method: string, fields: readonly string[] = [], body = ''): string =>
  [
    `${method} /page HTTP/1.1`,
    'Host: server.example.com',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    'X-A: caf\xe9',
    ...fields,
    '',
    body,
  ].join('\r\n');

const BODIES: Record<string, [sent: string, asked: unknown[]]> = {
  'a GET': [h2c('GET'), ['GET', '/page', null, 'caf\xe9', '']],
  'a POST of one byte': [h2c('POST', ['Content-Length: 1'], 'x'), ['POST', '/page', null, 'caf\xe9', 'x']],
  'a POST with its length': [
    h2c('POST', ['Content-Length: 11'], 'hello world'),
    ['POST', '/page', null, 'caf\xe9', 'hello world'],
  ],
  'a POST in chunks': [
    h2c('POST', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'),
    ['POST', '/page', null, 'caf\xe9', 'hello'],
  ],
};

async function wireTo(bench: Bench, port: number, secure: boolean): Promise<Wire> {
  if (!secure) return dial(bench, port);
  const socket = connectTls({ port, host: '127.0.0.1', ca: CERTIFICATE });
  bench.after(() => socket.destroy());
  await once(socket, 'secureConnect');
  return new Wire(socket as Socket);
}

for (const secure of [false, true]) {
  const options: ServeOptions = secure ? { tls: { key: KEY, cert: CERTIFICATE } } : {};
  for (const [what, [sent, asked]] of Object.entries(BODIES)) {
    test(`serve${secure ? ' with TLS' : ''}: the app answers ${what} that asks for h2c, and the socket takes further requests`, async (bench) => {
      const { log, handlers } = recorder();
      const server = await bench.serve(handlers, { ...options, http: app });
      const wire = await wireTo(bench, server.port, secure);
      const bytes = Buffer.from(sent, 'latin1');
      // Its body comes with it, and later.
      for (const parts of [[bytes], [bytes.subarray(0, -3), bytes.subarray(-3)]]) {
        for (const part of parts) {
          wire.write(part);
          await delay(5);
        }
        assert.match(await wire.head(), /^HTTP\/1\.1 200 OK\r\n/);
        await until(() => wire.received.includes(']'));
        assert.match(wire.received.toString(), JSON.stringify(asked));
        await delay(5);
        wire.received = Buffer.alloc(0);
      }
      // The same socket may still become a WebSocket.
      wire.write(request(), frame('client', 0x81, 'hello'));
      assert.match(await wire.head(), /^HTTP\/1\.1 101 /);
      await until(() => log.length === 2);
      assert.equal(log, ['open', 'text hello']);
      wire.socket.destroy();
      await until(() => server.connections.size === 0);
    });
  }
}

test('serve: without an app the answer is 426 with the protocol of the server, even for a POST', async (bench) => {
  const server = await bench.serve();
  for (const [sent] of Object.values(BODIES)) {
    const wire = await dial(bench, server.port);
    wire.write(Buffer.from(sent, 'latin1'));
    const head = await wire.head();
    assert.match(head, /^HTTP\/1\.1 426 /);
    assert.match(head, /Upgrade: websocket/);
  }
});

test('serve: a request for WebSocket among other protocols is accepted', async (bench) => {
  const server = await bench.serve({}, { http: app });
  const wire = await dial(bench, server.port);
  wire.write(request().replace('Upgrade: websocket', 'Upgrade: h2c, WebSocket'));
  assert.match(await wire.head(), /^HTTP\/1\.1 101 /);
});

test('serve: a request for another protocol is answered after the requests before it', async (bench) => {
  const answers: ServerResponse[] = [];
  const server = await bench.serve({}, { http: (_, res) => void answers.push(res) });
  const wire = await dial(bench, server.port);
  wire.write('GET /slow HTTP/1.1\r\nHost: server.example.com\r\n\r\n', h2c('GET'));
  // Since 24.9 Node passes it on at once, and keeps its answer back.
  await until(() => answers.length > 0);
  await delay(10);
  const isPassedOn = answers.length === 2;
  if (isPassedOn) answers[1]?.end('second');
  answers[0]?.end('first');
  await until(() => answers.length === 2);
  if (!isPassedOn) answers[1]?.end('second');
  await until(() => wire.received.includes('second'));
  assert.ok(wire.received.indexOf('first') < wire.received.indexOf('second'));
});

test('serve: a client that leaves while it waits, or at once, does no harm', async (bench) => {
  const errors = bench.uncaught();
  const answers: ServerResponse[] = [];
  const server = await bench.serve({}, { http: (_, res) => void answers.push(res) });
  const wire = await dial(bench, server.port);
  wire.write('GET /slow HTTP/1.1\r\nHost: server.example.com\r\n\r\n', h2c('GET'));
  await until(() => answers.length > 0);
  wire.socket.resetAndDestroy();
  await soon();
  answers[0]?.end('x'.repeat(100_000));
  const other = await dial(bench, server.port);
  other.write(h2c('GET'));
  other.socket.resetAndDestroy();
  await soon();
  assert.equal(errors, []);
});

test('a head from which Node has dropped fields is refused with 431', async (bench) => {
  const server = await bench.serve({}, { http: app });
  const wire = await dial(bench, server.port);
  wire.write(
    h2c(
      'GET',
      Array.from({ length: 1100 }, (_, n) => `X-${n}: a`),
    ),
  );
  assert.match(await wire.end(), /^HTTP\/1\.1 431 /);
});

for (const secure of [false, true]) {
  for (const [what, [sent, asked]] of Object.entries(BODIES)) {
    test(`ignoreUpgrade lets an ${secure ? 'https' : 'http'} server of one's own answer ${what}`, async (bench) => {
      const errors = bench.uncaught();
      const server = secure ? createSecureServer({ key: KEY, cert: CERTIFICATE }, app) : createServer(app);
      server.on('upgrade', (req, socket, head) => {
        if (req.headers.upgrade === 'websocket') upgrade(req, socket, head);
        else ignoreUpgrade(server, req, socket, head);
      });
      const port = await bench.listen(server);
      const bytes = Buffer.from(sent, 'latin1');
      // Its body comes with it, and later.
      for (const parts of [[bytes], [bytes.subarray(0, -3), bytes.subarray(-3)]]) {
        const wire = await wireTo(bench, port, secure);
        for (const part of parts) {
          wire.write(part);
          await delay(5);
        }
        const head = await wire.head();
        assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
        await until(() => wire.received.includes(']'));
        assert.match(wire.received.toString(), JSON.stringify(asked));
        if (/\r\nConnection: close\r\n/i.test(head)) await wire.end();
        else wire.socket.destroy();
      }
      assert.equal(errors, []);
    });
  }
}

test('ignoreUpgrade: a client that sends its body only after 100 Continue gets 100 Continue, and then the answer', async (bench) => {
  const server = createServer(app);
  server.on('upgrade', (req, socket, head) => ignoreUpgrade(server, req, socket, head));
  const wire = await dial(bench, await bench.listen(server));
  wire.write(h2c('POST', ['Content-Length: 5', 'Expect: 100-continue']));
  assert.match(await wire.head(), /^HTTP\/1\.1 100 Continue\r\n/);
  wire.write('hello');
  assert.match(await wire.head(), /^HTTP\/1\.1 200 OK\r\n/);
  await until(() => wire.received.includes('"hello"]'));
});

test('ignoreUpgrade: a client that leaves in the middle of its body does no harm', async (bench) => {
  const errors = bench.uncaught();
  const left: string[] = [];
  const server = createServer(
    (req, res) =>
      void text(req).then(
        () => res.end(),
        () => left.push('left'),
      ),
  );
  server.on('upgrade', (req, socket, head) => ignoreUpgrade(server, req, socket, head));
  const port = await bench.listen(server);
  for (const leave of ['end', 'resetAndDestroy'] as const) {
    const wire = await dial(bench, port);
    wire.write(h2c('POST', ['Content-Length: 5'], 'he'));
    await delay(10);
    wire.socket[leave]();
    await until(() => left.length > 0);
    left.length = 0;
  }
  await soon();
  assert.equal(errors, []);
});

test('ignoreUpgrade: when a client that waits for its answer leaves, the app notices it', async (bench) => {
  const errors = bench.uncaught();
  const log: string[] = [];
  const server = createServer(async (req, res) => {
    res.on('close', () => log.push('close'));
    log.push(await text(req));
  });
  server.on('upgrade', (req, socket, head) => ignoreUpgrade(server, req, socket, head));
  const port = await bench.listen(server);
  for (const parts of [['hello'], ['he', 'llo']]) {
    const wire = await dial(bench, port);
    wire.write(h2c('POST', ['Content-Length: 5']), parts[0] as string);
    await delay(5);
    wire.write(...parts.slice(1));
    await until(() => log.length === 1);
    wire.socket.resetAndDestroy();
    await until(() => log.length === 2);
    assert.equal(log.splice(0), ['hello', 'close']);
  }
  assert.equal(errors, []);
});

test('serve: a request for WebSocket with a body is refused, no matter how much of the body has arrived', async (bench) => {
  const { log, handlers } = recorder();
  const server = await bench.serve(handlers, { http: app, handshakeTimeout: 40 });
  for (const body of ['', 'he', 'hello']) {
    const wire = await dial(bench, server.port);
    wire.write(request().replace('\r\n\r\n', '\r\nContent-Length: 5\r\n\r\n'), body);
    assert.match(await wire.head(), /^HTTP\/1\.1 400 /);
    // Nothing more comes, neither 408 nor another answer.
    assert.not.match(await wire.end(), /HTTP\/1\.1/);
    wire.socket.destroy();
  }
  await until(() => server.connections.size + server.statistics.pending === 0);
  assert.ok(log.every((line) => !line.startsWith('open')));
});

test('serve: the socket ends after a 426 to a request with Connection: close', async (bench) => {
  const server = await bench.serve();
  const wire = await dial(bench, server.port);
  wire.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  const said = await wire.end();
  assert.match(said, /^HTTP\/1\.1 426 /);
  assert.match(said, /Connection: close, Upgrade/);
});

test.run();
