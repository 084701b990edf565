// connect: a client over TCP, TLS, a Unix socket, or a transport that the application creates.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, connect as netConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { HandshakeError } from '@sockless/core';
import * as assert from 'uvu/assert';
import { ConnectionEndedError } from '../src/index.ts';
import { CERTIFICATE, KEY } from './certificate.ts';
import { frame, openServer, rawServer, response, Wire } from './raw.ts';
import { deferred, delay, recorder, suite, until } from './support.ts';

const test = suite('connect');

test('TLS: the server name is the host of the URL, and ALPN chooses http/1.1', async (bench) => {
  const seen = deferred<[string | false | null, string | false | null]>();
  const server = createTlsServer({ key: KEY, cert: CERTIFICATE, ALPNProtocols: ['h2', 'http/1.1'] });
  server.on('secureConnection', async (socket: TLSSocket) => {
    bench.after(() => socket.destroy());
    seen.resolve([socket.servername ?? null, socket.alpnProtocol]);
    const wire = new Wire(socket);
    wire.write(response(await wire.head()));
  });
  const url = `wss://localhost:${await bench.listen(server)}`;
  const ws = bench.connect(url, {}, { tls: { ca: CERTIFICATE } });
  await ws.opened;
  assert.equal(await seen.promise, ['localhost', 'http/1.1']);
});

for (const [host, options, name] of [
  ['127.0.0.1', {}, false],
  ['127.0.0.1', { servername: 'sockless.test' }, 'sockless.test'],
] as const) {
  test(`TLS: the server name for ${host} is ${name || 'not sent'}`, async (bench) => {
    const names: unknown[] = [];
    const server = await bench.serve({}, { tls: { key: KEY, cert: CERTIFICATE } });
    server.http.on('secureConnection', (socket: TLSSocket) => names.push(socket.servername));
    const ws = bench.connect(`wss://${host}:${server.port}`, {}, { tls: { ca: CERTIFICATE, ...options } });
    await ws.opened;
    assert.equal(names, [name]);
  });
}

test('TLS: an untrusted server receives no request', async (bench) => {
  const server = await bench.serve({}, { tls: { key: KEY, cert: CERTIFICATE } });
  const untrusted = await bench.connect(server.url).closed;
  assert.match(untrusted.explanation.summary, /self-signed certificate/i);
  const named = { tls: { ca: CERTIFICATE, servername: 'other.test' } };
  const wrong = await bench.connect(server.url, {}, named).closed;
  assert.match(wrong.explanation.summary, /other\.test|altnames/i);
  assert.is(server.connections.size, 0);
});

test('over a Unix socket, the server gets the host and the resource of the URL', async (bench) => {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-'));
  bench.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 's');
  const hosts: (string | undefined)[] = [];
  await bench.serve({ open: ({ request }) => void hosts.push(request?.host, request?.resource) }, { path });
  await bench.connect('ws://example.com/a', {}, { socketPath: path }).opened;
  assert.equal(hosts, ['example.com', '/a']);
});

test('createSocket returns the transport, which may be connecting or connected', async (bench) => {
  const server = await bench.serve();
  const uris: unknown[] = [];
  const connecting = bench.connect(
    'ws://far.example:8080/x',
    {},
    {
      createSocket(uri) {
        uris.push(uri);
        return netConnect(server.port, '127.0.0.1');
      },
    },
  );
  await connecting.opened;
  assert.equal(uris, [{ secure: false, host: 'far.example', port: 8080, resource: '/x' }]);
  const socket = netConnect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  const connected = bench.connect('wss://far.example', {}, { createSocket: () => socket, insecure: true });
  await connected.opened;
  assert.is(connected.socket, socket);
});

test('`send` returns false before the connection is open; the promise `opened` resolves with the agreement', async (bench) => {
  const url = await openServer(bench);
  const ws = bench.connect(url);
  assert.is(ws.send('x'), false);
  const opened = await ws.opened;
  assert.is(await ws.opened, opened);
  assert.equal([ws.state, ws.subprotocol, opened.extensions], ['open', '', []]);
  assert.ok(opened.headers.some(([name]) => name === 'sec-websocket-accept'));
});

// Answers of a server.

const answers: { title: string; answer: string | ((head: string) => string); rule: string; summary?: RegExp }[] = [
  {
    title: '401 with a body',
    answer: 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?',
    rule: 'status-not-101',
    summary: /401 Unauthorized/,
  },
  {
    title: '404 with a chunked body',
    answer: 'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwh\r\n2\r\no?\r\n0\r\n\r\n',
    rule: 'status-not-101',
    summary: /404 Not Found/,
  },
  { title: '500 and the end', answer: 'HTTP/1.1 500 Oh\r\n\r\nwho?', rule: 'status-not-101', summary: /500 Oh/ },
  {
    title: 'a redirect',
    answer: 'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
    rule: 'status-not-101',
    summary: /302 Found/,
  },
  { title: '200', answer: 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwho?', rule: 'status-not-101' },
  {
    title: 'a wrong accept',
    answer: (head) => response(head).replace(/Accept: ./, 'Accept: *'),
    rule: 'response-accept',
  },
  { title: 'no accept', answer: (head) => response(head).replace(/Sec-.*\r\n/, ''), rule: 'response-accept' },
  {
    title: 'a subprotocol that was not offered',
    answer: (head) => response(head, ['Sec-WebSocket-Protocol: z']),
    rule: 'response-protocol',
  },
  {
    title: 'an extension that was not offered',
    answer: (head) => response(head, ['Sec-WebSocket-Extensions: permessage-deflate']),
    rule: 'response-extensions',
  },
  { title: 'no Upgrade', answer: (head) => response(head).replace(/Upgrade: .*\r\n/, ''), rule: 'response-upgrade' },
  { title: 'no HTTP', answer: 'SSH-2.0-OpenSSH_9.2\r\n\r\n', rule: 'response-malformed' },
  { title: 'an endless head', answer: `HTTP/1.1 101 A\r\nX: ${'x'.repeat(20_000)}`, rule: 'head-too-big' },
  { title: 'nothing', answer: '', rule: 'handshake-interrupted' },
  { title: 'half a head', answer: 'HTTP/1.1 101 Switching', rule: 'handshake-interrupted' },
];

for (const { title, answer, rule, summary } of answers) {
  test(`a client that gets ${title} fails with ${rule}`, async (bench) => {
    let sockets = 0;
    const url = await rawServer(bench, async (wire) => {
      sockets++;
      const head = await wire.head();
      wire.socket.end(typeof answer === 'string' ? answer : `${answer(head)}${frame('server', 0x81, 'hidden')}`);
    });
    const { log, handlers } = recorder();
    const ws = bench.connect(url, handlers);
    const failure = await ws.opened.catch((error: unknown) => error);
    assert.instance(failure, ConnectionEndedError);
    const { error, summary: said } = (failure as ConnectionEndedError).end.explanation;
    assert.is(error?.rule, rule);
    if (summary !== undefined) assert.match(said, summary);
    if (rule === 'status-not-101' && !title.includes('redirect')) {
      assert.instance(error, HandshakeError);
      assert.is(Buffer.from((error as HandshakeError).response?.body ?? '').toString(), 'who?');
    }
    assert.equal(log, [`fail ${rule}`, 'end 1006']);
    assert.is(sockets, 1);
    assert.is((failure as Error).cause, error);
  });
}

test('a response that arrives byte by byte opens the connection, and the message after it is delivered', async (bench) => {
  const url = await rawServer(bench, async (wire) => {
    const head = await wire.head();
    for (const byte of Buffer.concat([Buffer.from(response(head)), frame('server', 0x81, 'hi')])) {
      wire.socket.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
  });
  const { log, handlers } = recorder();
  bench.connect(url, handlers);
  await until(() => log.length === 2);
  assert.equal(log, ['open', 'text hi']);
});

// Servers that cannot be reached.

/** Returns a port on which nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Node words the error differently for one address and for several. */
for (const host of ['127.0.0.1', 'several.test']) {
  test(`a refused connection is reported as such (${host})`, async (bench) => {
    const port = await freePort();
    const lookup = (
      _: string,
      __: unknown,
      done: (error: null, found: { address: string; family: number }[]) => void,
    ) =>
      done(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ]);
    const createSocket = () => netConnect({ host, port, lookup: lookup as never, autoSelectFamily: true });
    const { log, handlers } = recorder();
    const ws = bench.connect(`ws://${host}:${port}`, handlers, { createSocket });
    const { explanation, code } = await ws.closed;
    assert.is(code, 1006);
    assert.match(explanation.summary, /handshake-interrupted.*ECONNREFUSED 127\.0\.0\.1/);
    assert.is((explanation.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED');
    assert.is(explanation.error?.cause, explanation.cause);
    assert.equal(log, ['fail handshake-interrupted', 'end 1006']);
  });
}

test('an unknown host name is reported as such', async (bench) => {
  const { explanation } = await bench.connect('ws://does-not-exist.invalid').closed;
  assert.match(explanation.summary, /does-not-exist\.invalid/);
});

test('a rejection of `opened` that is not awaited does not reach the process', async (bench) => {
  const errors = bench.uncaught();
  const ws = bench.connect(`ws://127.0.0.1:${await freePort()}`);
  void ws.opened;
  await ws.closed;
  void ws.opened;
  await delay(20);
  assert.equal(errors, []);
});

test('if a server never answers, the client fails at handshakeTimeout', async (bench) => {
  const silent = deferred<Wire>();
  const url = await rawServer(bench, silent.resolve);
  const { log, handlers } = recorder();
  const ws = bench.connect(url, handlers, { handshakeTimeout: 30 });
  assert.is((await ws.closed).explanation.error?.rule, 'handshake-timeout');
  assert.equal(log, ['fail handshake-timeout', 'end 1006']);
  await (await silent.promise).end();
});

test('an answer that consists of 1xx responses alone fails with response-malformed', async (bench) => {
  const url = await rawServer(bench, (wire) => wire.write('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)));
  assert.is((await bench.connect(url).closed).explanation.error?.rule, 'response-malformed');
});

test('plain text to a TLS port, and TLS to a plain port, end the connection with an explanation', async (bench) => {
  const plain = await bench.serve();
  const secure = await bench.serve({}, { tls: { key: KEY, cert: CERTIFICATE } });
  const one = await bench.connect(`wss://127.0.0.1:${plain.port}`).closed;
  const two = await bench.connect(`ws://127.0.0.1:${secure.port}`).closed;
  assert.match(one.explanation.summary, /handshake-interrupted.*(SSL|EPROTO|wrong version|packet length)/i);
  assert.match(two.explanation.summary, /handshake-interrupted|response-malformed/);
});

test('the answer of an HTTP server without upgrades is in the error', async (bench) => {
  const port = await bench.listen(createHttpServer((_, res) => void res.writeHead(418).end('teapot')));
  const { explanation } = await bench.connect(`ws://127.0.0.1:${port}`).closed;
  assert.is((explanation.error as HandshakeError).response?.status, 418);
  assert.is(Buffer.from((explanation.error as HandshakeError).response?.body ?? '').toString(), 'teapot');
  await delay(1);
});

test.run();
