// RFC 6455 4: bytes that arrive too early, and the end of the transport during the opening handshake.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, Opcode } from '../../src/index.ts';
import { ascii, concat } from '../support.ts';
import { asked, client, REQUEST, RESPONSE } from './opening-tools.ts';
import {
  closeFrame,
  ending,
  FAULT,
  frame,
  NEVER,
  nothingFollows,
  receive,
  rule,
  sent,
  sentText,
  types,
} from './tools.ts';

const test = suite('RFC 6455 4 opening, early');

const EARLY = frame('server', Opcode.Text, 'early');

test('4.1: frames in the same chunk as the response are parsed', () => {
  const connection = client();
  const frames = [frame('client', Opcode.Text, 'one'), frame('client', Opcode.Binary, 'two')];
  const events = receive(connection, concat(ascii(RESPONSE), ...frames, closeFrame('client', 1000)));
  assert.is(types(events), 'open text binary close');
});

test('4.1: the offset of a fault after the response counts from the beginning of the stream', () => {
  const connection = client();
  const events = receive(connection, concat(ascii(RESPONSE), frame('client', Opcode.Text, 'one'), FAULT.client.bytes));
  assert.is(types(events), 'open text fail');
  assert.is((events[2] as { error: { offset: number } }).error.offset, RESPONSE.length + 5);
});

for (const pieces of [1, EARLY.length]) {
  test(`4.2: bytes before accept, in ${pieces} chunk(s), are kept and parsed after it`, () => {
    const connection = asked();
    for (let at = 0; at < EARLY.length; at += EARLY.length / pieces) {
      assert.equal(receive(connection, EARLY.subarray(at, at + EARLY.length / pieces)), []);
    }
    connection.accept();
    assert.equal([...connection].at(-1), { type: 'text', data: 'early' });
    assert.equal(receive(connection, EARLY), [{ type: 'text', data: 'early' }]);
  });
}

test('4.2: an incomplete frame in the same chunk as the request is kept and completed later', () => {
  const connection = Connection.server();
  assert.is(types(receive(connection, concat(ascii(REQUEST), EARLY.subarray(0, 3)))), 'request');
  connection.accept();
  assert.is(types(connection), 'open');
  assert.equal(receive(connection, EARLY.subarray(3)), [{ type: 'text', data: 'early' }]);
});

test('4.2: more than maxEarlyBytes (64 KiB) before accept fail the handshake', () => {
  for (const [options, limit] of [
    [{}, 65_536],
    [{ maxEarlyBytes: 10 }, 10],
    [{ maxEarlyBytes: 0 }, 0],
  ] as const) {
    const connection = asked(options);
    assert.equal(receive(connection, new Uint8Array(limit)), []);
    const events = receive(connection, new Uint8Array(1));
    assert.is(rule(events), 'early-data');
    assert.match(sentText(connection), /^HTTP\/1\.1 400 \r\n/);
    assert.throws(() => connection.accept(), /no request waits/);
    ending(connection);
  }
});

test('4.2: too many bytes in the same chunk as the request do not hide the request', () => {
  const connection = Connection.server({ maxEarlyBytes: 10 });
  const events = receive(connection, concat(ascii(REQUEST), new Uint8Array(11)));
  assert.is(types(events), 'request fail');
});

// The end of the transport.

test('4: the end of the transport at any byte of the handshake fails it', () => {
  for (const [make, head] of [
    [() => Connection.server(), REQUEST],
    [() => client(), RESPONSE],
  ] as const) {
    for (let length = 0; length < head.length; length++) {
      const connection = make();
      sent(connection);
      receive(connection, ascii(head.slice(0, length)));
      const events = [...connection.receiveEnd(1, 'gone')];
      assert.is(types(events), 'fail end');
      assert.is(rule(events), 'handshake-interrupted');
      assert.is(sent(connection), '');
      nothingFollows(connection);
    }
  }
});

test('4: if a handshake is interrupted, the end event has the initiator "transport" and quotes the error of the transport', () => {
  const { code, explanation } = ending(client(), new Error('ECONNRESET'));
  assert.is(code, 1006);
  assert.is(explanation.initiator, 'transport');
  assert.is(explanation.summary.includes('ECONNRESET'), true);
});

test('4.2: after the end of the transport an undecided request cannot be decided', () => {
  const connection = asked();
  const events = [...connection.receiveEnd()];
  assert.is(rule(events), 'handshake-interrupted');
  assert.throws(() => connection.accept(), /closed/);
  assert.throws(() => connection.reject(400), /closed/);
  nothingFollows(connection);
});

test('4.2: a request is delivered even when the transport has ended before the poll', () => {
  const connection = Connection.server().receive(ascii(REQUEST)).receiveEnd();
  assert.is(types(connection), 'request fail end');
  assert.is(sent(connection), '');
  nothingFollows(connection);
});

test('4.1: a response and a message are delivered even when the transport has ended before the poll', () => {
  const connection = client({ closeTimeout: NEVER });
  sent(connection);
  connection.receive(concat(ascii(RESPONSE), frame('client', Opcode.Text, 'Hello'))).receiveEnd();
  assert.is(types(connection), 'open text end');
  assert.is(connection.deadline, NEVER);
  nothingFollows(connection);
});

test.run();
