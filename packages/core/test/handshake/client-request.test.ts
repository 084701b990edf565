// RFC 6455 4.1: the request of a client.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { request } from '../../src/handshake/index.ts';
import { type ClientOptions, Connection, type RequestOptions } from '../../src/index.ts';
import { sentText } from '../connection/tools.ts';
import { ZEROS } from '../support.ts';
import { URL } from './asking.ts';

const test = suite('RFC 6455 4.1 request');

const head = (url: string, options: ClientOptions = {}): string =>
  sentText(Connection.client(url, { random: ZEROS, ...options }));

test('4.1: the request has all header fields in order', () => {
  assert.is(
    head('wss://Example.com:8443/chat?a=b', {
      origin: 'https://example.org',
      subprotocols: ['chat', 'wamp'],
      headers: { Authorization: 'Bearer x', Cookie: 'a=b' },
    }),
    [
      'GET /chat?a=b HTTP/1.1',
      'Host: example.com:8443',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      'Sec-WebSocket-Version: 13',
      'Origin: https://example.org',
      'Sec-WebSocket-Protocol: chat, wamp',
      'Authorization: Bearer x',
      'Cookie: a=b',
      '\r\n',
    ].join('\r\n'),
  );
});

for (const [url, target, host] of [
  ['ws://example.com', '/', 'example.com'],
  ['ws://example.com:80/', '/', 'example.com'],
  ['wss://example.com:443?a', '/?a', 'example.com'],
  ['ws://example.com:443/', '/', 'example.com:443'],
  ['wss://example.com:80/', '/', 'example.com:80'],
  ['ws://[::1]:8080/', '/', '[::1]:8080'],
] as const) {
  test(`4.1: ${JSON.stringify(url)}: target ${target}, Host ${host}`, () => {
    assert.ok(head(url).startsWith(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n`));
  });
}

test('4.1: without subprotocols or an origin the request has no header field for them', () => {
  assert.match(head(URL, { subprotocols: ['chat'] }), /\r\nSec-WebSocket-Protocol: chat\r\n\r\n$/);
  for (const options of [{}, { subprotocols: [] }]) assert.not.match(head(URL, options), /Protocol|Origin/);
});

test('4.1: each connection has a key of 16 new random bytes', () => {
  let byte = 0;
  const random = (bytes: Uint8Array) => bytes.fill(++byte);
  const keys = [0, 1].map(() => request(URL, {}, random).key);
  assert.equal(keys, ['AQEBAQEBAQEBAQEBAQEBAQ==', 'AgICAgICAgICAgICAgICAg==']);
});

test('4.1: the returned object says which method, target and version the request line has', () => {
  const { request: sent } = request('ws://example.com/a?b', {}, ZEROS);
  const { method, target, version } = sent;
  assert.equal({ method, target, version }, { method: 'GET', target: '/a?b', version: 11 });
});

for (const [what, url, options] of [
  ['a URI of ftp', 'ftp://example.com/', {}],
  ['a line end in the path', 'ws://example.com/a\r\nX: y', {}],
  ['a line end in the host', 'ws://exam\r\nple.com/', {}],
  ['a space in the path', 'ws://example.com/a b', {}],
  ['a subprotocol that is no token', URL, { subprotocols: ['a b'] }],
  ['a subprotocol that injects a line', URL, { subprotocols: ['a\r\nX: y'] }],
  ['an empty subprotocol', URL, { subprotocols: [''] }],
  ['a subprotocol with a comma', URL, { subprotocols: ['a,b'] }],
  ['a subprotocol twice', URL, { subprotocols: ['a', 'b', 'a'] }],
  ['an origin that injects a line', URL, { origin: 'https://a\r\nX: y' }],
  ['an origin outside latin-1', URL, { origin: 'https://ā' }],
  ['a header field that injects a line', URL, { headers: { a: 'b\r\nX: y' } }],
  ['a header field with NUL', URL, { headers: { a: 'b\0' } }],
  ['a header field name that is no token', URL, { headers: { 'a b': 'c' } }],
  ['a header field name that injects a line', URL, { headers: { 'a: b\r\nc': 'd' } }],
  ...['Host', 'UPGRADE', 'connection', 'Origin', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version'].map(
    (name) => [`the header field ${name}`, URL, { headers: { [name]: 'x' } }] as const,
  ),
  ...['Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions', 'Sec-WebSocket-Accept', 'Content-Length'].map(
    (name) => [`the header field ${name}`, URL, { headers: [[name, 'x']] }] as const,
  ),
  ['the header field Transfer-Encoding', URL, { headers: { 'Transfer-Encoding': 'chunked' } }],
] as [string, string, RequestOptions][]) {
  test(`4.1: ${what} throws`, () => {
    assert.throws(
      () => head(url, options),
      (error: unknown) => error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError,
    );
  });
}

for (const [options, message] of [
  [{ subprotocols: 'a' }, 'subprotocols: a list of tokens, not "a" (a string)'],
  [
    { subprotocols: ['a', 'secret token'] },
    'subprotocols: a list of tokens, but number 1 is not a token (RFC 6455 section 4.1)',
  ],
  [{ subprotocols: [5] }, 'subprotocols: a list of tokens, but number 0 is not a token (RFC 6455 section 4.1)'],
  [{ origin: 5 }, 'origin: the value of a header field, not 5'],
  [{ headers: 'a: b' }, 'headers: an object or a list of names and values, not "a: b" (a string)'],
  [{ headers: null }, 'headers: an object or a list of names and values, not null'],
  [{ headers: [[5, 'x']] }, '5 is not a header field name (RFC 9110 section 5.1)'],
  [{ allowEmptyProtocol: 1 }, 'allowEmptyProtocol: true or false, not 1'],
  [{ protocols: ['a'] }, 'protocols: there is no such option; here it is subprotocols'],
] as [object, string][]) {
  test(`4.1: ${message}`, () => {
    const throws = (call: () => unknown): void =>
      assert.throws(call, (error: unknown) => error instanceof TypeError && error.message === message);
    throws(() => head(URL, options as ClientOptions));
    throws(() => request(URL, options as RequestOptions, ZEROS));
  });
}

test('4.1: the message about a header field that the handshake sets names the option, if it is Origin', () => {
  const messages: [string, string][] = [
    ['origin', 'the header field origin is set by the handshake itself; use the option origin'],
    ['Origin', 'the header field Origin is set by the handshake itself; use the option origin'],
    ['Host', 'the header field Host is set by the handshake itself; leave it out'],
  ];
  for (const [name, message] of messages) {
    assert.throws(
      () => head(URL, { headers: { [name]: 'x' } }),
      (error: unknown) => error instanceof RangeError && error.message === message,
    );
  }
});

test('4.1: a header field such as X-Upgrade, whose name only contains the name of a handshake field, is sent', () => {
  const names = ['X-Host', 'Hosts', 'X-Upgrade', 'Original', 'X-Origin', 'X-Sec-WebSocket-Key'];
  const text = head(URL, { headers: names.map((name) => [name, 'x'] as const) });
  assert.ok(text.endsWith(`${names.map((name) => `${name}: x\r\n`).join('')}\r\n`));
});

test('4.1: names of prototype properties are sent as subprotocols and header fields', () => {
  const text = head(URL, { subprotocols: ['constructor', '__proto__'], headers: { toString: 'x' } });
  assert.match(text, /\r\nSec-WebSocket-Protocol: constructor, __proto__\r\ntoString: x\r\n/);
});

test.run();
