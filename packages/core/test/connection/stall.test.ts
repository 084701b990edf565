// stallTimeout: how long bytes may wait to leave.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, Opcode } from '../../src/index.ts';
import { requestHead, responseHead } from '../handshake/heads.ts';
import { ascii, ZEROS } from '../support.ts';
import { frame, NEVER, ROLES, receive, types } from './tools.ts';
import { OPTIONS, STALL, stalls, take, writer } from './writer.ts';

const test = suite('stall');

for (const role of ROLES) {
  test(`stallTimeout of waiting bytes begins at the first call that passes \`now\` (${role})`, () => {
    for (const reports of [true, false]) {
      for (const carry of [
        (connection: Connection) => connection.receive(new Uint8Array(0), 300),
        (connection: Connection) => connection.timeout(300),
        (connection: Connection) => connection.resume(300),
        (connection: Connection) => connection.written(0, 300),
      ]) {
        const connection = writer(role, reports);
        connection.send('Hello');
        assert.is(connection.deadline, NEVER);
        carry(connection);
        connection.resume(700);
        const { explanation } = stalls(connection, 300 + STALL);
        assert.is(explanation.unsentBytes, role === 'server' ? 7 : 11);
        assert.is(explanation.sent, undefined);
      }
    }
  });

  test(`every byte that is transmitted or reported restarts stallTimeout (${role})`, () => {
    const connection = writer(role, true);
    connection.send('Hello');
    connection.transmit(0, 1);
    assert.is(connection.deadline, STALL);
    connection.transmit(400, 2);
    assert.is(connection.deadline, 400 + STALL);
    take(connection, 500);
    assert.is(connection.deadline, 500 + STALL);
    connection.written(2, 800);
    assert.is(connection.deadline, 800 + STALL);
    connection.written(0, 900);
    assert.is(connection.deadline, 800 + STALL);
    const left = role === 'server' ? 5 : 9;
    assert.is(stalls(connection, 800 + STALL).explanation.unsentBytes, left);
  });

  test(`stallTimeout stops when all bytes are transmitted or, if the caller uses written(), reported (${role})`, () => {
    for (const reports of [true, false]) {
      const connection = writer(role, reports);
      connection.send('Hello');
      connection.transmit(0, 1);
      take(connection, 10);
      assert.is(connection.deadline, reports ? 10 + STALL : NEVER);
      connection.written(undefined, 20);
      assert.is(connection.deadline, NEVER);
    }
  });

  test(`transmit or written without \`now\` stops stallTimeout, and the next call that passes \`now\` starts it again (${role})`, () => {
    for (const move of [
      (connection: Connection) => connection.transmit(undefined, 1),
      (it: Connection) => it.written(1),
    ]) {
      const connection = writer(role, true);
      connection.send('Hello');
      connection.transmit(0, 2);
      move(connection);
      assert.is(connection.deadline, NEVER);
      connection.receive(new Uint8Array(0), 5000);
      stalls(connection, 5000 + STALL);
    }
  });

  test(`stallTimeout runs during a pause, and ends the pause when it passes (${role})`, () => {
    const connection = writer(role, true);
    connection.send('Hello');
    take(connection, 0);
    connection.pause();
    connection.receive(frame(role, Opcode.Text, 'unread'), 10);
    stalls(connection, STALL);
    assert.is(connection.paused, false);
  });

  test(`stallTimeout runs while our Close frame waits, and closeTimeout after that (${role})`, () => {
    const connection = writer(role, true);
    connection.send('Hello');
    connection.close(1000, '', 100);
    assert.is(connection.deadline, 100 + STALL);
    connection.transmit(200, 8);
    assert.is(connection.deadline, 200 + STALL);
    take(connection, 700);
    assert.is(connection.deadline, 750);

    const stuck = writer(role, true);
    stuck.send('Hello');
    stuck.close(1000, '', 100);
    const { explanation, clean } = stalls(stuck, 100 + STALL);
    assert.equal([explanation.sent, clean, explanation.endedEarly], [{ code: 1000, reason: '' }, false, true]);
    assert.ok(explanation.unsentBytes > 10);
  });

  test(`stallTimeout can be switched off (${role})`, () => {
    const connection = writer(role, true, { stallTimeout: NEVER });
    connection.send('Hello');
    connection.transmit(0, 1);
    assert.is(connection.deadline, NEVER);
    connection.timeout(1e9);
    assert.is(connection.state, 'open');
  });
}

test('stallTimeout does not run before a server calls accept, which starts it for the response, or before a client is open', () => {
  const server = Connection.server({ ...OPTIONS, handshakeTimeout: 30 });
  receive(server, ascii(requestHead()), 10);
  assert.is(server.deadline, 30);
  server.accept({}, 20);
  assert.is(server.deadline, 20 + STALL);
  assert.is(types(server), 'open');
  stalls(server, 20 + STALL);

  const client = Connection.client('ws://example.com/', { ...OPTIONS, random: ZEROS, handshakeTimeout: 30 });
  client.written(0, 5);
  assert.is(client.deadline, 30);
  take(client, 6);
  assert.is(client.deadline, 30);
  assert.is(types(receive(client, ascii(responseHead()), 20)), 'open');
  // The request was not reported.
  client.written(0, 25);
  assert.is(client.deadline, 25 + STALL);
});

test('stallTimeout does not run after the connection has failed or the transport has ended', () => {
  const failed = writer('server', true, { closeTimeout: 5 * STALL });
  failed.send('Hello');
  failed.fail('handler-failed', undefined, 10);
  assert.is(failed.deadline, 10 + 5 * STALL);
  failed.transmit(20, 1);
  failed.written(1, 30);
  assert.is(failed.deadline, 10 + 5 * STALL);
  const ended = writer('server', true, { closeTimeout: 5 * STALL });
  ended.send('Hello');
  ended.receiveEnd(10);
  ended.transmit(20, 1);
  assert.is(ended.deadline, 10 + 5 * STALL);
});

test.run();
