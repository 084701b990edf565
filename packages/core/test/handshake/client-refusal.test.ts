// RFC 6455 4.1: responses that refuse, and their bodies. What the deadline makes of them is in connection/refusals.test.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type FailEvent, type HandshakeError } from '../../src/index.ts';
import { receive } from '../connection/tools.ts';
import { assertLinear } from '../linear.ts';
import { ascii, ZEROS } from '../support.ts';
import { answerTo, URL } from './asking.ts';
import { responseHead } from './heads.ts';

const test = suite('RFC 6455 4.1 refusal');

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
  test(`4.1: a refusal is delivered with its body: ${name}`, () => {
    for (const bytewise of [false, true]) {
      const error = answerTo(text, { maxEarlyBytes: 20 }, bytewise, ended) as HandshakeError;
      assert.is(error.rule, 'status-not-101');
      const { status, reason, headers, body: bytes } = error.response ?? { body: [] };
      assert.equal([status, reason, headers?.length], [401, 'Unauthorized', text.match(/: /g)?.length ?? 0]);
      assert.is(String.fromCharCode(...bytes), body);
      assert.match(error.message, /401 Unauthorized/);
    }
  });
}

test('4.1: a refusal is delivered only when its body is complete', () => {
  const connection = Connection.client(URL, { random: ZEROS });
  assert.equal(receive(connection, ascii(refused(LENGTH, 'Hell'))), []);
  assert.is(connection.state, 'connecting');
  assert.is((receive(connection, ascii('o')) as FailEvent[])[0]?.error.rule, 'status-not-101');
});

test('4.1: when the transport ends, a refusal with a whole head counts, and one with an incomplete head does not', () => {
  const end = true;
  assert.is((answerTo(refused('Content-Length: 0\r\n', ''), {}, false, end) as HandshakeError).rule, 'status-not-101');
  assert.is((answerTo(refused('', ''), {}, false, end) as HandshakeError).rule, 'status-not-101');
  assert.is((answerTo('HTTP/1.1 401 Unauth', {}, false, end) as HandshakeError).rule, 'handshake-interrupted');
});

test('4.1: a response that arrives byte by byte takes linear time', () => {
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
