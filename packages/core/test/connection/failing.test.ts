// RFC 6455 7.1.7: failing the connection. The bytes that break each rule are in vectors.ts.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type ConnectionOptions, type EndEvent, type FailEvent, Opcode } from '../../src/index.ts';
import { Pair } from '../pair.ts';
import { ascii, concat, ZEROS } from '../support.ts';
import {
  closeFrame,
  ending,
  FAULT,
  frame,
  nothingFollows,
  opened,
  own,
  ownClose,
  QUIET,
  ROLES,
  receive,
  rule,
  sent,
  types,
} from './tools.ts';

const test = suite('RFC 6455 7.1.7 failing');
const { Text, Ping, Pong } = Opcode;

for (const role of ROLES) {
  test(`7.1.7: a fault sends a Close frame with its code, and the rule as the reason, after everything sent before (${role})`, () => {
    const connection = opened(role);
    connection.send('one');
    const events = receive(
      connection,
      concat(frame(role, Ping, 'p'), frame(role, Text, 'two'), FAULT[role].bytes),
      100,
    );
    assert.is(types(events), 'ping text fail');
    const { error } = events[2] as FailEvent;
    assert.equal([error.name, error.rule, error.section], ['ProtocolError', FAULT[role].rule, '5.1']);
    assert.is(error.offset, frame(role, Ping, 'p').length + frame(role, Text, 'two').length);
    assert.is(sent(connection), own(role, Text, 'one') + own(role, Pong, 'p') + ownClose(role, 1002, FAULT[role].rule));
  });

  test(`7.1.7: a failed connection parses and sends nothing more, and waits for the end (${role})`, () => {
    const connection = opened(role);
    receive(connection, FAULT[role].bytes, 100);
    sent(connection);
    // 7.1.1: the server ends at once, the client leaves that to the server.
    const transport = role === 'server' ? 'end' : 'open';
    assert.equal([connection.state, connection.transport, connection.deadline], ['closing', transport, 5100]);
    for (const bytes of [frame(role, Text, 'late'), closeFrame(role, 1000), frame(role, Ping), FAULT[role].bytes]) {
      assert.equal(receive(connection, bytes), []);
    }
    connection.close(1000);
    assert.throws(() => connection.send('late'), /the connection is closing/);
    assert.throws(() => connection.ping(), /the connection is closing/);
    assert.is(sent(connection), '');
    assert.is(connection.deadline, 5100);
    const { code, clean, explanation } = ending(connection);
    assert.equal([code, clean, explanation.endedEarly, explanation.received], [1006, false, true, undefined]);
  });

  test(`7.1.7: a fault after our Close frame fails the connection without a second Close frame (${role})`, () => {
    const connection = opened(role);
    connection.close(1000, '', 100);
    sent(connection);
    assert.is(rule(receive(connection, FAULT[role].bytes, 200)), FAULT[role].rule);
    assert.is(sent(connection), '');
    assert.is(connection.deadline, 5100);
    const { clean, explanation } = ending(connection);
    assert.equal([clean, explanation.sent?.code, explanation.error?.rule], [false, 1000, FAULT[role].rule]);
  });

  test(`7.1.7: a fault of the peer while we send a fragmented message ends that message with the Close frame (${role})`, () => {
    const connection = opened(role);
    connection.sendFragment('Hel', false);
    receive(connection, FAULT[role].bytes);
    assert.throws(() => connection.sendFragment('lo', true), /closing/);
    assert.is(sent(connection), own(role, Text, 'Hel', false) + ownClose(role, 1002, FAULT[role].rule));
  });

  test(`7.1.7: a fault is reported even when it is parsed after the end of the transport (${role})`, () => {
    const connection = opened(role, { heartbeat: false });
    connection.receive(concat(frame(role, Text, 'one'), FAULT[role].bytes), 100).receiveEnd(200);
    const events = [...connection];
    assert.is(types(events), 'text fail end');
    assert.is((events[2] as EndEvent).explanation.error?.rule, FAULT[role].rule);
    assert.is(connection.deadline, 5200);
    nothingFollows(connection);
  });

  test(`7.1.7: a fault has no effect before it is polled (${role})`, () => {
    const connection = opened(role);
    connection.receive(FAULT[role].bytes.slice());
    assert.is(connection.state, 'open');
    assert.is(connection.queuedBytes, 0);
    assert.is(connection.poll()?.type, 'fail');
    assert.is(connection.state, 'closing');
  });
}

test('7.1.1: both endpoints of a failed connection reach the end', () => {
  for (const role of ROLES) {
    const pair = new Pair({ opened: true });
    pair.latency = 10;
    const other = role === 'client' ? 'server' : 'client';
    pair.inject(role, FAULT[role].bytes);
    pair.run();
    assert.is(pair[role].types.join(' '), 'open fail end');
    assert.is(pair[other].types.join(' '), 'open close end');
    const { reason, explanation } = pair[other].events.at(-1) as EndEvent;
    assert.equal([reason, explanation.initiator], [FAULT[role].rule, 'remote']);
  }
});

test('7.1.7: the end of a failed handshake is explained by its error and the cause of the transport', () => {
  const connection = Connection.server();
  receive(connection, ascii('nonsense\r\n\r\n'));
  const { explanation } = ending(connection, 'EPIPE');
  assert.is(explanation.error?.name, 'HandshakeError');
  assert.is(explanation.error?.offset, 12);
  assert.is(explanation.cause, 'EPIPE');
});

test('5.3: the error of a random source reaches the caller, and the close deadline still runs', () => {
  let works = true;
  const random = (): void => {
    if (!works) throw new Error('no entropy');
  };
  const connection = Connection.opened('client', {}, { random, heartbeat: false, idleTimeout: 10 });
  connection.poll();
  works = false;
  connection.receive(closeFrame('client', 1000));
  assert.throws(() => connection.poll(), /no entropy/);
  const other = Connection.opened('client', {}, { random, heartbeat: false, idleTimeout: 10 });
  other.poll();
  assert.throws(() => other.close(1000, '', 5), /no entropy/);
  assert.is(other.deadline, 5005);
  assert.is(other.timeout(5005).transport, 'destroy');
});

/** A client whose random source works only while `works` is true. */
function withRandom(options: ConnectionOptions): { connection: Connection; state: { works: boolean } } {
  const state = { works: true };
  const random = (bytes: Uint8Array): void => {
    if (!state.works) throw new Error('no entropy');
    bytes.fill(0);
  };
  const connection = Connection.opened('client', {}, { ...QUIET, random, ...options });
  connection.poll();
  return { connection, state };
}

for (const end of ['close', 'fail'] as const) {
  test(`5.3: ${end} ends a pause even if the random source throws, so that the end is delivered`, () => {
    const { connection, state } = withRandom({});
    connection.receive(frame('client', 0x1, 'Hello'));
    connection.pause();
    state.works = false;
    assert.throws(() => (end === 'close' ? connection.close() : connection.fail('handler-failed')), /no entropy/);
    assert.equal([connection.paused, connection.state, connection.deadline], [false, 'closing', 5000]);
    connection.timeout(5000);
    // After `close`, messages are dropped even if no Close frame could be queued.
    assert.is(types(connection), end === 'close' ? 'end' : 'fail end');
    assert.is(connection.transport, 'destroy');
  });
}

test('5.3: if the random source throws while a connection fails, the end names the rule of the failure, not that of the stall deadline', () => {
  const random = (bytes: Uint8Array): void => {
    if (connection?.queuedBytes) throw new Error('no entropy');
    bytes.fill(0);
  };
  let connection: Connection | undefined;
  connection = Connection.opened('client', {}, { ...QUIET, stallTimeout: 1000, random });
  connection.poll();
  for (let n = 0; n < 2048; n++) connection.send('');
  connection.written(0, 0);
  assert.throws(() => connection?.fail('handler-failed', undefined, 0), /no entropy/);
  assert.is(connection.deadline, 5000);
  assert.is(rule(connection.timeout(5000)), 'handler-failed');
});

test('5.5.2: no answer is awaited to a heartbeat Ping frame that could not be masked', () => {
  const { connection, state } = withRandom({ heartbeat: { interval: 100, timeout: 30 } });
  state.works = false;
  assert.throws(() => connection.timeout(100), /no entropy/);
  assert.is(connection.deadline, 200);
  state.works = true;
  connection.timeout(200);
  assert.equal([connection.deadline, connection.queuedBytes], [230, 10]);
});

test('5.5.2: an answer whose masking key could not be drawn is sent with the next transmit', () => {
  const { connection, state } = withRandom({});
  state.works = false;
  connection.receive(frame('client', 0x9, 'first'));
  assert.throws(() => connection.poll(), /no entropy/);
  assert.is(connection.queuedBytes, 11);
  assert.throws(() => connection.transmit(), /no entropy/);
  assert.is(connection.queuedBytes, 11);
  state.works = true;
  assert.is(sent(connection), own('client', 0xa, 'first'));
});

test('5.5.1: if the answer to a Ping frame that arrives after our close cannot be masked, our Close frame leaves and the answer waits', () => {
  const { connection, state } = withRandom({});
  for (let n = 0; n < 2047; n++) connection.send('');
  sent(connection);
  // The last key of the pool.
  connection.close(1000, '', 0);
  state.works = false;
  connection.receive(frame('client', 0x9, 'late'));
  assert.throws(() => connection.poll(), /no entropy/);
  state.works = true;
  assert.is(connection.transmit(7, 8)?.length, 8);
  assert.equal([connection.queuedBytes, connection.deadline], [10, 5007]);
});

test('poll throws an error that is not a fault of the peer', () => {
  const transform = {
    wants: () => false,
    compress: (data: Uint8Array) => data,
    write: () => undefined,
    read: () => {
      throw new Error('an engine that does not work');
    },
    drained: false,
    finish: () => undefined,
    close: () => undefined,
  };
  const connection = Connection.opened('client', { transform }, { random: ZEROS, heartbeat: false });
  connection.poll();
  connection.receive(Uint8Array.of(0xc1, 1, 0));
  assert.throws(() => connection.poll(), /an engine that does not work/);
});

test('transferring a chunk before all of it was parsed fails the connection with handler-failed', () => {
  const connection = Connection.opened('client', {}, { random: ZEROS, heartbeat: false });
  connection.poll();
  const chunk = Uint8Array.of(0x82, 1, 7, 0x82, 1, 8);
  connection.receive(chunk);
  assert.is(connection.poll()?.type, 'binary');
  structuredClone(chunk.buffer, { transfer: [chunk.buffer] });
  const fail = connection.poll();
  assert.is(fail?.type === 'fail' && fail.error.rule, 'handler-failed');
});

test.run();
