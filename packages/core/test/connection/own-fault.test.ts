// RFC 6455 7.1.7, 7.4.1: `fail`, for the faults of our own side.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Connection,
  type ConnectionEvent,
  type FailEvent,
  type LocalRuleName,
  Opcode,
  ProtocolError,
  resolveOptions,
} from '../../src/index.ts';
import { requestHead, responseHead } from '../handshake/heads.ts';
import { decodeFrames } from '../reference.ts';
import { ascii, concat, drain, join, ZEROS } from '../support.ts';
import {
  closeFrame,
  ending,
  FAULT,
  frame,
  isA,
  nothingFollows,
  opened,
  ownClose,
  QUIET,
  ROLES,
  receive,
  rule,
  sent,
  sentText,
  types,
} from './tools.ts';

const test = suite('RFC 6455 7.1.7 fail');

const RULES: readonly (readonly [LocalRuleName, code: number])[] = [
  ['reader-too-slow', 1013],
  ['handler-failed', 1011],
];

for (const role of ROLES) {
  for (const [name, code] of RULES) {
    test(`${name} sends a Close frame with ${code}, delivers the event \`fail\` with the cause, and parses nothing more (${role})`, () => {
      const cause = new Error('why');
      const connection = opened(role, QUIET);
      receive(connection, frame(role, Opcode.Text, 'Hello'));
      connection.receive(frame(role, Opcode.Text, 'not polled'));
      connection.fail(name, cause, 100);
      assert.equal([connection.state, connection.deadline], ['closing', 5100]);
      const [fail, ...more] = [...connection] as FailEvent[];
      assert.equal(more, []);
      assert.instance(fail?.error, ProtocolError);
      assert.equal([fail?.error.rule, fail?.error.offset], [name, connection.role === 'server' ? 27 : 19]);
      assert.is(fail?.error.cause, cause);
      assert.is(sent(connection), ownClose(role, code, name));
      assert.is(connection.transport, role === 'server' ? 'end' : 'open');
      assert.equal(receive(connection, concat(frame(role, Opcode.Text, 'x'), closeFrame(role, 1000)), 200), []);
      assert.is(connection.deadline, 5100);
      const { code: theirs, clean, explanation } = ending(connection);
      assert.equal([theirs, clean, explanation.initiator], [1006, false, 'local']);
      assert.equal([explanation.sent, explanation.received], [{ code, reason: name }, undefined]);
      assert.is(explanation.error, fail?.error);
      assert.is(explanation.cause, cause);
    });

    test(`${name}: the cause of the transport replaces the cause of fail in the explanation (${role})`, () => {
      const connection = opened(role, QUIET);
      connection.fail(name, 'ours');
      assert.is(ending(connection, 'ECONNRESET').explanation.cause, 'ECONNRESET');
    });

    test(`${name} ends a pause (${role})`, () => {
      const connection = opened(role, QUIET);
      connection.pause();
      connection.receive(frame(role, Opcode.Text, 'unread'));
      connection.fail(name);
      assert.equal([types(connection), connection.paused], ['fail', false]);
    });

    test(`${name} does not affect a connection that is already closing or has failed (${role})`, () => {
      const cases: ((connection: Connection) => ConnectionEvent[])[] = [
        (connection) => {
          connection.close(1000, 'bye', 5);
          return [];
        },
        (connection) => receive(connection, closeFrame(role, 1000), 5),
        (connection) => receive(connection, FAULT[role].bytes, 5),
        (connection) => {
          connection.fail('handler-failed', 'first', 5);
          return [...connection];
        },
      ];
      for (const begin of cases) {
        const [one, other] = [opened(role, QUIET), opened(role, QUIET)];
        begin(one);
        begin(other);
        one.fail(name, 'late', 6);
        assert.is(sent(one), sent(other));
        assert.equal([...one], []);
        assert.equal([one.state, one.transport, one.deadline > 5000], [other.state, other.transport, true]);
        const [a, b] = [ending(one), ending(other)];
        assert.equal(
          [a.explanation.error?.rule, a.explanation.cause],
          [b.explanation.error?.rule, b.explanation.cause],
        );
      }
    });

    test(`${name} does nothing after the end (${role})`, () => {
      const connection = opened(role, QUIET);
      connection.receiveEnd(0, 'gone');
      connection.fail(name, 'late');
      const { explanation } = ending(connection);
      assert.equal([explanation.error, explanation.cause], [undefined, 'gone']);
      connection.fail(name);
      nothingFollows(connection);
    });
  }

  test(`fail throws for anything but the name of a local rule, on an open and on an ended connection (${role})`, () => {
    const connection = opened(role, QUIET);
    for (const name of ['invalid-utf8', 'toString', '', undefined, 5]) {
      assert.throws(() => connection.fail(name as LocalRuleName), isA(TypeError));
    }
    assert.is(connection.state, 'open');
    ending(connection);
    assert.throws(() => connection.fail('close-code' as LocalRuleName), isA(TypeError));
  });
}

// While connecting

test('4.2.2: fail answers an undecided request with 500', () => {
  for (const [name] of RULES) {
    const cause = new Error('database');
    const server = Connection.server(QUIET);
    assert.is(types(receive(server, ascii(requestHead()))), 'request');
    server.fail(name, cause, 100);
    const events = [...server];
    assert.is(rule(events), 'handshake-failed');
    assert.is((events[0] as FailEvent).error.cause, cause);
    assert.equal([server.transport, server.deadline], ['open', 5100]);
    assert.match(sentText(server), /^HTTP\/1\.1 500 \r\nConnection: close\r\n/);
    assert.is(server.transport, 'end');
    assert.throws(() => server.accept(), /no request waits/);
    const { code, explanation } = ending(server);
    assert.equal([code, explanation.cause], [1006, cause]);
  }
});

test('4.1: fail abandons an opening handshake in which no request waits for a decision', () => {
  for (const make of [() => Connection.server(QUIET), () => Connection.client('ws://h', { random: ZEROS })]) {
    const connection = make();
    drain(connection);
    connection.fail('handler-failed', 'why', 10);
    assert.is(rule(connection), 'handshake-abandoned');
    assert.is(sent(connection), '');
    assert.is(connection.transport, connection.role === 'server' ? 'end' : 'destroy');
    assert.is(ending(connection).explanation.cause, 'why');
  }
});

test('reader-too-slow never drops a response', () => {
  const refused = Connection.server(QUIET);
  receive(refused, ascii(requestHead()));
  refused.reject(403, {}, 'no');
  refused.fail('reader-too-slow');
  assert.match(sentText(refused), /^HTTP\/1\.1 403 .*no$/s);

  for (const transmitted of [0, 1, 40]) {
    const server = Connection.server(QUIET);
    receive(server, ascii(requestHead()));
    server.accept();
    server.send('a');
    server.send(new Uint8Array(5000));
    const front = transmitted === 0 ? new Uint8Array(0) : (server.transmit(0, transmitted) as Uint8Array).slice();
    server.fail('reader-too-slow');
    const all = join([front, drain(server)]);
    const text = String.fromCharCode(...all);
    const end = text.indexOf('\r\n\r\n') + 4;
    assert.match(text, /^HTTP\/1\.1 101 /);
    assert.equal(
      decodeFrames(all.subarray(end)).frames.map(({ opcode }) => opcode),
      [8],
    );
    assert.is(ending(server).explanation.unsentBytes, 3 + 5004);
  }
});

test('a sender carries nothing over from one connection to the next', () => {
  const options = resolveOptions(QUIET);
  const one = Connection.opened('server', {}, options);
  one.close(1000, 'a reason that is long');
  drain(one);
  const other = Connection.opened('server', {}, options);
  assert.is(types(other), 'open');
  other.fail('reader-too-slow');
  assert.is(sent(other), ownClose('server', 1013, 'reader-too-slow'));
  const third = Connection.opened('server', {}, options);
  third.send('Hello');
  third.send('Hello');
  third.fail('reader-too-slow');
  assert.is(sent(third), ownClose('server', 1013, 'reader-too-slow'));
});

test('reader-too-slow never drops the request of a client', () => {
  const client = Connection.client('ws://example.com/', { ...QUIET, random: ZEROS });
  const front = (client.transmit(0, 10) as Uint8Array).slice();
  receive(client, ascii(responseHead()));
  client.send('a');
  client.fail('reader-too-slow');
  const text = String.fromCharCode(...join([front, drain(client)]));
  assert.match(text, /^GET \/ HTTP\/1\.1\r\n.*\r\n\r\n\x88/s);
});

test('if textDecoder calls `fail` while it decodes, that fault alone is reported, even if the text is invalid too', () => {
  for (const text of ['\xc3\xa9'.repeat(50), `${'\xc3\xa9'.repeat(50)}\xff`]) {
    const decode = (bytes: Uint8Array): string => {
      connection.fail('handler-failed', 'decode');
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    };
    const connection = opened('server', { ...QUIET, textDecoder: { decode, fatal: true, ignoreBOM: true } });
    const events = types(receive(connection, frame('server', Opcode.Text, text)));
    assert.is(events, text.endsWith('\xff') ? 'fail' : 'text fail');
    assert.is(ending(connection).explanation.error?.rule, 'handler-failed');
  }
});

test.run();
