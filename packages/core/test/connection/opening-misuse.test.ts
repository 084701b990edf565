// RFC 6455 4: calls that are not allowed during the opening handshake.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection } from '../../src/index.ts';
import { ascii, ZEROS } from '../support.ts';
import { asked, client, REQUEST, RESPONSE } from './opening-tools.ts';
import { ending, receive, rule, sent, sentText, types } from './tools.ts';

const test = suite('RFC 6455 4 opening, misuse');

test('4.2.2: accept and reject throw when no request waits for a decision', () => {
  const accepted = asked();
  accepted.accept();
  const abandoned = asked();
  abandoned.close();
  for (const connection of [
    client(),
    Connection.server(),
    accepted,
    abandoned,
    Connection.opened('server'),
    Connection.opened('client', {}, { random: ZEROS }),
  ]) {
    const before = [connection.state, connection.queuedBytes, connection.deadline];
    for (const call of [() => connection.accept(), () => connection.reject(403)]) {
      assert.throws(call, (error: { name: string; rule: string }) => {
        return error.name === 'StateError' && error.rule === 'not-connecting';
      });
    }
    assert.equal([connection.state, connection.queuedBytes, connection.deadline], before);
  }
});

test('4.2.2: wrong options of accept and reject throw, and the request still waits', () => {
  const connection = asked();
  const calls: [() => void, RegExp][] = [
    [() => connection.accept({ subprotocol: 'chat' }), /did not offer/],
    [() => connection.accept({ headers: { upgrade: 'h2c' } }), /set by the handshake/],
    [() => connection.accept({ headers: { 'x-a': 'b\r\nc: d' } }), /not valid/],
    [() => connection.reject(101), /from 200 to 599/],
    [() => connection.reject(200.5), /from 200 to 599/],
    [() => connection.reject(600), /from 200 to 599/],
    [() => connection.reject(403, { connection: 'keep-alive' }), /set by the handshake/],
    [() => connection.reject(403, {}, 5 as unknown as string), /not number/],
  ];
  for (const [call, message] of calls) assert.throws(call, message);
  assert.is(sent(connection), '');
  assert.is(connection.poll(), undefined);
  connection.accept();
  assert.is(sentText(connection), RESPONSE);
});

test('4.1: nothing can be sent while connecting', () => {
  for (const connection of [client(), asked()]) {
    const before = connection.queuedBytes;
    for (const call of [
      () => connection.send('x'),
      () => connection.sendFragment('x', true),
      () => connection.ping(),
      () => connection.pong(),
    ]) {
      assert.throws(call, (error: { rule: string }) => error.rule === 'not-open');
    }
    assert.is(connection.queuedBytes, before);
  }
});

test('4.1: close while connecting sends no Close frame and ends the transport', () => {
  for (const connection of [client(), Connection.server(), asked()]) {
    sent(connection);
    connection.close(1000, 'changed my mind', 7);
    assert.is(connection.state, 'closing');
    assert.is(connection.transport, connection.role === 'client' ? 'destroy' : 'end');
    assert.is(connection.deadline, 5007);
    assert.is(sent(connection), '');
    assert.is(rule(connection), 'handshake-abandoned');
    connection.close();
    assert.equal(receive(connection, ascii(connection.role === 'client' ? RESPONSE : REQUEST)), []);
    const { code, explanation } = ending(connection);
    assert.equal([code, explanation.initiator, explanation.sent], [1006, 'local', undefined]);
  }
});

test('4.1: a wrong close code throws while connecting too', () => {
  const connection = client();
  assert.throws(() => connection.close(1006), /cannot have the code 1006/);
  assert.is(connection.state, 'connecting');
});

test('4: pause does nothing before the connection is open', () => {
  const connection = asked();
  connection.pause();
  assert.is(connection.paused, false);
  connection.accept();
  assert.is(types(connection), 'open');
});

test.run();
