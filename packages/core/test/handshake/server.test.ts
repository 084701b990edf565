// RFC 6455 4.2.1: which requests a server accepts, and what it answers to the others.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRequestHead, respond } from '../../src/handshake/index.ts';
import {
  Connection,
  HANDSHAKE_RULES,
  type HandshakeError,
  type HandshakeRequest,
  type ServerOptions,
} from '../../src/index.ts';
import { receive, rule, sentText, types } from '../connection/tools.ts';
import { byteByByte } from '../pair.ts';
import { ascii } from '../support.ts';
import { ask, judge } from './asking.ts';
import { HIGH_BYTES, REQUEST_FIELDS, requestHead } from './heads.ts';
import { CRLF, ROWS } from './requests.ts';

const test = suite('RFC 6455 4.2 server');

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
      // RFC 9110 7.8: a sender of Upgrade must name it in Connection too.
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

test('RFC 9110 15.5: the body of a refusal is short, printable text', () => {
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
  'every character that a target may have': requestHead({}, "GET /a/b;c=1//%20:@!$&'()*+,?d=/?&e=[] HTTP/1.1"),
  'Host with a port': requestHead({ Host: 'example.com:8080' }),
  'Host as an IPv6 address': requestHead({ Host: '[::1]:80' }),
  'Content-Length: 0': requestHead({ 'Content-Length': '0' }),
  'Expect and other fields': requestHead({ Expect: '100-continue', Cookie: 'caf\xe9', 'X-Empty': '' }),
  '128 header fields': requestHead({ Cookie: Array(123).fill('a') }),
  'prototype names as header fields': requestHead({ ['__proto__']: 'x', constructor: 'y', toString: 'z' }),
})) {
  test(`4.2.1: a request conforms with ${name}`, () => {
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

test('4.2.1: the request has the offers of the client in order', () => {
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

// RFC 9112 3.2: the request target and its authority.

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
  test(`3.2: ${target} at ${host} is split into path, query and authority`, () => {
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

test('RFC 6585 5: a head that another HTTP parser has read is refused if it has too many fields, or is truncated', () => {
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

test('the offset of a fault in a head does not depend on the chunks', () => {
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

test('RFC 9110 15.5: invisible characters from a client are escaped in error messages', () => {
  for (const [origin, shown] of [
    ['https://a\x80\x9b31m', 'https://a\\u{80}\\u{9b}31m'],
    ['https://a\xadb', 'https://a\\u{ad}b'],
    ['https://a\tb', 'https://a\\u{9}b'],
    ['https://caf\xe9', 'https://caf\xe9'],
  ] as const) {
    const error = ask(requestHead({ Origin: origin })) as HandshakeError;
    assert.ok(error.message.includes(`: ${shown}, and by Host this is example.com; `), error.message);
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
  test(`4.2.1: a request with ${name} missing, duplicated or outside ASCII breaks its rule, or conforms if that is allowed`, () => {
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

test('4.2.1: no byte outside ASCII is allowed in the request line', () => {
  for (const byte of HIGH_BYTES) {
    assert.is(judge(requestHead({}, `GE${byte}T / HTTP/1.1`)), 'request-malformed');
    assert.is(judge(requestHead({}, `GET /${byte} HTTP/1.1`)), 'target-form');
    assert.is(judge(requestHead({}, `GET / HTTP/1.${byte}`)), 'request-malformed');
  }
});

test.run();
