// RFC 6455 4.1: which responses a client accepts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseResponseHead, request, verify } from '../../src/handshake/index.ts';
import {
  type ClientOptions,
  HANDSHAKE_RULES,
  HandshakeError,
  type HandshakeRuleName,
  type OpenEvent,
} from '../../src/index.ts';
import { isA } from '../connection/tools.ts';
import { ZEROS } from '../support.ts';
import { answerTo, judgeResponse, URL } from './asking.ts';
import { HIGH_BYTES, RESPONSE_FIELDS, responseHead } from './heads.ts';

const test = suite('RFC 6455 4.1 response');

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
      const error = answerTo(text, options, bytewise);
      assert.is('rule' in error && error.rule, name);
    }
  });
}

test('every rule whose breach gets no HTTP answer (status 0) has a row here, or a test elsewhere', () => {
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
      const open = answerTo(text, options, bytewise);
      assert.is('type' in open && open.type, 'open');
    }
  });
}

test('4.1: the event open has the subprotocol and all header fields, cookies among them', () => {
  const text = responseHead({ 'Sec-WebSocket-Protocol': 'b', 'Set-Cookie': ['a=b', 'c=d'] });
  const open = answerTo(text, { subprotocols: ['a', 'b'] }) as OpenEvent;
  assert.is(open.subprotocol, 'b');
  assert.equal(
    open.headers.filter(([name]) => name === 'set-cookie').map(([, value]) => value),
    ['a=b', 'c=d'],
  );
});

test('4.1: the error quotes a subprotocol that was not offered, up to 200 characters', () => {
  const error = answerTo(responseHead({ 'Sec-WebSocket-Protocol': `b${'c'.repeat(300)}` }), { subprotocols: ['a'] });
  assert.ok('message' in error && / bc{199}…(?!c)/.test(error.message), String(error));
});

test('4.3: the error for an empty subprotocol names the option that would accept it', () => {
  const error = answerTo(responseHead({ 'Sec-WebSocket-Protocol': '' }), { subprotocols: ['a'] }) as HandshakeError;
  assert.match(error.message, /: an empty one, which the option allowEmptyProtocol would accept; /);
  const open = answerTo(responseHead({ 'Sec-WebSocket-Protocol': '' }), {
    subprotocols: ['a'],
    allowEmptyProtocol: true,
  });
  assert.is('subprotocol' in open && open.subprotocol, '');
});

test('RFC 9112 5.2: the fold of a folded line becomes a space', () => {
  const open = answerTo(responseHead({ 'X-A': 'a \t\r\n \t b\r\n\tc  ', 'X-B': '\r\n \r\n b' })) as OpenEvent;
  assert.equal(open.headers.slice(3), [
    ['x-a', 'a b c'],
    ['x-b', 'b'],
  ]);
});

test('the offset of a fault in a response does not depend on the chunks', () => {
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
      const error = answerTo(text, {}, bytewise) as HandshakeError;
      assert.is(error.offset, offset, JSON.stringify(text.slice(0, 60)));
    }
  }
});

test('4.1: invisible characters from a server are escaped in error messages', () => {
  for (const [text, shown] of [
    [responseHead({ 'Sec-WebSocket-Protocol': 'a\x85\x9b' }), ': a\\u{85}\\u{9b}; '],
    [
      responseHead({}, 'HTTP/1.1 404 \x9b2J\xad').replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n'),
      ': 404 \\u{9b}2J\\u{ad}; ',
    ],
    [responseHead({ 'Sec-WebSocket-Extensions': 'foo' }), ': foo; '],
  ] as const) {
    const { message } = answerTo(text) as HandshakeError;
    assert.ok(message.includes(shown), message);
  }
});

test('4.1: verify checks a response that another HTTP client has read', () => {
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
  test(`4.1: a response with ${name} missing, duplicated or outside ASCII breaks its rule, or opens if that is allowed`, () => {
    const options = { subprotocols: ['chat'] };
    const expected = RULES[name] ?? 'open';
    const absent = judgeResponse(responseHead({ ...RESPONSE_FIELDS, [name]: undefined }), options);
    assert.is(absent, name === 'Sec-WebSocket-Protocol' ? 'open' : expected);
    const doubled = judgeResponse(responseHead({ ...RESPONSE_FIELDS, [name]: [value, value] }), options);
    assert.is(doubled, name === 'Connection' ? 'open' : expected);
    for (const byte of HIGH_BYTES) {
      for (const changed of [value + byte, byte + value, `${value.slice(0, 1)}${byte}${value.slice(1)}`]) {
        assert.is(judgeResponse(responseHead({ ...RESPONSE_FIELDS, [name]: changed }), options), expected);
      }
      assert.is(judgeResponse(responseHead({ [name + byte]: value })), 'response-malformed');
    }
  });
}

test('4.1: bytes outside ASCII may be in the reason, but nowhere else in the status line', () => {
  for (const byte of HIGH_BYTES) {
    assert.is(judgeResponse(responseHead({}, `HTTP/1.1 101 Switching${byte}`)), 'open');
    assert.is(judgeResponse(responseHead({}, `HTTP/1.1 10${byte} Switching`)), 'response-malformed');
    assert.is(judgeResponse(responseHead({}, `HTTP/1.${byte} 101 Switching`)), 'response-malformed');
  }
});

test.run();
