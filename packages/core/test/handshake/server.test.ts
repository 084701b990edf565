// RFC 6455 4.2: the server's side of the opening handshake.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRequestHead, respond } from '../../src/handshake/index.ts';
import { rejectRequest } from '../../src/handshake/server.ts';
import {
  Connection,
  HANDSHAKE_RULES,
  type HandshakeError,
  type HandshakeRequest,
  type HandshakeRuleName,
  type RequestEvent,
  type ServerOptions,
} from '../../src/index.ts';
import { ascii, isA, receive, rule, sentText, types } from '../connection/tools.ts';
import { assertLinear } from '../linear.ts';
import { byteByByte } from '../pair.ts';
import { accepted, ask, judge } from './asking.ts';
import { HIGH_BYTES, REQUEST_FIELDS, requestHead } from './heads.ts';

const test = suite('RFC 6455 4.2 server');

// Every rule that a server enforces: the answer, whole.

interface Row {
  readonly rule: HandshakeRuleName;
  readonly name: string;
  readonly head: string;
  readonly answer: string;
  /** Header fields of the answer besides those that all have. */
  readonly fields?: string;
  readonly options?: ServerOptions;
  /** What happens besides the request. */
  readonly story?: (connection: Connection) => void;
}

const BAD_REQUEST = '400 ';
const CRLF = '\r\n';

const ROWS: Row[] = [
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

for (const { rule: name, name: what, head, answer, fields = '', options, story } of ROWS) {
  const { section } = HANDSHAKE_RULES[name];
  test(`${section}: ${name}: ${what}`, () => {
    for (const pieces of [[ascii(head)], byteByByte(ascii(head), Math.random)]) {
      const connection = Connection.server(options);
      const events = pieces.flatMap((piece) => receive(connection, piece));
      story?.(connection);
      events.push(...connection);
      const fail = events.at(-1);
      if (fail?.type !== 'fail') throw new Error(`not refused but ${types(events)}`);
      assert.is(fail.error.rule, name);
      const body = `${(fail.error as HandshakeError).answer}\n`;
      // RFC 9110 7.8: who sends Upgrade says so in Connection as well.
      const close = answer.startsWith('426') ? 'close, Upgrade' : 'close';
      const common = `Connection: ${close}${CRLF}Content-Length: ${body.length}${CRLF}Content-Type: text/plain; charset=utf-8`;
      assert.is(sentText(connection), `HTTP/1.1 ${answer}${CRLF}${common}${CRLF}${fields}${CRLF}${body}`);
    }
  });
}

test('every rule with a status has a row', () => {
  const rules = Object.entries(HANDSHAKE_RULES).flatMap(([name, { status }]) => (status === 0 ? [] : [name]));
  assert.equal(
    rules.filter((name) => !ROWS.some(({ rule }) => rule === name)),
    [],
  );
  for (const { rule, answer } of ROWS) assert.is(Number(answer.slice(0, 3)), HANDSHAKE_RULES[rule].status);
});

test('RFC 9110 15.5: what is said of the request is short, printable text', () => {
  for (const head of [
    requestHead({}, `${'M'.repeat(2000)} / HTTP/1.1`),
    requestHead({ Origin: `https://${'x'.repeat(5000)}` }),
    requestHead({ Origin: '<script>\xff\x80' }),
  ]) {
    const connection = Connection.server();
    assert.ok(rule(receive(connection, ascii(head))));
    const [, body = ''] = sentText(connection).split('\r\n\r\n');
    assert.ok(body.length < 500);
    assert.is(new TextDecoder('utf-8', { fatal: true }).decode(ascii(body)).at(-1), '\n');
  }
});

// What conforms.

for (const [name, head] of Object.entries({
  'names in any case': requestHead().toLowerCase().replace('get /', 'GET /').replace('http/1.1', 'HTTP/1.1'),
  'names in capitals': requestHead().replaceAll(/^[\w-]+:/gm, (field) => field.toUpperCase()),
  'values in any case': requestHead({ Upgrade: 'WebSocket', Connection: 'UPGRADE' }),
  'Connection: keep-alive, Upgrade': requestHead({ Connection: 'keep-alive, Upgrade' }),
  'Connection on two lines': requestHead({ Connection: ['keep-alive', 'Upgrade'] }),
  'Upgrade among others': requestHead({ Upgrade: 'h2c, websocket' }),
  'no spaces behind the colons': requestHead().replaceAll(': ', ':'),
  'spaces and tabs around values': requestHead().replaceAll(/: (.*)\r/g, ': \t $1 \t \r'),
  'HTTP/1.2': requestHead({}, 'GET / HTTP/1.2'),
  'an empty line before the first line': CRLF + requestHead(),
  'a target that begins with //': requestHead({}, 'GET //example.org/ HTTP/1.1'),
  'an absolute target': requestHead({}, 'GET http://example.com/chat HTTP/1.1'),
  'an absolute target without a path': requestHead({}, 'GET HTTPS://EXAMPLE.com?a HTTP/1.1'),
  'an absolute target with the port of its scheme': requestHead({}, 'GET http://example.com:80/ HTTP/1.1'),
  'an absolute target, the port of its scheme in Host': requestHead(
    { Host: 'example.com:443' },
    'GET https://example.com/ HTTP/1.1',
  ),
  'a target with all it may have': requestHead({}, "GET /a/b;c=1//%20:@!$&'()*+,?d=/?&e=[] HTTP/1.1"),
  'Host with a port': requestHead({ Host: 'example.com:8080' }),
  'Host as an IPv6 address': requestHead({ Host: '[::1]:80' }),
  'Content-Length: 0': requestHead({ 'Content-Length': '0' }),
  'Expect and other fields': requestHead({ Expect: '100-continue', Cookie: 'caf\xe9', 'X-Empty': '' }),
  'a body of 128 header fields': requestHead({ Cookie: Array(123).fill('a') }),
  'prototype names as header fields': requestHead({ ['__proto__']: 'x', constructor: 'y', toString: 'z' }),
})) {
  test(`4.2.1: ${name}`, () => {
    assert.is(judge(head), 'conforms');
  });
}

test('4.2.1: a head of exactly maxHeadSize conforms, one byte more does not', () => {
  const head = requestHead({ Cookie: 'x'.repeat(1000) });
  assert.is(judge(head, { maxHeadSize: head.length }), 'conforms');
  assert.is(judge(head, { maxHeadSize: head.length - 1 }), 'head-too-big');
});

test('4.2.1: a start line of exactly half of maxHeadSize conforms, one byte more does not', () => {
  for (const [length, expected] of [
    [1000, 'conforms'],
    [1001, 'target-too-long'],
  ] as const) {
    const head = requestHead({}, `GET /${'x'.repeat(length - 'GET / HTTP/1.1\r\n'.length)} HTTP/1.1`);
    assert.is(judge(head, { maxHeadSize: 2000 }), expected);
  }
});

test('4.2.1: the request tells what was offered, in order', () => {
  const request = ask(
    requestHead({
      Origin: 'http://example.com',
      'Sec-WebSocket-Protocol': ['chat', 'wamp, constructor'],
      'Sec-WebSocket-Extensions': ['permessage-deflate; client_max_window_bits', 'foo'],
      'X-Latin': 'caf\xe9',
    }),
  ) as HandshakeRequest;
  assert.is(request.origin, 'http://example.com');
  assert.equal(request.subprotocols, ['chat', 'wamp', 'constructor']);
  assert.equal(request.extensions, [
    { name: 'permessage-deflate', parameters: [['client_max_window_bits', undefined]] },
    { name: 'foo', parameters: [] },
  ]);
  assert.equal(request.headers.at(-1), ['x-latin', 'caf\xe9']);
});

// RFC 9112 3.2: the request target, and whose it is.

for (const [target, host, expected] of [
  ['/', 'example.com', ['/', '', '/', 'example.com']],
  ['/chat?a=b?c', 'example.com', ['/chat', 'a=b?c', '/chat?a=b?c', 'example.com']],
  ['/chat?', 'example.com', ['/chat', '', '/chat', 'example.com']],
  ['//evil.example/a', 'example.com', ['//evil.example/a', '', '//evil.example/a', 'example.com']],
  ['/http://evil.example/', 'example.com', ['/http://evil.example/', '', '/http://evil.example/', 'example.com']],
  ['/%?%', 'example.com', ['/%', '%', '/%?%', 'example.com']],
  ['http://example.com/chat?a', 'EXAMPLE.com', ['/chat', 'a', '/chat?a', 'example.com']],
  ['http://example.com', 'example.com:80', ['/', '', '/', 'example.com']],
  ['https://example.com:8443?a', 'example.com:8443', ['/', 'a', '/?a', 'example.com:8443']],
  ['http://example.com//x', 'example.com:', ['//x', '', '//x', 'example.com']],
  ['http://[::1]:080/', '[::1]', ['/', '', '/', '[::1]:080']],
] as const) {
  test(`3.2: ${target} at ${host}`, () => {
    const request = ask(requestHead({ Host: host }, `GET ${target} HTTP/1.1`)) as HandshakeRequest;
    assert.equal([request.path, request.query, request.resource, request.host], expected);
    assert.is(request.target, target);
  });
}

for (const [target, host] of [
  ['http://example.com/', 'example.org'],
  ['http://example.com/', 'example.com:8080'],
  ['http://example.com:8080/', 'example.com'],
  ['https://example.com/', 'example.com:80'],
  ['http://example.com/', undefined],
  ['http://example.com/', ''],
  ['http://example.com/', ['example.com', 'example.com']],
] as const) {
  test(`3.2.2: ${target} is refused where Host is ${JSON.stringify(host) ?? 'missing'}`, () => {
    assert.is(judge(requestHead({ Host: host }, `GET ${target} HTTP/1.1`)), 'host-field');
  });
}

test('10.2: the Origin is compared with the authority of the target', () => {
  const head = (origin: string): string =>
    requestHead({ Origin: origin, Host: 'example.com:80' }, 'GET http://example.com/ HTTP/1.1');
  assert.is(judge(head('http://example.com')), 'conforms');
  assert.is(judge(head('https://example.com')), 'conforms');
  assert.is(judge(head('http://example.org')), 'origin-refused');
});

test('RFC 6585 5: a head that somebody else has read is refused when it has too many fields, or has lost some', () => {
  const head = parseRequestHead(requestHead().slice(0, -4));
  const rule = (changes: object): string => {
    const answer = respond({ ...head, ...changes }, { origins: 'any' });
    return answer.accepted ? 'conforms' : `${answer.error.status} ${answer.error.rule}`;
  };
  const fields = (count: number) => [...head.headers, ...Array(count - 5).fill(['a', 'b'])];
  assert.is(rule({ headers: fields(128) }), 'conforms');
  assert.is(rule({ headers: fields(129) }), '431 head-too-big');
  assert.is(rule({ truncated: false }), 'conforms');
  assert.is(rule({ truncated: true }), '431 head-too-big');
});

test('F32: where a head is at fault does not depend on how it was cut', () => {
  const offsets: [string, number, ServerOptions?][] = [
    ['GET / HTTP/1.1\nHost: a\r\n\r\nmore', 14],
    ['GET / HTTP/1.1\r\nnonsense\r\n\r\nmore', 28],
    ['\r\n\r\nmore', 3],
    [`${requestHead({ Upgrade: undefined })}more`, requestHead({ Upgrade: undefined }).length],
    [`${CRLF}${requestHead({ Host: undefined })}more`, requestHead({ Host: undefined }).length + 2],
    [requestHead({ Cookie: 'x'.repeat(200) }), 150, { maxHeadSize: 150 }],
    [requestHead({}, `GET /${'x'.repeat(300)} HTTP/1.1`), 75, { maxHeadSize: 150 }],
    [`${requestHead()}${'x'.repeat(30)}`, requestHead().length + 10, { maxEarlyBytes: 10 }],
  ];
  for (const [text, offset, options] of offsets) {
    for (const pieces of [[ascii(text)], byteByByte(ascii(text), Math.random)]) {
      const connection = Connection.server(options);
      const events = pieces.flatMap((piece) => receive(connection, piece));
      const fail = events.find((event) => event.type === 'fail');
      assert.is(fail?.error.offset, offset, JSON.stringify(text.slice(0, 60)));
    }
  }
});

test('RFC 9110 15.5: what cannot be seen of what a peer says is escaped where we repeat it', () => {
  for (const [origin, shown] of [
    ['https://a\x80\x9b31m', 'https://a\\u{80}\\u{9b}31m'],
    ['https://a\xadb', 'https://a\\u{ad}b'],
    ['https://a\tb', 'https://a\\u{9}b'],
    ['https://caf\xe9', 'https://caf\xe9'],
  ] as const) {
    const error = ask(requestHead({ Origin: origin })) as HandshakeError;
    assert.match(error.message, `the Origin is not allowed here: ${shown}, and by Host this is example.com; `);
  }
});

// HARDENING: any header field absent, doubled, or with a byte outside ASCII.

const ABSENT: Record<string, string> = {
  Host: 'host-field',
  Upgrade: 'upgrade-field',
  Connection: 'connection-field',
  'Sec-WebSocket-Key': 'key-field',
  'Sec-WebSocket-Version': 'version-field',
};
const DOUBLED: Record<string, string> = {
  Host: 'host-field',
  'Sec-WebSocket-Key': 'key-field',
  'Sec-WebSocket-Version': 'version-field',
  'Sec-WebSocket-Protocol': 'protocol-field',
  Origin: 'origin-refused',
  'Content-Length': 'request-body',
};
const HIGH: Record<string, string> = {
  ...ABSENT,
  'Sec-WebSocket-Version': 'version-unsupported',
  'Sec-WebSocket-Protocol': 'protocol-field',
  'Sec-WebSocket-Extensions': 'extensions-field',
  Origin: 'origin-refused',
  'Content-Length': 'request-body',
};

for (const [name, value] of Object.entries(REQUEST_FIELDS)) {
  test(`4.2.1: ${name} absent, doubled, and with each byte outside ASCII`, () => {
    assert.is(judge(requestHead({ ...REQUEST_FIELDS, [name]: undefined })), ABSENT[name] ?? 'conforms');
    assert.is(judge(requestHead({ ...REQUEST_FIELDS, [name]: [value, value] })), DOUBLED[name] ?? 'conforms');
    for (const byte of HIGH_BYTES) {
      for (const changed of [value + byte, byte + value, `${value.slice(0, 1)}${byte}${value.slice(1)}`]) {
        assert.is(judge(requestHead({ ...REQUEST_FIELDS, [name]: changed })), HIGH[name] ?? 'conforms');
      }
      assert.is(judge(requestHead({ [name + byte]: value })), 'request-malformed');
    }
  });
}

test('4.2.1: each byte outside ASCII in each part of the request line', () => {
  for (const byte of HIGH_BYTES) {
    assert.is(judge(requestHead({}, `GE${byte}T / HTTP/1.1`)), 'request-malformed');
    assert.is(judge(requestHead({}, `GET /${byte} HTTP/1.1`)), 'target-form');
    assert.is(judge(requestHead({}, `GET / HTTP/1.${byte}`)), 'request-malformed');
  }
});

// The answer that accepts.

for (const [offered, spoken, chosen, expected] of [
  [undefined, [], undefined, ''],
  [undefined, ['chat'], undefined, ''],
  ['chat', [], undefined, ''],
  ['chat', ['chat'], undefined, 'chat'],
  ['a, b, c', ['c', 'b'], undefined, 'c'],
  ['a, b', ['c'], undefined, ''],
  ['a, b', ['a'], 'b', 'b'],
  ['a, b', ['a'], '', ''],
  ['constructor', ['constructor'], undefined, 'constructor'],
  ['a', ['constructor', 'toString', '__proto__'], undefined, ''],
  ['Chat', ['chat'], undefined, ''],
] as const) {
  test(`4.2.2: of ${offered} offered, ${spoken.join() || 'none'} spoken, ${chosen} chosen: "${expected}"`, () => {
    const answer = accepted({ 'Sec-WebSocket-Protocol': offered }, { subprotocols: spoken }, { subprotocol: chosen });
    if (!answer.accepted) throw new Error('refused');
    assert.is(answer.subprotocol, expected);
    const field = answer.response.headers.find(([name]) => name === 'Sec-WebSocket-Protocol');
    assert.is(field?.[1], expected === '' ? undefined : expected);
  });
}

test('4.2.2: the response that accepts, with header fields of the application', () => {
  const answer = accepted({}, {}, { headers: new Map([['Set-Cookie', 'a=b']]) });
  if (!answer.accepted) throw new Error('refused');
  assert.equal(answer.response, {
    status: 101,
    reason: 'Switching Protocols',
    headers: [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Accept', 'ICX+Yqv66kxgM0FcWaLWlFLwTAI='],
      ['Set-Cookie', 'a=b'],
    ],
  });
  assert.equal([answer.request.resource, answer.extensions], ['/', []]);
});

test('4.2.2: respond answers a request that breaks a rule, and never throws for it', () => {
  const answer = accepted({ Upgrade: undefined });
  if (answer.accepted) throw new Error('accepted');
  assert.is(answer.error.rule, 'upgrade-field');
  assert.is(answer.response.status, 426);
  assert.is(String.fromCharCode(...answer.body), `${answer.error.answer}\n`);
});

test('4.2.2: respond judges a head that somebody else has read: HTTP/1.0, HTTP/2', () => {
  for (const version of [9, 10]) {
    const answer = respond({ method: 'GET', target: '/', version, headers: [] });
    assert.is(answer.accepted ? 'accepted' : answer.error.rule, 'http-version');
  }
});

test("4.2.2: the caller's faults throw", () => {
  for (const options of [
    { subprotocol: 'chat' },
    { headers: { 'a b': 'c' } },
    { headers: { a: 'b\r\nc: d' } },
    { headers: { a: 'b\0' } },
    ...['Upgrade', 'CONNECTION', 'sec-websocket-accept', 'Sec-WebSocket-Protocol', 'Sec-WebSocket-Extensions'].map(
      (name) => ({ headers: { [name]: 'x' } }),
    ),
    ...['Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'Content-Length', 'Transfer-Encoding'].map((name) => ({
      headers: [[name, 'x'] as const],
    })),
  ]) {
    assert.throws(
      () => accepted({}, {}, options),
      (error: unknown) => error instanceof TypeError || error instanceof RangeError,
    );
  }
});

test('4.2.2: header fields whose names only contain those of the handshake are the application’s', () => {
  const fields = ['X-Upgrade', 'Upgrade-Insecure', 'X-Sec-WebSocket-Accept'].map((name) => [name, 'x'] as const);
  const answer = accepted({}, {}, { headers: fields });
  assert.equal(answer.response.headers.slice(3), fields);
});

test('RFC 9110 15.3.5, 15.4.5: a rejection has a body, which 204 and 304 have not', () => {
  for (const status of [204, 304, 199, 600, 400.5])
    assert.throws(() => rejectRequest(status, undefined, 0), /may have a body/);
});

test('4.2.2: a request is rejected with any status from 200 to 599', () => {
  for (const status of [200, 404, 418, 599]) {
    assert.equal(rejectRequest(status, { Upgrade: 'h2c' }, 5), {
      status,
      reason: '',
      headers: [
        ['Connection', 'close'],
        ['Content-Length', '5'],
        ['Upgrade', 'h2c'],
      ],
    });
  }
  for (const status of [101, 199, 600, 200.5, Number.NaN, '404' as unknown as number]) {
    assert.throws(() => rejectRequest(status, undefined, 0), isA(RangeError));
  }
  for (const name of ['connection', 'Content-Length', 'Transfer-Encoding']) {
    assert.throws(() => rejectRequest(400, { [name]: 'x' }, 0), isA(RangeError));
  }
  assert.throws(() => rejectRequest(302, { Location: 'https://a.example\r\nX: y' }, 0), isA(TypeError));
});

test('4.2.2: what is no fault of the request is not taken for one', () => {
  const head = Object.defineProperty({ ...parseRequestHead(requestHead({}).slice(0, -4)) }, 'headers', {
    get() {
      throw new RangeError('out of order');
    },
  });
  assert.throws(() => respond(head), isA(RangeError));
});

// CVE-2020-7662 and its like: linear time and bounded memory.

test('4.2.1: a head that comes byte by byte takes linear time', () => {
  const options = { maxHeadSize: Infinity };
  const feed = (n: number): void => {
    const connection = Connection.server(options);
    for (const byte of ascii(requestHead({ Cookie: 'x'.repeat(n) }))) {
      const [event] = connection.receive(Uint8Array.of(byte)) as Iterable<RequestEvent>;
      if (event !== undefined) assert.is(event.type, 'request');
    }
    assert.throws(() => connection.reject(700), isA(RangeError));
  };
  assertLinear(feed, 3000);
});

for (const [name, value] of Object.entries({
  spaces: (n: number) => `${' '.repeat(n)}a`,
  'escapes in a quoted string that does not end': (n: number) => `a; b="${'\\c'.repeat(n / 2)}`,
  commas: (n: number) => `a${','.repeat(n)}`,
})) {
  test(`4.2.1: ${name} in any header field take linear time`, () => {
    for (const field of Object.keys(REQUEST_FIELDS)) {
      const judgeIt = (n: number): void => {
        judge(requestHead({ [field]: value(n) }), { maxHeadSize: Infinity });
      };
      assertLinear(judgeIt, 10_000, field);
    }
  });
}

test('4.2.1: of a head that never ends no more is read than maxHeadSize', () => {
  const connection = Connection.server();
  let received = 0;
  for (
    const line = ascii('x-header: and nothing else\r\n');
    connection.state === 'connecting';
    received += line.length
  ) {
    receive(connection, received === 0 ? ascii('GET / HTTP/1.1\r\n') : line);
  }
  assert.ok(received <= 16_384 + 28);
});

test.run();
