// Everything that waits has a deadline, and a deadline is a number: RFC 6455 4.1, 5.5.2, 7.1.1, and our own.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type ConnectionOptions, type EndEvent, Opcode, type PongEvent } from '../../src/index.ts';
import { Pair } from '../pair.ts';
import { ascii, concat, ZEROS } from '../support.ts';
import {
  closeFrame,
  ending,
  FAULT,
  frame,
  NEVER,
  nothingFollows,
  opened,
  own,
  QUIET,
  ROLES,
  receive,
  rule,
  sent,
  sentText,
  types,
} from './tools.ts';

const test = suite('deadlines of a connection');
const { Text, Binary, Ping, Pong } = Opcode;

const within = (ms: number, bytes = 1024): ConnectionOptions => ({ messageProgress: { bytes, within: ms } });

/** Asserts that the peer is given up: no Close frame is sent, and nothing is waited for. */
function givenUp(connection: Connection, expected: string): void {
  const events = [...connection];
  assert.is(types(events), 'fail end');
  assert.is(rule(events), expected);
  const { code, clean, explanation } = events[1] as EndEvent;
  assert.equal([code, clean, explanation.sent, explanation.error?.rule], [1006, false, undefined, expected]);
  assert.equal([connection.state, connection.transport, connection.queuedBytes], ['closed', 'destroy', 0]);
  assert.is(sent(connection), '');
  nothingFollows(connection);
}

/** Asserts that the deadline is not early, lets it pass, and returns the events. */
function pass(connection: Connection, at: number): ReturnType<Connection['timeout']> {
  assert.is(connection.deadline, at);
  assert.equal([...connection.timeout(at - 1)], []);
  assert.is(sent(connection), '');
  assert.is(connection.deadline, at);
  return connection.timeout(at);
}

// handshakeTimeout

test('4.1: a server answers 408 when the request does not arrive in time', () => {
  const connection = Connection.server({ handshakeTimeout: 300 }, 1000);
  receive(connection, ascii('GET / HTTP/1.1\r\n'), 1299);
  assert.is(rule(pass(connection, 1300)), 'handshake-timeout');
  assert.match(sentText(connection), /^HTTP\/1\.1 408 \r\nConnection: close\r\n/);
  assert.equal([connection.state, connection.transport, connection.deadline], ['closing', 'end', 6300]);
  assert.is(types(pass(connection, 6300)), 'end');
  assert.is(connection.transport, 'destroy');
  nothingFollows(connection);
});

test('4.1: a server answers 408 when the application does not decide in time', () => {
  const pair = new Pair({ server: { handshakeTimeout: 300 } });
  pair.server.onEvent = () => undefined;
  pair.run(300);
  assert.is(types(pair.server.events), 'request fail end');
  assert.is(types(pair.client.events), 'fail end');
  const [fail] = pair.client.events;
  assert.is(fail?.type === 'fail' && 'response' in fail.error && fail.error.response?.status, 408);
  assert.throws(() => pair.server.connection.accept(), /no request waits/);
});

test('4.1: a client fails when the response does not arrive in time', () => {
  const connection = Connection.client('ws://example.com', { random: ZEROS, handshakeTimeout: 300 }, 1000);
  sent(connection);
  receive(connection, ascii('HTTP/1.1 101 Switching Protocols\r\nUpgrade: webs'), 1299);
  assert.is(rule(pass(connection, 1300)), 'handshake-timeout');
  assert.is(sent(connection), '');
  assert.equal([connection.state, connection.transport], ['closing', 'destroy']);
});

test('4.1: an open connection has no handshake deadline', () => {
  const pair = new Pair({ client: QUIET, server: QUIET }).run();
  assert.equal([pair.client.connection.deadline, pair.server.connection.deadline], [NEVER, NEVER]);
});

for (const role of ROLES) {
  // idleTimeout

  test(`idleTimeout: bytes that arrive restart it, bytes that we send do not (${role})`, () => {
    const connection = opened(role, { ...QUIET, idleTimeout: 1000 });
    assert.is(connection.deadline, 1000);
    connection.send('Hello');
    sent(connection);
    assert.is(connection.deadline, 1000);
    receive(connection, frame(role, Text, 'Hello').subarray(0, 1), 600);
    assert.is(connection.deadline, 1600);
    givenUp(pass(connection, 1600), 'idle-timeout');
  });

  // heartbeat

  test(`heartbeat: a Ping frame is sent every interval, and silence after it fails the connection (${role})`, () => {
    const connection = opened(role, { ...QUIET, heartbeat: { interval: 1000, timeout: 300 } });
    assert.is(types(pass(connection, 1000)), '');
    assert.is(sent(connection), own(role, Ping, '\0\0\0\x01'));
    givenUp(pass(connection, 1300), 'pong-timeout');
  });

  test(`heartbeat: any bytes count as an answer, and a Pong frame tells the latency (${role})`, () => {
    const connection = opened(role, { ...QUIET, heartbeat: { interval: 1000, timeout: 300 } });
    pass(connection, 1000);
    sent(connection);
    receive(connection, frame(role, Binary, 'a long message').subarray(0, 7), 1299);
    pass(connection, 2000);
    assert.is(sent(connection), own(role, Ping, '\0\0\0\x02'));
    const rest = frame(role, Binary, 'a long message').subarray(7);
    const events = receive(connection, concat(rest, frame(role, Pong, '\0\0\0\x02')), 2100);
    assert.is((events[1] as PongEvent).latency, 100);
    assert.is(connection.deadline, 3000);
  });

  test(`heartbeat: a Ping frame may be late by an 8th of its interval, at most two seconds; no other deadline may be late (${role})`, () => {
    for (const [interval, slack] of [
      [1, 0],
      [1000, 125],
      [10_000, 1250],
      [1e12, 2000],
    ] as const) {
      const connection = opened(role, {
        ...QUIET,
        idleTimeout: 2 * interval,
        heartbeat: { interval, timeout: interval },
      });
      assert.equal([connection.deadline, connection.slack], [interval, slack]);
      // In time or late, it is one Ping frame, and the next one is due an interval later.
      assert.is(types(connection.timeout(interval + slack)), '');
      assert.is(sent(connection), own(role, Ping, '\0\0\0\x01'));
      receive(connection, frame(role, Pong, '\0\0\0\x01'), interval + slack);
      assert.equal([connection.deadline, connection.slack], [2 * interval + slack, slack]);
    }
    const connection = opened(role, { ...QUIET, heartbeat: { interval: 1000, timeout: 300 } });
    pass(connection, 1000);
    assert.equal([connection.deadline, connection.slack], [1300, 0]);
    assert.is(opened(role, QUIET).slack, 0);
    // Not even because a Ping frame is late.
    for (const [idleTimeout, slack] of [
      [999, 0],
      [1000, 0],
      [1030, 15],
      [1250, 125],
    ] as const) {
      const both = opened(role, { ...QUIET, idleTimeout, heartbeat: { interval: 1000, timeout: 300 } });
      assert.equal([both.deadline, both.slack], [Math.min(idleTimeout, 1000), slack]);
    }
  });

  test(`heartbeat: further Ping frames do not postpone a timeout that is longer than the interval (${role})`, () => {
    const connection = opened(role, { ...QUIET, heartbeat: { interval: 100, timeout: 250 } });
    for (const at of [100, 200, 300]) {
      pass(connection, at);
      sent(connection);
    }
    assert.is(rule(connection.timeout(350)), 'pong-timeout');
  });

  test(`heartbeat: a late caller sends one Ping frame, not all that are overdue (${role})`, () => {
    const connection = opened(role, { ...QUIET, heartbeat: { interval: 100, timeout: 1e6 } });
    connection.timeout(1050);
    assert.is(sent(connection), own(role, Ping, '\0\0\0\x01'));
    assert.is(connection.deadline, 1150);
  });

  // All of them

  test(`timeout does nothing when called early or after the end (${role})`, () => {
    const connection = opened(role);
    for (const now of [0, 1, 29_999]) {
      assert.equal([...connection.timeout(now)], []);
      assert.is(connection.queuedBytes, 0);
    }
    receive(connection, closeFrame(role), 29_999);
    ending(connection);
  });

  test(`when several deadlines have passed, the one that explains most is reported, once (${role})`, () => {
    const connection = opened(role, {
      ...{ heartbeat: { interval: 100, timeout: 100 }, idleTimeout: 200, stallTimeout: 200, ...within(200) },
    });
    receive(connection, frame(role, Text, 'x').subarray(0, 1), 0);
    connection.timeout(100);
    sent(connection);
    givenUp(connection.timeout(9000), 'pong-timeout');
  });

  test(`once our Close frame has been transmitted only the close deadline runs, and no other comes back (${role})`, () => {
    const connection = opened(role, { heartbeat: { interval: 10, timeout: 10 }, idleTimeout: 10, ...within(10) });
    receive(connection, frame(role, Text, 'x').subarray(0, 1), 0);
    connection.close(1000, '', 5);
    sent(connection);
    assert.is(connection.deadline, 5005);
    receive(connection, frame(role, Text, 'x').subarray(1), 6);
    receive(connection, frame(role, Text, 'x').subarray(0, 1), 7);
    assert.is(connection.deadline, 5005);
    assert.equal([...connection.timeout(5004)], []);
  });

  test(`closeTimeout of a failed connection restarts at the next call that passes \`now\`, and only once (${role})`, () => {
    // The handlers of messages before the fault have taken 20 s.
    for (const [name, next] of Object.entries({
      'a transmission': (connection: Connection) => connection.transmit(20_000),
      'a part of it': (connection: Connection) => connection.transmit(20_000, 1),
      'the deadline itself': (connection: Connection) => connection.transmit() && connection.timeout(20_000),
      'the end of the transport': (connection: Connection) => connection.receiveEnd(20_000),
      'after an end without the time': (connection: Connection) => connection.receiveEnd().written(0, 20_000),
    })) {
      const connection = opened(role);
      receive(connection, FAULT[role].bytes, 0);
      assert.is(connection.deadline, 5000, name);
      next(connection);
      assert.is(connection.deadline, 25_000, name);
      connection.written(0, 21_000);
      assert.is(connection.deadline, 25_000, name);
    }
    const connection = opened(role);
    const { bytes, rule: name } = FAULT[role];
    assert.is(rule(receive(connection, bytes, 0)), name);
    assert.is(connection.transmit(20_000)?.[0], 0x88);
    connection.transmit(21_000);
    connection.written(undefined, 22_000);
    receive(connection, bytes, 23_000);
    assert.is(connection.deadline, 25_000);
    assert.is(types(connection.timeout(25_000)), 'end');
  });

  // Pausing

  test(`pause stops the deadlines for the peer's silence, and the heartbeat goes on (${role})`, () => {
    const heartbeat = { interval: 1000, timeout: 300 };
    const connection = opened(role, { heartbeat, idleTimeout: 1500, ...within(1200) });
    receive(connection, frame(role, Text, 'Hel', false), 100);
    connection.timeout(1000);
    sent(connection);
    connection.pause();
    assert.is(connection.deadline, 2000);
    for (let now = 2000; now <= 20_000; now += 1000) {
      connection.timeout(now);
      assert.ok(sent(connection).startsWith(own(role, Ping, '\0\0\0\0').slice(0, -2)), `ping at ${now}`);
      assert.is(connection.deadline, now + 1000);
    }
    // All of it begins anew.
    connection.resume(20_500);
    assert.is(connection.poll(), undefined);
    connection.timeout(21_000);
    assert.is(connection.deadline, 21_300);
    assert.is(rule(connection.timeout(21_300)), 'pong-timeout');
  });

  test(`a pause restarts the time allowed for silence and for an incomplete message (${role})`, () => {
    for (const [options, name] of [
      [{ ...within(1200) }, 'message-stalled'],
      [{ idleTimeout: 1200 }, 'idle-timeout'],
    ] as const) {
      const connection = opened(role, { ...QUIET, ...options });
      receive(connection, frame(role, Text, 'Hel', false), 100);
      connection.pause();
      assert.is(connection.deadline, NEVER);
      connection.receive(frame(role, Ping, 'p'), 300);
      assert.is(connection.deadline, NEVER);
      connection.resume(5000);
      assert.is(types(connection), 'ping');
      sent(connection);
      assert.is(rule(pass(connection, 6200)), name);
    }
  });
}

test.run();
