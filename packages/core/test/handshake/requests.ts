import type { Connection, HandshakeRuleName, ServerOptions } from '../../src/index.ts';
import { requestHead } from './heads.ts';

/** A request that breaks a rule, and the answer. */
export interface Row {
  readonly rule: HandshakeRuleName;
  readonly name: string;
  readonly head: string;
  /** The beginning of the status line of the answer. */
  readonly answer: string;
  /** The header fields of the answer that others do not have. */
  readonly fields?: string;
  readonly options?: ServerOptions;
  /** Happens after the request has arrived. */
  readonly story?: (connection: Connection) => void;
}

const BAD_REQUEST = '400 ';
export const CRLF = '\r\n';

/** Requests that break a rule, at least one for every rule that a server enforces. */
export const ROWS: Row[] = [
  ...[
    ['no HTTP', `nonsense${CRLF + CRLF}`],
    ['two empty lines before the first line', CRLF + CRLF + requestHead()],
    ['a bare LF before the first line', `\n${requestHead()}`],
    ['a folded line before all header fields', requestHead({}, `GET / HTTP/1.1${CRLF} a: b`)],
    ['a bare LF', requestHead().replace(CRLF, '\n')],
    ['a bare CR', requestHead({ Cookie: 'a\rb' })],
    ['NUL in a value', requestHead({ Cookie: 'a\0b' })],
    ['a line without a colon', requestHead({ Cookie: 'a' }).replace('Cookie:', 'Cookie')],
    ['a space before the colon', requestHead({ 'Cookie ': 'a' })],
    ['a line that is folded', requestHead({ Cookie: `a${CRLF} b` })],
    ['a name that is no token', requestHead({ 'Coo(kie)': 'a' })],
    ['a name that is empty', requestHead({ '': 'a' })],
    ['two spaces before the target', requestHead({}, 'GET  / HTTP/1.1')],
    ['no target', requestHead({}, 'GET HTTP/1.1')],
    ['a method that is no token', requestHead({}, 'G@T / HTTP/1.1')],
    ['a version in small letters', requestHead({}, 'GET / http/1.1')],
    ['a version with three digits', requestHead({}, 'GET / HTTP/1.10')],
  ].map(([name = '', head = '']) => ({ rule: 'request-malformed', name, head, answer: BAD_REQUEST }) as const),
  ...[
    ['longer than maxHeadSize', requestHead({ Cookie: 'x'.repeat(16_384) })],
    ['129 header fields', requestHead({ Cookie: Array(124).fill('a') })],
    ['2,000 header fields', requestHead({ a: Array(2000).fill('') })],
  ].map(([name = '', head = '']) => ({ rule: 'head-too-big', name, head, answer: '431 ' }) as const),
  {
    rule: 'target-too-long',
    name: 'longer than half of maxHeadSize',
    head: requestHead({}, `GET /${'x'.repeat(8192)} HTTP/1.1`),
    answer: '414 ',
  },
  ...[
    ...[
      '*',
      'example.com:80',
      'chat',
      '?a',
      '/a#b',
      '/\x7f',
      '/caf\xe9',
      '/a\tb',
      'http:/a',
      'http:a',
      'ws://example.com/',
    ],
    ...['http://', 'http:///a', 'http://u@example.com/', 'http://example.com/#a', 'http://[::1/', 'http://?a'],
    ...['http://example.com:80a/', 'http://example.com\\a/', 'ftp://example.com/', 'http://example.com/\xe9'],
  ].map(
    (target) =>
      ({
        rule: 'target-form',
        name: JSON.stringify(target),
        head: requestHead({}, `GET ${target} HTTP/1.1`),
        answer: BAD_REQUEST,
      }) as const,
  ),
  ...['POST', 'HEAD', 'CONNECT', 'get', 'PRI'].map(
    (method) =>
      ({
        rule: 'method-not-get',
        name: method,
        head: requestHead({}, `${method} / HTTP/1.1`),
        answer: '405 ',
        fields: `Allow: GET${CRLF}`,
      }) as const,
  ),
  ...['1.0', '0.9', '2.0', '3.0'].map(
    (version) =>
      ({
        rule: 'http-version',
        name: `HTTP/${version}`,
        head: requestHead({}, `GET / HTTP/${version}`),
        answer: '505 ',
      }) as const,
  ),
  ...[
    ['Content-Length: 1', { 'Content-Length': '1' }],
    ['Content-Length: 0 twice', { 'Content-Length': ['0', '0'] }],
    ['Content-Length: -0', { 'Content-Length': '-0' }],
    ['Content-Length, empty', { 'Content-Length': '' }],
    ['Transfer-Encoding', { 'Transfer-Encoding': 'chunked' }],
    ['Transfer-Encoding, empty', { 'Transfer-Encoding': '' }],
  ].map(
    ([name, changes]) =>
      ({
        rule: 'request-body',
        name: name as string,
        head: requestHead(changes as Record<string, string>),
        answer: BAD_REQUEST,
      }) as const,
  ),
  ...[undefined, '', ['example.com', 'example.com'], 'a b', 'user@example.com', 'a/b', 'a:b', 'caf\xe9', '[::1'].map(
    (value) =>
      ({
        rule: 'host-field',
        name: JSON.stringify(value) ?? 'none',
        head: requestHead({ Host: value }),
        answer: BAD_REQUEST,
      }) as const,
  ),
  ...[undefined, '', 'h2c', 'websockets', '"websocket"', 'websocket/13'].map(
    (value) =>
      ({
        rule: 'upgrade-field',
        name: JSON.stringify(value) ?? 'none',
        head: requestHead({ Upgrade: value }),
        answer: '426 ',
        fields: `Upgrade: websocket${CRLF}Sec-WebSocket-Version: 13${CRLF}`,
      }) as const,
  ),
  ...[undefined, '', 'keep-alive', 'websocket', 'upgrade; a'].map(
    (value) =>
      ({
        rule: 'connection-field',
        name: JSON.stringify(value) ?? 'none',
        head: requestHead({ Connection: value }),
        answer: BAD_REQUEST,
      }) as const,
  ),
  ...[undefined, '', 'AAAA', 'AAAAAAAAAAAAAAAAAAAAAA', Array(2).fill('AAAAAAAAAAAAAAAAAAAAAA==')].map(
    (value) =>
      ({
        rule: 'key-field',
        name: JSON.stringify(value) ?? 'none',
        head: requestHead({ 'Sec-WebSocket-Key': value }),
        answer: BAD_REQUEST,
      }) as const,
  ),
  ...[undefined, ['13', '13'], ['13', '8']].map(
    (value) =>
      ({
        rule: 'version-field',
        name: JSON.stringify(value) ?? 'none',
        head: requestHead({ 'Sec-WebSocket-Version': value }),
        answer: '426 ',
        fields: `Upgrade: websocket${CRLF}Sec-WebSocket-Version: 13${CRLF}`,
      }) as const,
  ),
  ...['', '8', '0', '013', '+13', '14', '13, 8', '1e1', 'x'].map(
    (value) =>
      ({
        rule: 'version-unsupported',
        name: JSON.stringify(value),
        head: requestHead({ 'Sec-WebSocket-Version': value }),
        answer: '426 ',
        fields: `Upgrade: websocket${CRLF}Sec-WebSocket-Version: 13${CRLF}`,
      }) as const,
  ),
  ...['', ' , ', 'a b', 'a, a', 'a, "b"', ['a', 'b', 'a']].map(
    (value) =>
      ({
        rule: 'protocol-field',
        name: JSON.stringify(value),
        head: requestHead({ 'Sec-WebSocket-Protocol': value }),
        answer: BAD_REQUEST,
      }) as const,
  ),
  ...['', 'a b', 'a; b=', ['a', '=']].map(
    (value) =>
      ({
        rule: 'extensions-field',
        name: JSON.stringify(value),
        head: requestHead({ 'Sec-WebSocket-Extensions': value }),
        answer: BAD_REQUEST,
      }) as const,
  ),
  ...['https://evil.example', 'null', '', ['http://example.com', 'http://example.com']].map(
    (value) =>
      ({
        rule: 'origin-refused',
        name: JSON.stringify(value),
        head: requestHead({ Origin: value }),
        answer: '403 ',
      }) as const,
  ),
  {
    rule: 'early-data',
    name: 'more than maxEarlyBytes',
    head: requestHead(),
    options: { maxEarlyBytes: 100 },
    story: (connection) => connection.receive(new Uint8Array(101)),
    answer: BAD_REQUEST,
  },
  {
    rule: 'handshake-timeout',
    name: 'not decided in time',
    head: requestHead(),
    story: (connection) => connection.timeout(10_000),
    answer: '408 ',
  },
  {
    rule: 'handshake-failed',
    name: 'the application failed to decide',
    head: requestHead(),
    story: (connection) => connection.fail('handler-failed', new Error('not for the client')),
    answer: '500 ',
  },
];
