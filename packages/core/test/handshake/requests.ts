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

type Fields = NonNullable<Parameters<typeof requestHead>[0]>;

const BAD_REQUEST = '400 ';
export const CRLF = '\r\n';
const UPGRADE_REQUIRED = { answer: '426 ', fields: `Upgrade: websocket${CRLF}Sec-WebSocket-Version: 13${CRLF}` };

/** Returns rows with these heads, by name. */
const heads = (
  rule: HandshakeRuleName,
  answer: string,
  rows: readonly (readonly [name: string, head: string])[],
): Row[] => rows.map(([name, head]) => ({ rule, name, head, answer }));

/** Returns rows in which a header field has one of these values, several, or none. */
const values = (
  rule: HandshakeRuleName,
  field: string,
  all: readonly Fields[string][],
  more: Partial<Row> = {},
): Row[] =>
  all.map((value) => ({
    ...{ rule, name: JSON.stringify(value) ?? 'none', head: requestHead({ [field]: value }), answer: BAD_REQUEST },
    ...more,
  }));

/** Requests that break a rule, at least one for every rule that a server enforces. */
export const ROWS: Row[] = [
  ...heads('request-malformed', BAD_REQUEST, [
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
  ]),
  ...heads('head-too-big', '431 ', [
    ['longer than maxHeadSize', requestHead({ Cookie: 'x'.repeat(16_384) })],
    ['129 header fields', requestHead({ Cookie: Array(124).fill('a') })],
    ['2,000 header fields', requestHead({ a: Array(2000).fill('') })],
  ]),
  ...heads('target-too-long', '414 ', [
    ['longer than half of maxHeadSize', requestHead({}, `GET /${'x'.repeat(8192)} HTTP/1.1`)],
  ]),
  ...[
    ...['*', 'example.com:80', 'chat', '?a', '/a#b', '/\x7f', '/caf\xe9', '/a\tb', 'http:/a', 'http:a'],
    ...['ws://example.com/', 'http://', 'http:///a', 'http://u@example.com/', 'http://example.com/#a', 'http://[::1/'],
    ...[
      'http://?a',
      'http://example.com:80a/',
      'http://example.com\\a/',
      'ftp://example.com/',
      'http://example.com/\xe9',
    ],
  ].flatMap((target) =>
    heads('target-form', BAD_REQUEST, [[JSON.stringify(target), requestHead({}, `GET ${target} HTTP/1.1`)]]),
  ),
  ...['POST', 'HEAD', 'CONNECT', 'get', 'PRI'].map((method): Row => {
    const head = requestHead({}, `${method} / HTTP/1.1`);
    return { rule: 'method-not-get', name: method, head, answer: '405 ', fields: `Allow: GET${CRLF}` };
  }),
  ...['1.0', '0.9', '2.0', '3.0'].flatMap((version) =>
    heads('http-version', '505 ', [[`HTTP/${version}`, requestHead({}, `GET / HTTP/${version}`)]]),
  ),
  ...heads('request-body', BAD_REQUEST, [
    ['Content-Length: 1', requestHead({ 'Content-Length': '1' })],
    ['Content-Length: 0 twice', requestHead({ 'Content-Length': ['0', '0'] })],
    ['Content-Length: -0', requestHead({ 'Content-Length': '-0' })],
    ['Content-Length, empty', requestHead({ 'Content-Length': '' })],
    ['Transfer-Encoding', requestHead({ 'Transfer-Encoding': 'chunked' })],
    ['Transfer-Encoding, empty', requestHead({ 'Transfer-Encoding': '' })],
  ]),
  ...values('host-field', 'Host', [
    undefined,
    '',
    ['example.com', 'example.com'],
    'a b',
    'user@example.com',
    'a/b',
    'a:b',
    'caf\xe9',
    '[::1',
  ]),
  ...values(
    'upgrade-field',
    'Upgrade',
    [undefined, '', 'h2c', 'websockets', '"websocket"', 'websocket/13'],
    UPGRADE_REQUIRED,
  ),
  ...values('connection-field', 'Connection', [undefined, '', 'keep-alive', 'websocket', 'upgrade; a']),
  ...values('key-field', 'Sec-WebSocket-Key', [
    undefined,
    '',
    'AAAA',
    'AAAAAAAAAAAAAAAAAAAAAA',
    Array(2).fill('AAAAAAAAAAAAAAAAAAAAAA=='),
  ]),
  ...values('version-field', 'Sec-WebSocket-Version', [undefined, ['13', '13'], ['13', '8']], UPGRADE_REQUIRED),
  ...values(
    'version-unsupported',
    'Sec-WebSocket-Version',
    ['', '8', '0', '013', '+13', '14', '13, 8', '1e1', 'x'],
    UPGRADE_REQUIRED,
  ),
  ...values('protocol-field', 'Sec-WebSocket-Protocol', ['', ' , ', 'a b', 'a, a', 'a, "b"', ['a', 'b', 'a']]),
  ...values('extensions-field', 'Sec-WebSocket-Extensions', ['', 'a b', 'a; b=', ['a', '=']]),
  ...values(
    'origin-refused',
    'Origin',
    [...['https://evil.example', 'null', '', ['http://example.com', 'http://example.com']]],
    { answer: '403 ' },
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
