// RFC 6455 7.1.4 to 7.1.6: the last event and its explanation, so that 1006 is never a riddle.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type EndEvent, HandshakeError, Opcode, ProtocolError } from '../../src/index.ts';
import { ascii, ZEROS } from '../support.ts';
import { CASES, fault, role } from './endings.ts';
import { closeFrame, frame, NEVER, nothingFollows, opened, ROLES, receive, sent } from './tools.ts';

const test = suite('RFC 6455 7.1.4 end');
for (const { name, options, story, facts, rule, summary } of CASES) {
  test(`7.1.4: ${name}`, () => {
    const connection = opened(role, options);
    story(connection);
    const events = [...connection];
    const last = events.at(-1) as EndEvent;
    assert.equal(
      events.filter(({ type }) => type === 'end'),
      [last],
    );
    const { type, explanation, statistics, ...outcome } = last;
    const { error, summary: sentence, ...rest } = explanation;
    assert.is(statistics.bytesReceived, rest.bytesReceived);
    assert.equal(
      { ...outcome, ...rest },
      {
        ...{ code: 1006, reason: '', clean: false },
        ...{ sent: undefined, received: undefined, initiator: 'transport', bytesReceived: 0 },
        ...{ endedEarly: true, unsentBytes: 0, cause: undefined },
        ...facts,
      },
    );
    assert.is(error?.rule, rule);
    assert.is(sentence, summary);
    nothingFollows(connection);
  });
}

test('7.1.7: the explanation has the ProtocolError of the event fail, with section and offset', () => {
  const connection = opened(role);
  const [fail] = receive(connection, fault.bytes);
  const [last] = [...connection.receiveEnd()] as EndEvent[];
  const error = last?.explanation.error;
  assert.is(error, (fail as { error: unknown }).error);
  assert.instance(error, ProtocolError);
  assert.equal([error?.section, error?.offset], ['5.1', 0]);
});

test('4: the explanation of a failed handshake has its HandshakeError', () => {
  const connection = Connection.server();
  const [fail] = receive(connection, ascii('GET / HTTP/1.0\r\n\r\n'));
  sent(connection);
  const [last] = [...connection.receiveEnd(1, 'EPIPE')] as EndEvent[];
  const { error, summary, initiator, cause } = last?.explanation ?? {};
  assert.is(error, (fail as { error: unknown }).error);
  assert.instance(error, HandshakeError);
  assert.equal([error?.rule, error?.section, error?.offset], ['http-version', '4.2.1', 18]);
  assert.equal([initiator, cause], ['local', 'EPIPE']);
  assert.is(summary, `the opening handshake failed, http-version: ${error?.message}`);
});

test('4: a connection that was never open ends with 1006 and without Close frames', () => {
  for (const make of [() => Connection.server(), () => Connection.client('ws://example.com', { random: ZEROS })]) {
    const connection = make();
    connection.close(1000, 'never mind');
    const [, last] = [...connection.receiveEnd()] as EndEvent[];
    assert.equal([last?.code, last?.reason, last?.clean], [1006, '', false]);
    assert.equal([last?.explanation.sent, last?.explanation.received], [undefined, undefined]);
  }
});

for (const role of ROLES) {
  test(`7.1.4: everything that arrived before the transport ended is delivered before the event end (${role})`, () => {
    const connection = opened(role);
    connection.receive(frame(role, Opcode.Text, 'one'));
    connection.receive(frame(role, Opcode.Text, 'two'));
    connection.receive(closeFrame(role, 1000));
    connection.receiveEnd();
    assert.is(connection.state, 'closed');
    assert.throws(() => connection.send('too late'), /the connection is closed/);
    assert.equal(
      [...connection].map(({ type }) => type),
      ['text', 'text', 'close', 'end'],
    );
    nothingFollows(connection);
  });

  test(`7.1.4: an incomplete message is dropped at the end of the transport (${role})`, () => {
    const connection = opened(role);
    receive(connection, frame(role, Opcode.Text, 'Hel', false));
    const events = [...connection.receiveEnd()] as EndEvent[];
    assert.equal([events.length, events[0]?.code, events[0]?.clean], [1, 1006, false]);
  });

  test(`7.1.4: only the first end of the transport counts (${role})`, () => {
    const connection = opened(role, { heartbeat: false });
    connection.receiveEnd(100, 'first');
    connection.receiveEnd(4000, 'second');
    assert.is(connection.deadline, 5100);
    const [last] = [...connection] as EndEvent[];
    assert.is(last?.explanation.cause, 'first');
    assert.is(sent(connection), '');
    assert.equal([...connection.timeout(NEVER)], []);
  });
}

test.run();
