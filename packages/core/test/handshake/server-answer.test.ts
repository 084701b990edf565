// RFC 6455 4.2.2: the response of a server, and the time and memory that a request can cost it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseRequestHead, respond } from '../../src/handshake/index.ts';
import { rejectRequest } from '../../src/handshake/server.ts';
import { Connection, type RequestEvent } from '../../src/index.ts';
import { isA, receive } from '../connection/tools.ts';
import { assertLinear } from '../linear.ts';
import { ascii } from '../support.ts';
import { accepted, judge } from './asking.ts';
import { REQUEST_FIELDS, requestHead } from './heads.ts';

const test = suite('RFC 6455 4.2.2 answer');

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
  test(`4.2.2: client offers ${offered ?? 'none'}, server supports ${spoken.join() || 'none'}, application chooses ${chosen ?? 'none'}: "${expected}"`, () => {
    const answer = accepted({ 'Sec-WebSocket-Protocol': offered }, { subprotocols: spoken }, { subprotocol: chosen });
    if (!answer.accepted) throw new Error('refused');
    assert.is(answer.subprotocol, expected);
    const field = answer.response.headers.find(([name]) => name === 'Sec-WebSocket-Protocol');
    assert.is(field?.[1], expected === '' ? undefined : expected);
  });
}

test('4.2.2: the response that accepts has the header fields of the application', () => {
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

test('4.2.2: respond refuses heads of HTTP/1.0 and older, and of HTTP/2', () => {
  for (const version of [9, 10, 20, 90]) {
    const answer = respond({ method: 'GET', target: '/', version, headers: [] });
    assert.is(answer.accepted ? 'accepted' : answer.error.rule, 'http-version');
  }
});

test('4.2.2: wrong options throw', () => {
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

test('4.2.2: a header field such as X-Upgrade, whose name only contains the name of a handshake field, is allowed', () => {
  const fields = ['X-Upgrade', 'Upgrade-Insecure', 'X-Sec-WebSocket-Accept'].map((name) => [name, 'x'] as const);
  const answer = accepted({}, {}, { headers: fields });
  assert.equal(answer.response.headers.slice(3), fields);
});

test('RFC 9110 15.3.5, 15.4.5: a request cannot be rejected with 204 or 304, which have no body', () => {
  for (const status of [204, 304, 199, 600, 400.5])
    assert.throws(() => rejectRequest(status, undefined, 0), /from 200 to 599/);
});

test('4.2.2: a request can be rejected with any status from 200 to 599', () => {
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

test('4.2.2: an error that is not a fault of the request reaches the caller', () => {
  const head = Object.defineProperty({ ...parseRequestHead(requestHead({}).slice(0, -4)) }, 'headers', {
    get() {
      throw new RangeError('out of order');
    },
  });
  assert.throws(() => respond(head), isA(RangeError));
});

// CVE-2020-7662 and its like: linear time and bounded memory.

test('4.2.1: a head that arrives byte by byte takes linear time', () => {
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

test('4.2.1: no more than maxHeadSize is read of a head without an end', () => {
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
