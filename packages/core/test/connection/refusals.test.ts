// Refusals of a client's request (RFC 6455 4.1) whose body does not end before the deadline of the handshake.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection } from '../../src/index.ts';
import { ascii, ZEROS } from '../support.ts';
import { rule } from './tools.ts';

const test = suite('RFC 6455 4.1 refusals');

for (const [title, response, body] of [
  ['no body yet', 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n', ''],
  ['a body that does not end', 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\nwho', 'who'],
  [
    'a Content-Length that is too large',
    'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 9\r\n\r\nwho',
    'who',
  ],
  [
    'chunks without an end',
    'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nwho\r\n9\r\nare',
    'whoare',
  ],
] as const) {
  test(`a refusal with ${title} is reported at the deadline, with the bytes that have arrived`, () => {
    for (const polled of [true, false]) {
      const connection = Connection.client('ws://example.com', { random: ZEROS, handshakeTimeout: 300 }, 1000);
      connection.receive(ascii(response), 1000);
      if (polled) assert.is(connection.poll(), undefined);
      const events = [...connection.timeout(1300)];
      assert.is(rule(events), 'status-not-101');
      const [fail] = events;
      const refused = fail?.type === 'fail' && 'response' in fail.error ? fail.error.response : undefined;
      assert.is(refused?.status, 401);
      assert.ok(refused?.headers.some(([name, value]) => name === 'www-authenticate' && value === 'Basic'));
      assert.equal(refused?.body, ascii(body));
      assert.is(connection.transport, 'destroy');
    }
  });
}

for (const head of [
  '204 No Content\r\n\r\n',
  '304 Not Modified\r\nETag: "x"\r\n\r\n',
  '401 \r\nContent-Length: 0\r\n\r\n',
]) {
  test(`a refusal whose head announces no body is reported at once: ${head.slice(0, 3)}`, () => {
    const connection = Connection.client('ws://example.com', { random: ZEROS, handshakeTimeout: 300 }, 1000);
    assert.is(rule([...connection.receive(ascii(`HTTP/1.1 ${head}`), 1000)]), 'status-not-101');
  });
}

test('an incomplete or informational response is a timeout at the deadline, not a refusal', () => {
  for (const bytes of ['HTTP/1.1 401 Unauthorized\r\n', 'HTTP/1.1 102 Processing\r\n\r\n', '']) {
    const connection = Connection.client('ws://example.com', { random: ZEROS, handshakeTimeout: 300 }, 1000);
    connection.receive(ascii(bytes), 1000);
    assert.is(rule([...connection.timeout(1300)]), 'handshake-timeout');
  }
});

test.run();
