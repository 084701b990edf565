// RFC 6455 4.1: the client's side of the opening handshake.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseResponseHead, request, verify } from '../../src/handshake/index.ts';
import {
  type ClientOptions,
  Connection,
  type ConnectionEvent,
  type FailEvent,
  HANDSHAKE_RULES,
  HandshakeError,
  type HandshakeRuleName,
  type OpenEvent,
  type RequestOptions,
} from '../../src/index.ts';
import { ascii, isA, receive, sent, sentText } from '../connection/tools.ts';
import { assertLinear } from '../linear.ts';
import { byteByByte } from '../pair.ts';
import { ZEROS } from '../support.ts';
import { HIGH_BYTES, RESPONSE_FIELDS, responseHead } from './heads.ts';

const test = suite('RFC 6455 4.1 client');
const URL = 'ws://example.com/';

// The request

const head = (url: string, options: ClientOptions = {}): string =>
  sentText(Connection.client(url, { random: ZEROS, ...options }));

test('4.1: the request, whole', () => {
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

test('4.1: one subprotocol is offered by itself, none is not mentioned', () => {
  assert.match(head(URL, { subprotocols: ['chat'] }), /\r\nSec-WebSocket-Protocol: chat\r\n\r\n$/);
  for (const options of [{}, { subprotocols: [] }]) assert.not.match(head(URL, options), /Protocol|Origin/);
});

test('4.1: the key is made of 16 random bytes, anew for each connection', () => {
  let byte = 0;
  const random = (bytes: Uint8Array) => bytes.fill(++byte);
  const keys = [0, 1].map(() => request(URL, {}, random).key);
  assert.equal(keys, ['AQEBAQEBAQEBAQEBAQEBAQ==', 'AgICAgICAgICAgICAgICAg==']);
});

test('4.1: the request is what its head says', () => {
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
  test(`4.1: ${what} throws at the caller`, () => {
    assert.throws(
      () => head(url, options),
      (error: unknown) => error instanceof SyntaxError || error instanceof TypeError || error instanceof RangeError,
    );
  });
}

for (const [options, message] of [
  [{ subprotocols: 'a' }, 'subprotocols: a list of tokens, not "a" (a string)'],
  [{ subprotocols: ['a', 'secret token'] }, 'subprotocols: a list of tokens; that at 1 is none (RFC 6455 section 4.1)'],
  [{ subprotocols: [5] }, 'subprotocols: a list of tokens; that at 0 is none (RFC 6455 section 4.1)'],
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

test('4.1: header fields whose names only contain those of the handshake are sent', () => {
  const names = ['X-Host', 'Hosts', 'X-Upgrade', 'Original', 'X-Origin', 'X-Sec-WebSocket-Key'];
  const text = head(URL, { headers: names.map((name) => [name, 'x'] as const) });
  assert.ok(text.endsWith(`${names.map((name) => `${name}: x\r\n`).join('')}\r\n`));
});

test('4.1: prototype names as subprotocols and header fields are sent', () => {
  const text = head(URL, { subprotocols: ['constructor', '__proto__'], headers: { toString: 'x' } });
  assert.match(text, /\r\nSec-WebSocket-Protocol: constructor, __proto__\r\ntoString: x\r\n/);
});

// The response

/** What a response leads to: `open`, or the error; whole or in pieces, and then perhaps the end of the transport. */
function answer(text: string, options: ClientOptions = {}, bytewise = false, end = false): OpenEvent | HandshakeError {
  const connection = Connection.client(URL, { random: ZEROS, ...options });
  sent(connection);
  const pieces = bytewise ? byteByByte(ascii(text), Math.random) : [ascii(text)];
  const events = pieces.flatMap((piece) => receive(connection, piece));
  if (end) events.push(...connection.receiveEnd());
  assert.is(sent(connection), '');
  return result(events);
}

function result([event, ...others]: ConnectionEvent[]): OpenEvent | HandshakeError {
  assert.ok(others.every(({ type }) => type === 'end'));
  if (event?.type === 'open') return event;
  const { error } = event as FailEvent;
  assert.instance(error, HandshakeError);
  return error as HandshakeError;
}

/** The name of the rule that a response breaks, or 'open'. */
function judge(text: string, options?: ClientOptions): HandshakeRuleName | 'open' {
  const outcome = answer(text, options);
  return 'rule' in outcome ? outcome.rule : 'open';
}

const ROWS: [rule: HandshakeRuleName, name: string, text: string, options?: ClientOptions][] = [
  ['response-malformed', 'no HTTP', 'SSH-2.0-OpenSSH_9\r\n\r\n'],
  ['response-malformed', 'a request', 'GET / HTTP/1.1\r\n\r\n'],
  ['response-malformed', 'HTTP/2', responseHead({}, 'HTTP/2.0 101 Switching Protocols')],
  ['response-malformed', 'a bare LF', responseHead().replace('\r\n', '\n')],
  ['response-malformed', 'a line without a colon', responseHead({}, 'HTTP/1.1 101 OK\r\nnonsense')],
  ['response-malformed', 'a folded line with NUL', responseHead({ Server: 'a\r\n b\0' })],
  ['response-malformed', 'a folded line before all header fields', responseHead({}, 'HTTP/1.1 101 OK\r\n folded')],
  ['response-malformed', 'an empty line before it', `\r\n${responseHead()}`],
  ['response-malformed', 'NUL', responseHead({ Server: 'a\0b' })],
  ['response-malformed', 'too many 1xx', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(9)],
  ['head-too-big', 'longer than maxHeadSize', responseHead({ Server: 'x'.repeat(16_384) })],
  ['head-too-big', 'a first line longer than maxHeadSize', `HTTP/1.1 101 ${'x'.repeat(16_384)}`],
  ['head-too-big', '2,000 header fields', responseHead({ a: Array(2000).fill('') })],
  ['status-not-101', '200', responseHead({ 'Content-Length': '0' }, 'HTTP/1.1 200 OK')],
  ['status-not-101', '302', responseHead({ 'Content-Length': '0', Location: 'ws://evil/' }, 'HTTP/1.1 302 Found')],
  ['status-not-101', '204', responseHead({}, 'HTTP/1.1 204 No Content')],
  ['response-upgrade', 'none', responseHead({ Upgrade: undefined })],
  ['response-upgrade', 'another', responseHead({ Upgrade: 'h2c' })],
  ['response-upgrade', 'a list', responseHead({ Upgrade: 'websocket, h2c' })],
  ['response-upgrade', 'twice', responseHead({ Upgrade: ['websocket', 'websocket'] })],
  ['response-connection', 'none', responseHead({ Connection: undefined })],
  ['response-connection', 'another', responseHead({ Connection: 'keep-alive' })],
  ['response-accept', 'none', responseHead({ 'Sec-WebSocket-Accept': undefined })],
  ['response-accept', 'empty', responseHead({ 'Sec-WebSocket-Accept': '' })],
  ['response-accept', 'of another key', responseHead({ 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' })],
  ['response-accept', 'in small letters', responseHead({ 'Sec-WebSocket-Accept': 'icx+yqv66kxgm0fcwalwlflwtai=' })],
  ['response-accept', 'twice', responseHead({ 'Sec-WebSocket-Accept': Array(2).fill('ICX+Yqv66kxgM0FcWaLWlFLwTAI=') })],
  ['response-protocol', 'none was offered', responseHead({ 'Sec-WebSocket-Protocol': 'chat' })],
  ['response-protocol', 'empty', responseHead({ 'Sec-WebSocket-Protocol': '' })],
  [
    'response-protocol',
    'not offered, where an empty one may be',
    responseHead({ 'Sec-WebSocket-Protocol': 'chat' }),
    { allowEmptyProtocol: true },
  ],
  ['response-protocol', 'of a prototype', responseHead({ 'Sec-WebSocket-Protocol': 'constructor' })],
  ['response-protocol', 'not offered', responseHead({ 'Sec-WebSocket-Protocol': 'chat' }), { subprotocols: ['wamp'] }],
  ['response-protocol', 'another case', responseHead({ 'Sec-WebSocket-Protocol': 'Chat' }), { subprotocols: ['chat'] }],
  ['response-protocol', 'two', responseHead({ 'Sec-WebSocket-Protocol': 'a, b' }), { subprotocols: ['a', 'b'] }],
  ['response-protocol', 'twice', responseHead({ 'Sec-WebSocket-Protocol': ['a', 'a'] }), { subprotocols: ['a'] }],
  ['response-extensions', 'not offered', responseHead({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })],
  ['response-extensions', 'of a prototype', responseHead({ 'Sec-WebSocket-Extensions': 'constructor' })],
  ['response-extensions', 'malformed', responseHead({ 'Sec-WebSocket-Extensions': 'a=' })],
  ['response-extensions', 'empty', responseHead({ 'Sec-WebSocket-Extensions': '' })],
];

for (const [name, what, text, options] of ROWS) {
  const { section } = HANDSHAKE_RULES[name];
  test(`${section}: ${name}: ${what}`, () => {
    for (const bytewise of [false, true]) {
      const error = answer(text, options, bytewise);
      assert.is('rule' in error && error.rule, name);
    }
  });
}

test('every rule without a status has a row, or a test of its own', () => {
  const elsewhere: Partial<Record<HandshakeRuleName, string>> = {
    'handshake-interrupted': 'connection/opening.test.ts',
    'handshake-rejected': 'connection/opening.test.ts',
    'handshake-abandoned': 'connection/opening.test.ts',
  };
  const rules = (Object.keys(HANDSHAKE_RULES) as HandshakeRuleName[]).filter(
    (name) => HANDSHAKE_RULES[name].status === 0,
  );
  assert.equal(
    rules.filter((name) => !ROWS.some(([rule]) => rule === name)),
    Object.keys(elsewhere),
  );
});

for (const [name, text, options] of [
  ['the least', responseHead()],
  ['names in any case', responseHead().replaceAll(/^[\w-]+:/gm, (field) => field.toUpperCase())],
  ['values in any case', responseHead({ Upgrade: 'WebSocket', Connection: 'uPGRADE' })],
  ['Connection: keep-alive, Upgrade', responseHead({ Connection: 'keep-alive, Upgrade' })],
  ['Connection on two lines', responseHead({ Connection: ['keep-alive', 'Upgrade'] })],
  ['spaces and tabs around values', responseHead().replaceAll(/: (.*)\r/g, ':\t $1 \t\r')],
  ['another reason', responseHead({}, 'HTTP/1.1 101 Whatever')],
  ['no reason', responseHead({}, 'HTTP/1.1 101')],
  [
    'folded lines',
    responseHead({ Server: 'a\r\n b', Connection: 'keep-alive,\r\n\tUpgrade', Upgrade: '\r\n websocket' }),
  ],
  ['an empty subprotocol that may be', responseHead({ 'Sec-WebSocket-Protocol': '' }), { allowEmptyProtocol: true }],
  ['an offered subprotocol', responseHead({ 'Sec-WebSocket-Protocol': 'b' }), { subprotocols: ['a', 'b'] }],
  ['no subprotocol of those offered', responseHead(), { subprotocols: ['a', 'b'] }],
  ['header fields of a prototype', responseHead({ ['__proto__']: 'a', constructor: 'b', toString: 'c' })],
  ['1xx before it', `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${responseHead()}`],
  ['8 times 1xx before it', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(8) + responseHead()],
] as [string, string, ClientOptions?][]) {
  test(`4.1: a response that conforms: ${name}`, () => {
    for (const bytewise of [false, true]) {
      const open = answer(text, options, bytewise);
      assert.is('type' in open && open.type, 'open');
    }
  });
}

test('4.1: open tells the subprotocol and all header fields, cookies among them', () => {
  const text = responseHead({ 'Sec-WebSocket-Protocol': 'b', 'Set-Cookie': ['a=b', 'c=d'] });
  const open = answer(text, { subprotocols: ['a', 'b'] }) as OpenEvent;
  assert.is(open.subprotocol, 'b');
  assert.equal(
    open.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
    ['a=b', 'c=d'],
  );
});

test('4.1: a failure names the subprotocol that was not offered, as far as 200 characters tell it', () => {
  const error = answer(responseHead({ 'Sec-WebSocket-Protocol': `b${'c'.repeat(300)}` }), { subprotocols: ['a'] });
  assert.ok('message' in error && / bc{199}…(?!c)/.test(error.message), String(error));
});

test('4.3: an empty subprotocol is refused with the name of the option that lets it pass', () => {
  const error = answer(responseHead({ 'Sec-WebSocket-Protocol': '' }), { subprotocols: ['a'] }) as HandshakeError;
  assert.match(error.message, /: an empty one; the option allowEmptyProtocol takes it for none \(/);
  const open = answer(responseHead({ 'Sec-WebSocket-Protocol': '' }), {
    subprotocols: ['a'],
    allowEmptyProtocol: true,
  });
  assert.is('subprotocol' in open && open.subprotocol, '');
});

test('RFC 9112 5.2: what a folded line says is told with a space for its fold', () => {
  const open = answer(responseHead({ 'X-A': 'a \t\r\n \t b\r\n\tc  ', 'X-B': '\r\n \r\n b' })) as OpenEvent;
  assert.equal(open.headers.slice(3), [
    ['x-a', 'a b c'],
    ['x-b', 'b'],
  ]);
});

test('F32: where a response is at fault does not depend on how it was cut', () => {
  const informational = 'HTTP/1.1 100 Continue\r\n\r\n';
  const refusal = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\n';
  const offsets: [string, number][] = [
    [`${responseHead({ Upgrade: undefined })}more`, responseHead({ Upgrade: undefined }).length],
    [
      `${informational}${responseHead({ Upgrade: 'h2c' })}more`,
      informational.length + responseHead({ Upgrade: 'h2c' }).length,
    ],
    [`${informational}HTTP/1.1\n`, informational.length + 8],
    [`${informational}${refusal}Hello, world`, informational.length + refusal.length],
  ];
  for (const [text, offset] of offsets) {
    for (const bytewise of [false, true]) {
      const error = answer(text, {}, bytewise) as HandshakeError;
      assert.is(error.offset, offset, JSON.stringify(text.slice(0, 60)));
    }
  }
});

test('4.1: what cannot be seen of what a server says is escaped where we repeat it', () => {
  for (const [text, shown] of [
    [responseHead({ 'Sec-WebSocket-Protocol': 'a\x85\x9b' }), ': a\\u{85}\\u{9b} ('],
    [
      responseHead({}, 'HTTP/1.1 404 \x9b2J\xad').replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n'),
      ': 404 \\u{9b}2J\\u{ad} (',
    ],
    [responseHead({ 'Sec-WebSocket-Extensions': 'foo' }), ': foo ('],
  ] as const) {
    const { message } = answer(text) as HandshakeError;
    assert.ok(message.includes(shown), message);
  }
});

test('4.1: verify judges a response that somebody else has read', () => {
  const offer = request(URL, { subprotocols: ['a'] }, ZEROS);
  const response = parseResponseHead(responseHead({ 'Sec-WebSocket-Protocol': 'a' }).slice(0, -4));
  assert.equal(verify(offer, response), { subprotocol: 'a', extensions: [], transform: undefined });
  assert.throws(() => verify(offer, { ...response, headers: [] }), isA(HandshakeError));
  assert.throws(() => verify(offer, { ...response, status: 403 }), /did not switch protocols: 403/);
});

// HARDENING: any header field absent, doubled, or with a byte outside ASCII.

const RULES: Record<string, string> = {
  Upgrade: 'response-upgrade',
  Connection: 'response-connection',
  'Sec-WebSocket-Accept': 'response-accept',
  'Sec-WebSocket-Protocol': 'response-protocol',
};

for (const [name, value] of Object.entries(RESPONSE_FIELDS)) {
  test(`4.1: ${name} absent, doubled, and with each byte outside ASCII`, () => {
    const options = { subprotocols: ['chat'] };
    const expected = RULES[name] ?? 'open';
    const absent = judge(responseHead({ ...RESPONSE_FIELDS, [name]: undefined }), options);
    assert.is(absent, name === 'Sec-WebSocket-Protocol' ? 'open' : expected);
    const doubled = judge(responseHead({ ...RESPONSE_FIELDS, [name]: [value, value] }), options);
    assert.is(doubled, name === 'Connection' ? 'open' : expected);
    for (const byte of HIGH_BYTES) {
      for (const changed of [value + byte, byte + value, `${value.slice(0, 1)}${byte}${value.slice(1)}`]) {
        assert.is(judge(responseHead({ ...RESPONSE_FIELDS, [name]: changed }), options), expected);
      }
      assert.is(judge(responseHead({ [name + byte]: value })), 'response-malformed');
    }
  });
}

test('4.1: each byte outside ASCII in the status line: in the reason only', () => {
  for (const byte of HIGH_BYTES) {
    assert.is(judge(responseHead({}, `HTTP/1.1 101 Switching${byte}`)), 'open');
    assert.is(judge(responseHead({}, `HTTP/1.1 10${byte} Switching`)), 'response-malformed');
    assert.is(judge(responseHead({}, `HTTP/1.${byte} 101 Switching`)), 'response-malformed');
  }
});

// A response that is not 101 is told with its body.

const refused = (fields: string, body: string): string => `HTTP/1.1 401 Unauthorized\r\n${fields}\r\n${body}`;
const LENGTH = 'Content-Length: 5\r\n';
const CHUNKED = 'Transfer-Encoding: chunked\r\n';

for (const [name, text, body, ended] of [
  ['with Content-Length', refused(LENGTH, 'Hello'), 'Hello'],
  ['with Content-Length, and bytes behind it', refused(LENGTH, 'Hello, world'), 'Hello'],
  ['with Content-Length: 0', refused('Content-Length: 0\r\n', ''), ''],
  ['chunked', refused(CHUNKED, '3\r\nHel\r\n2\r\nlo\r\n0\r\n\r\n'), 'Hello'],
  ['chunked, malformed', refused(CHUNKED, '5\r\nHello\r\nzz\r\n'), 'Hello'],
  ['until the end', refused('', 'Hello'), 'Hello', true],
  ['with 1xx before it', `HTTP/1.1 100 Continue\r\n\r\n${refused(LENGTH, 'Hello')}`, 'Hello'],
  ['with Content-Length, truncated', refused(LENGTH, 'Hel'), 'Hel', true],
  ['with Content-Length, nothing of it', refused(LENGTH, ''), '', true],
  ['chunked, truncated', refused(CHUNKED, '5\r\nHel'), 'Hel', true],
  ['chunked, nothing of it', refused(CHUNKED, ''), '', true],
  ['of more than maxEarlyBytes with Content-Length', refused('Content-Length: 99\r\n', 'x'.repeat(20)), 'x'.repeat(20)],
  ['of more than maxEarlyBytes until the end', refused('', 'x'.repeat(99)), 'x'.repeat(20)],
  ['of more than maxEarlyBytes, chunked', refused(CHUNKED, `20\r\n${'x'.repeat(99)}`), 'x'.repeat(16)],
] as const) {
  test(`4.1: a refusal ${name}`, () => {
    for (const bytewise of [false, true]) {
      const error = answer(text, { maxEarlyBytes: 20 }, bytewise, ended) as HandshakeError;
      assert.is(error.rule, 'status-not-101');
      const { status, reason, headers, body: bytes } = error.response ?? { body: [] };
      assert.equal([status, reason, headers?.length], [401, 'Unauthorized', text.match(/: /g)?.length ?? 0]);
      assert.is(String.fromCharCode(...bytes), body);
      assert.match(error.message, /401 Unauthorized/);
    }
  });
}

test('4.1: a refusal whose body is to come is waited for', () => {
  const connection = Connection.client(URL, { random: ZEROS });
  assert.equal(receive(connection, ascii(refused(LENGTH, 'Hell'))), []);
  assert.is(connection.state, 'connecting');
  assert.is((receive(connection, ascii('o')) as FailEvent[])[0]?.error.rule, 'status-not-101');
});

test('4.1: a response that is whole when the transport ends counts', () => {
  const end = true;
  assert.is((answer(refused('Content-Length: 0\r\n', ''), {}, false, end) as HandshakeError).rule, 'status-not-101');
  assert.is((answer(refused('', ''), {}, false, end) as HandshakeError).rule, 'status-not-101');
  assert.is((answer('HTTP/1.1 401 Unauth', {}, false, end) as HandshakeError).rule, 'handshake-interrupted');
});

test('4.1: linear time for a response that comes byte by byte', () => {
  for (const make of [
    (n: number) => responseHead({ Server: 'x'.repeat(n) }),
    (n: number) => refused('', 'x'.repeat(n)),
    (n: number) => refused(CHUNKED, `${'1\r\nx\r\n'.repeat(n / 6)}0\r\n`),
    (n: number) => refused(CHUNKED, `1;${'x'.repeat(n)}`),
  ]) {
    const feed = (n: number): void => {
      const options = { maxHeadSize: 1e9, maxEarlyBytes: 1e9, random: ZEROS };
      const connection = Connection.client(URL, options);
      for (const byte of ascii(make(n))) connection.receive(Uint8Array.of(byte)).poll();
    };
    assertLinear(feed, 3000);
  }
});

test.run();
