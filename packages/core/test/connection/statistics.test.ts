// What has passed on a connection, and when: while it is open, and at its end.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type EndEvent, Opcode, prepare, StateError } from '../../src/index.ts';
import { requestHead } from '../handshake/heads.ts';
import { ascii, drain } from '../support.ts';
import { ending, frame, isA, opened, ROLES, receive } from './tools.ts';

const test = suite('statistics');
const { Text, Binary, Continuation, Ping } = Opcode;

const NOTHING = {
  ...{ openedAt: undefined, lastReceivedAt: undefined },
  ...{ bytesReceived: 0, bytesSent: 0, messagesReceived: 0, messagesSent: 0 },
};

test('the statistics of a new connection are zero', () => {
  assert.equal(Connection.server().statistics, NOTHING);
  assert.equal(ending(Connection.server()).statistics, NOTHING);
});

test('the statistics count the bytes of the opening handshake, and openedAt is its time', () => {
  const server = Connection.server({}, 5);
  const request = ascii(requestHead());
  server.receive(request, 7.9);
  assert.is(server.poll()?.type, 'request');
  assert.equal(server.statistics, { ...NOTHING, lastReceivedAt: 7, bytesReceived: request.length });
  server.accept({}, 12.5);
  const response = drain(server);
  assert.equal(server.statistics, {
    ...NOTHING,
    ...{ openedAt: 12, lastReceivedAt: 7, bytesReceived: request.length, bytesSent: response.length },
  });
});

for (const role of ROLES) {
  test(`messages count when they are whole, in both directions (${role})`, () => {
    const connection = opened(role);
    const chunks = [
      frame(role, Text, 'a'),
      frame(role, Binary, 'b', false),
      frame(role, Ping, 'c'),
      frame(role, Continuation, 'd'),
      frame(role, Text, 'e', false),
    ];
    const received = chunks.reduce((sum, { length }) => sum + length, 0);
    for (const [at, chunk] of chunks.entries()) receive(connection, chunk, 100 + at);
    connection.send('f');
    connection.send(prepare('g'));
    connection.sendFragment('h', false);
    connection.sendFragment('i', true);
    connection.sendFragment('j', false);
    assert.throws(() => connection.send('k'), isA(StateError));
    connection.ping('l');
    assert.is(connection.statistics.bytesSent, 0, 'what waits has not been sent');
    const sent = drain(connection).length;
    const statistics = {
      ...{ openedAt: 0, lastReceivedAt: 104, bytesReceived: received },
      ...{ bytesSent: sent, messagesReceived: 2, messagesSent: 3 },
    };
    assert.equal(connection.statistics, statistics);
    const end = ending(connection);
    assert.equal(end.statistics, statistics);
    assert.is(end.explanation.bytesReceived, received);
  });

  test(`with messages: 'fragments' a message counts with its last part (${role})`, () => {
    const connection = opened(role, { messages: 'fragments' });
    for (const [payload, opcode, final, count] of [
      ['a', Text, false, 0],
      ['', Continuation, true, 1],
      ['b', Binary, true, 2],
    ] as const) {
      receive(connection, frame(role, opcode, payload, final));
      assert.is(connection.statistics.messagesReceived, count);
    }
  });
}

test('the end event of a failed connection has the statistics', () => {
  const connection = opened('server');
  receive(connection, frame('server', Text, 'a'), 3);
  connection.fail('handler-failed', undefined, 4);
  drain(connection);
  const end: EndEvent = ending(connection);
  assert.equal([end.statistics.messagesReceived, end.statistics.lastReceivedAt], [1, 3]);
});

test.run();
