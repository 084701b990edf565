// connect: the request that it sends, and the requests that it refuses to send.
import * as assert from 'uvu/assert';
import { type ConnectOptions, connect } from '../src/index.ts';
import { openServer } from './raw.ts';
import { type Bench, deferred, suite, thrown } from './support.ts';

const test = suite('request');

/** The head of the request that a client sends. */
async function requestOf(bench: Bench, suffix: string, options: ConnectOptions = {}, user = ''): Promise<string> {
  const head = deferred<string>();
  const url = await openServer(bench, (_, text) => head.resolve(text));
  const ws = bench.connect(url.replace('ws://', `ws://${user}`).slice(0, -1) + suffix, {}, options);
  await ws.opened;
  return head.promise;
}

test('the request: target, host, key, version, and nothing that was not asked for', async (bench) => {
  const head = await requestOf(bench, '/chat?a=b');
  assert.match(
    head,
    /^GET \/chat\?a=b HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: [\w+/]{22}==\r\nSec-WebSocket-Version: 13\r\n\r\n$/,
  );
});

test('the request: fields that options add', async (bench) => {
  const options = { subprotocols: ['a', 'b'], origin: 'https://example.com', headers: { Cookie: 'x=1' } };
  const head = await requestOf(bench, '/', options);
  for (const line of ['Sec-WebSocket-Protocol: a, b', 'Origin: https://example.com', 'Cookie: x=1']) {
    assert.ok(head.includes(`\r\n${line}\r\n`), head);
  }
});

for (const [suffix, target] of [
  ['', '/'],
  ['?q', '/?q'],
  ['/ü €?ü=[1]', '/%C3%BC%20%E2%82%AC?%C3%BC=%5B1%5D'],
  ['/a/../b/./c', '/b/c'],
  ['/%2f%C3%BC', '/%2f%C3%BC'],
  ['/a|b`{}^\\c', '/a%7Cb%60%7B%7D%5E/c'],
] as const) {
  test(`the request: ${suffix || 'no path'} → ${target}`, async (bench) => {
    assert.is((await requestOf(bench, suffix)).split(' ')[1], target);
  });
}

for (const [user, credentials] of [
  ['tiger:scott@', 'tiger:scott'],
  ['t%C3%AFger:p%40ss%3A@', 'tïger:p@ss:'],
  ['tiger@', 'tiger:'],
  [':secret@', ':secret'],
] as const) {
  test(`the request: ${user} → Authorization`, async (bench) => {
    const head = await requestOf(bench, '/', { headers: [['X-A', '1']] }, user);
    const value = Buffer.from(credentials).toString('base64');
    assert.ok(head.includes(`\r\nAuthorization: Basic ${value}\r\nX-A: 1\r\n`), head);
    assert.not.match(head, /@/);
  });
}

test('the request: an Authorization header of the application overrides the URL', async (bench) => {
  const head = await requestOf(bench, '/', { headers: { authorization: 'Bearer x' } }, 'a:b@');
  assert.equal(head.match(/authorization: .*/gi), ['authorization: Bearer x']);
});

// Options that are refused at once.

const invalid: [title: string, url: string, options?: ConnectOptions, kind?: typeof TypeError | typeof RangeError][] = [
  ['another scheme', 'ftp://localhost/'],
  ['no URL', 'localhost:80'],
  ['a fragment', 'ws://localhost/#a'],
  ['an empty host', 'ws:///'],
  ['an invalid port', 'ws://localhost:65536/'],
  ['credentials that are not percent-encoded', 'ws://a%ff:b@localhost/'],
  ['CR LF in a header', 'ws://localhost/', { headers: { A: 'b\r\nC: d' } }, TypeError],
  ['a header of the handshake', 'ws://localhost/', { headers: { 'Sec-WebSocket-Key': 'x' } }, RangeError],
  ['a subprotocol that is not a token', 'ws://localhost/', { subprotocols: ['a b'] }, TypeError],
  ['an option out of range', 'ws://localhost/', { maxMessageSize: 0.5 }, RangeError],
  ['a backoff out of range', 'ws://localhost/', { reconnect: { factor: 0 } }, RangeError],
];
for (const [title, url, options, kind] of invalid) {
  test(`${title} throws`, () => {
    let dialled = false;
    const createSocket = (): never => {
      dialled = true;
      throw new Error('dialled');
    };
    const error = thrown((kind ?? SyntaxError) as typeof Error, () => connect(url, { createSocket, ...options }));
    assert.not(dialled);
    assert.not.match(error.message, /a%ff/);
  });
}

test.run();
