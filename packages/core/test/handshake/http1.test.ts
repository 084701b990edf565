// RFC 9112 3 to 5: heads to and from plain data.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formatRequestHead, formatResponse, parseRequestHead, parseResponseHead } from '../../src/handshake/http1.ts';
import { HandshakeError } from '../../src/rules.ts';
import { assertLinear } from '../linear.ts';
import { ascii, latin1 } from '../support.ts';

const test = suite('RFC 9112 http1');

const breaks =
  (name: string) =>
  (error: unknown): boolean =>
    error instanceof HandshakeError && error.rule === name;

// Requests

test('3: the head of a request has names in lower case and trimmed values', () => {
  assert.equal(parseRequestHead('GET /a?b HTTP/1.1\r\nHOST:h\r\nX-A: \t b c \t\r\nx-empty:'), {
    method: 'GET',
    target: '/a?b',
    version: 11,
    headers: [
      ['host', 'h'],
      ['x-a', 'b c'],
      ['x-empty', ''],
    ],
  });
});

test('4.2.1: a request has HTTP/1.1 or a higher version of HTTP/1', () => {
  for (const minor of [1, 2, 9]) assert.is(parseRequestHead(`GET / HTTP/1.${minor}`).version, 10 + minor);
});

for (const [line, name] of [
  ['', 'request-malformed'],
  ['GET', 'request-malformed'],
  ['GET /', 'request-malformed'],
  ['GET / HTTP/1.1 ', 'request-malformed'],
  [' GET / HTTP/1.1', 'request-malformed'],
  ['GET\t/\tHTTP/1.1', 'request-malformed'],
  ['GET / / HTTP/1.1', 'request-malformed'],
  ['GET / HTTP/11', 'request-malformed'],
  ['GET / HTTPS/1.1', 'request-malformed'],
  ['GET / HTTP/1.1\n', 'request-malformed'],
  ['GET,POST / HTTP/1.1', 'request-malformed'],
  ['GET / HTTP/0.9', 'http-version'],
  ['GET / HTTP/1.0', 'http-version'],
  ['PRI * HTTP/2.0', 'http-version'],
  ['GET / HTTP/9.9', 'http-version'],
] as const) {
  test(`3: ${JSON.stringify(line)} is ${name}`, () => {
    assert.throws(() => parseRequestHead(line), breaks(name));
  });
}

for (const line of ['a', ': b', 'a : b', 'a(): b', 'a: b\0', 'a: b\rc', 'a: \x7f', 'caf\xe9: b', '']) {
  test(`5: the line ${JSON.stringify(line)} is not a header field`, () => {
    const number = /header field 2 is not NAME: VALUE/;
    assert.throws(() => parseRequestHead(`GET / HTTP/1.1\r\nx: y\r\n${line}`), number);
    assert.throws(() => parseResponseHead(`HTTP/1.1 101 OK\r\nx: y\r\n${line}`), number);
  });
}

for (const line of [' a: b', '\ta: b', ' \0', ' \x7f']) {
  test(`2.2: ${JSON.stringify(line)} before the first header field is malformed`, () => {
    assert.throws(() => parseRequestHead(`GET / HTTP/1.1\r\n${line}`), /header field 1 is not NAME: VALUE/);
    assert.throws(() => parseResponseHead(`HTTP/1.1 101 OK\r\n${line}`), /header field 1 is not NAME: VALUE/);
  });
}

test('RFC 6585 5: a head may have 128 header fields, but not 129', () => {
  const lines = '\r\na: b'.repeat(128);
  assert.is(parseRequestHead(`GET / HTTP/1.1${lines}`).headers.length, 128);
  assert.is(parseResponseHead(`HTTP/1.1 200 OK${lines}`).headers.length, 128);
  assert.throws(() => parseRequestHead(`GET / HTTP/1.1${lines}\r\na: b`), breaks('head-too-big'));
  assert.throws(() => parseResponseHead(`HTTP/1.1 200 OK${lines}\r\na: b`), breaks('head-too-big'));
});

// Responses

for (const [line, status, reason] of [
  ['HTTP/1.1 101 Switching Protocols', 101, 'Switching Protocols'],
  ['HTTP/1.0 200 OK', 200, 'OK'],
  ['HTTP/1.1 404 ', 404, ''],
  ['HTTP/1.1 404', 404, ''],
  ['HTTP/1.1 599 caf\xe9 (a)', 599, 'caf\xe9 (a)'],
] as const) {
  test(`4: the status line ${line} is parsed`, () => {
    assert.equal(parseResponseHead(`${line}\r\nA: b`), { status, reason, headers: [['a', 'b']] });
  });
}

for (const line of [
  ...[
    '',
    'HTTP/1.1',
    'HTTP/1.1 ',
    'HTTP/1.1 20',
    'HTTP/1.1 2000 OK',
    'HTTP/1.1 099 OK',
    'HTTP/1.1 600 OK',
    'HTTP/1.1 -1',
  ],
  ...[
    'HTTP/2.0 200 OK',
    'HTTP/1.10 200 OK',
    'http/1.1 200 OK',
    'HTTP/1.1  200 OK',
    ' HTTP/1.1 200 OK',
    'HTTP/1.1\t200',
  ],
  ...['HTTP/1.1 200 O\0K', 'HTTP/1.1 200 O\rK', 'HTTP/1.1 200 \x7f', 'HTTP/1.1 200OK', 'GET / HTTP/1.1', 'SSH-2.0-x'],
]) {
  test(`4: ${JSON.stringify(line)} is not a status line`, () => {
    assert.throws(() => parseResponseHead(line), breaks('response-malformed'));
  });
}

for (const [lines, value] of [
  ['a: b\r\n c', 'b c'],
  ['a: b \t\r\n\t  c \r\n d\r\n ', 'b c d'],
  ['a:\r\n b', 'b'],
  ['a:\r\n \r\n\t', ''],
  ['a: b\r\n c: d', 'b c: d'],
] as const) {
  test(`5.2: the folds in ${JSON.stringify(lines)} become spaces in a response, and are refused in a request`, () => {
    assert.equal(parseResponseHead(`HTTP/1.1 101 OK\r\nx: y\r\n${lines}\r\nz: z`).headers, [
      ['x', 'y'],
      ['a', value],
      ['z', 'z'],
    ]);
    assert.throws(() => parseRequestHead(`GET / HTTP/1.1\r\nx: y\r\n${lines}`), breaks('request-malformed'));
  });
}

test('5.2: folded lines count as lines, and take linear time', () => {
  assert.throws(() => parseResponseHead(`HTTP/1.1 200 OK\r\na: b${'\r\n c'.repeat(128)}`), breaks('head-too-big'));
  const run = (n: number): void => {
    const line = ` ${'c'.repeat(n / 100)}`;
    assert.is(parseResponseHead(`HTTP/1.1 200 OK\r\na:${`\r\n${line}`.repeat(100)}`).headers.length, 1);
  };
  assertLinear(run, 10_000);
});

// Formatting

test('formatted heads are parsed to the same', () => {
  const headers = [
    ['host', 'h'],
    ['x-latin', 'caf\xe9'],
  ] as const;
  const request = { method: 'GET', target: '/a?b', version: 11, headers };
  const bytes = formatRequestHead(request);
  assert.is(latin1(bytes), 'GET /a?b HTTP/1.1\r\nhost: h\r\nx-latin: caf\xe9\r\n\r\n');
  assert.equal(parseRequestHead(latin1(bytes).slice(0, -4)), request);

  const response = { status: 403, reason: 'Forbidden', headers };
  const [head = '', body] = latin1(formatResponse(response, ascii('No.'))).split('\r\n\r\n');
  assert.equal(parseResponseHead(head), response);
  assert.is(body, 'No.');
  assert.ok(latin1(formatResponse(response)).endsWith('\r\n\r\n'));
});

test.run();
