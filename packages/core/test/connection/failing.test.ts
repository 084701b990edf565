// RFC 6455 7.1.7: failing the connection. Which bytes break which rule is in vectors.ts; here, what follows from it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Connection,
  type ConnectionEvent,
  type ConnectionOptions,
  type EndEvent,
  type FailEvent,
  Opcode,
  type Role,
} from '../../src/index.ts';
import { cutRandomly, Pair, seeded } from '../pair.ts';
import { concat, ZEROS } from '../support.ts';
import {
  ascii,
  closeFrame,
  ending,
  FAULT,
  frame,
  NEVER,
  nothingFollows,
  opened,
  own,
  ownClose,
  ROLES,
  receive,
  rule,
  sent,
  types,
} from './tools.ts';

const test = suite('RFC 6455 7.1.7 failing');
const { Text, Binary, Ping, Pong } = Opcode;

for (const role of ROLES) {
  test(`7.1.7: a fault sends Close with its code and the rule as reason, after what was sent (${role})`, () => {
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

  test(`7.1.7: who failed parses nothing further, sends nothing further, and waits for the end (${role})`, () => {
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

  test(`7.1.7: the transport does not end: closeTimeout destroys it (${role})`, () => {
    const connection = opened(role);
    receive(connection, FAULT[role].bytes, 100);
    assert.is(types(connection.timeout(5100)), 'end');
    assert.is(connection.transport, 'destroy');
    nothingFollows(connection);
  });

  test(`7.1.7: a fault after our Close frame fails the connection without a second one (${role})`, () => {
    const connection = opened(role);
    connection.close(1000, '', 100);
    sent(connection);
    assert.is(rule(receive(connection, FAULT[role].bytes, 200)), FAULT[role].rule);
    assert.is(sent(connection), '');
    assert.is(connection.deadline, 5100);
    const { clean, explanation } = ending(connection);
    assert.equal([clean, explanation.sent?.code, explanation.error?.rule], [false, 1000, FAULT[role].rule]);
  });

  test(`7.1.7: a fault inside our fragmented message ends that with the Close frame (${role})`, () => {
    const connection = opened(role);
    connection.sendFragment('Hel', false);
    receive(connection, FAULT[role].bytes);
    assert.throws(() => connection.sendFragment('lo', true), /closing/);
    assert.is(sent(connection), own(role, Text, 'Hel', false) + ownClose(role, 1002, FAULT[role].rule));
  });

  test(`7.1.7: a fault in bytes that are read after the transport has ended (${role})`, () => {
    const connection = opened(role, { heartbeat: false });
    connection.receive(concat(frame(role, Text, 'one'), FAULT[role].bytes), 100).receiveEnd(200);
    const events = [...connection];
    assert.is(types(events), 'text fail end');
    assert.is((events[2] as EndEvent).explanation.error?.rule, FAULT[role].rule);
    assert.is(connection.deadline, 5200);
    nothingFollows(connection);
  });

  test(`7.1.7: a fault that is not polled is no fault yet (${role})`, () => {
    const connection = opened(role);
    connection.receive(FAULT[role].bytes.slice());
    assert.is(connection.state, 'open');
    assert.is(connection.queuedBytes, 0);
    assert.is(connection.poll()?.type, 'fail');
    assert.is(connection.state, 'closing');
  });

  test(`8.1: the offset of text that is no UTF-8 is that of its first impossible byte (${role})`, () => {
    const text = frame(role, Text, 'Hello \xe2\x82 world');
    const header = text.length - 'Hello xx world'.length;
    for (const size of [text.length, 1, 5]) {
      const connection = opened(role);
      const events: ConnectionEvent[] = [];
      for (let at = 0; at < text.length; at += size) events.push(...receive(connection, text.subarray(at, at + size)));
      assert.is(types(events), 'fail');
      assert.is((events[0] as FailEvent).error.offset, header + 8);
      assert.is(sent(connection), ownClose(role, 1007, 'invalid-utf8'));
    }
  });
}

test('7.1.1: both ends of a failed connection come to an end', () => {
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

// 7.4.1: 1008, rate limits.

const LIMITED: [name: string, ConnectionOptions['rateLimits'], (to: Role) => Uint8Array, passes: number][] = [
  ['message-rate', { messages: { perSecond: 2 } }, (to) => frame(to, Text, 'x'), 2],
  ['message-rate', { messages: { perSecond: 2, burst: 5 } }, (to) => frame(to, Binary, '', true), 5],
  ['byte-rate', { bytes: { perSecond: 20 } }, (to) => frame(to, Text, '12345'), 4],
  ['byte-rate', { bytes: { perSecond: 1, burst: 1000 } }, (to) => frame(to, Binary, 'x'.repeat(400)), 2],
  ['control-rate', { controlFrames: { perSecond: 3 } }, (to) => frame(to, Ping), 3],
  ['control-rate', { controlFrames: { perSecond: 3 } }, (to) => frame(to, Pong, 'x'.repeat(125)), 3],
];

for (const role of ROLES) {
  for (const [name, rateLimits, bytes, passes] of LIMITED) {
    test(`7.4.1: ${name} lets ${passes} pass at once, then fails with 1008 (${role})`, () => {
      const connection = opened(role, { rateLimits });
      for (let n = 0; n < passes; n++) assert.not.ok(rule(receive(connection, bytes(role), 1000)));
      sent(connection);
      assert.is(rule(receive(connection, bytes(role), 1000)), name);
      assert.is(sent(connection), ownClose(role, 1008, name));
    });

    test(`7.4.1: ${name} at the rate allowed passes for ever (${role})`, () => {
      const connection = opened(role, { rateLimits, heartbeat: false });
      const [limit] = Object.values(rateLimits ?? {});
      // Of a frame with a longer header, a little more than its payload.
      const tokens = name === 'byte-rate' ? bytes(role).length - frame(role, Binary).length : 1;
      for (let n = 0; n < 1000; n++) {
        const now = (n * tokens * 1000) / (limit?.perSecond ?? 0);
        assert.not.ok(rule(receive(connection, bytes(role), now)), `${name} at ${now}`);
      }
    });
  }

  test(`7.4.1: rates are counted by fragment for bytes and by message for messages (${role})`, () => {
    const connection = opened(role, { rateLimits: { messages: { perSecond: 1 }, bytes: { perSecond: 10 } } });
    for (let n = 0; n < 10; n++) assert.equal(receive(connection, frame(role, n === 0 ? Text : 0, 'x', false)), []);
    assert.is(rule(receive(connection, frame(role, 0, 'x'))), 'byte-rate');
  });

  test(`5.5.1: after our Close frame no rate counts (${role})`, () => {
    const one = { perSecond: 1 };
    const connection = opened(role, { rateLimits: { messages: one, bytes: one, controlFrames: one } });
    connection.close();
    for (let n = 0; n < 10; n++) {
      assert.equal(receive(connection, concat(frame(role, Text, 'Hello'), frame(role, Ping))), []);
    }
    assert.is(types(receive(connection, closeFrame(role))), 'close');
  });
}

// Whatever a peer sends, no method throws; and `end` comes once, and last.

/** Bytes that are mostly legal, so that they get far: frames and heads with a few bytes changed. */
function mutated(random: () => number, sources: readonly Uint8Array[]): Uint8Array {
  const pick = (): Uint8Array => sources[Math.floor(random() * sources.length)] as Uint8Array;
  const bytes = concat(pick(), pick(), pick());
  for (let n = random() * 4; n > 1; n--) bytes[Math.floor(random() * bytes.length)] = random() * 256;
  return bytes.subarray(Math.floor(random() * 1.2), bytes.length);
}

const MAKE: Record<string, (role: Role) => Connection> = {
  connecting: (role) =>
    role === 'client' ? Connection.client('ws://example.com', { random: ZEROS }) : Connection.server(),
  open: (role) => opened(role),
  fragments: (role) => opened(role, { messages: 'fragments' }),
  closing: (role) => {
    const connection = opened(role);
    connection.close(1000);
    return connection;
  },
};

for (const role of ROLES) {
  for (const [state, make] of Object.entries(MAKE)) {
    test(`7.1.7: garbage never makes a method throw (${role}, ${state})`, () => {
      for (let seed = 1; seed <= 300; seed++) throwsNothing(role, make(role), seed);
    });
  }
}

const HEADS = [
  'GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n',
  'Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n',
  'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
].map(ascii);

function throwsNothing(role: Role, connection: Connection, seed: number): void {
  const random = seeded(seed);
  const frames = [
    frame(role, Text, 'Hello'),
    frame(role, Binary, 'Hello'.repeat(30), false),
    frame(role, 0, 'Hello'),
    frame(role, Ping, 'p'),
    frame(role, Pong),
    closeFrame(role, 1000, 'bye'),
  ];
  const sources = connection.state === 'connecting' ? HEADS : frames;
  let now = 0;
  let ends = 0;
  const drain = (): void => {
    for (const { type } of connection) {
      assert.is(ends, 0, `${type} after end, seed ${seed}`);
      if (type === 'end') ends++;
      if (type === 'request') connection.accept();
    }
    sent(connection);
  };
  for (let n = 0; n < 20; n++) {
    for (const piece of cutRandomly(40)(mutated(random, sources), random)) {
      connection.receive(piece.slice(), now++);
      drain();
    }
    if (random() < 0.05) connection.receiveEnd(now);
    if (random() < 0.1 && connection.deadline !== NEVER) {
      now = connection.deadline;
      connection.timeout(now);
    }
    drain();
  }
  connection.receiveEnd(now);
  drain();
  assert.is(ends, 1, `seed ${seed}`);
  nothingFollows(connection);
}

test('7.1.7: an end that a failed handshake explains', () => {
  const connection = Connection.server();
  receive(connection, ascii('nonsense\r\n\r\n'));
  const { explanation } = ending(connection, 'EPIPE');
  assert.is(explanation.error?.name, 'HandshakeError');
  assert.is(explanation.error?.offset, 12);
  assert.is(explanation.cause, 'EPIPE');
});

test("5.3: a random source that throws is the caller's to hear of, and leaves no deadline that never passes", () => {
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

test("an error that is no fault of the peer's comes out of poll as it is", () => {
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

test('bytes that the application has transferred while more of them was to be parsed are a fault of our own side', () => {
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
