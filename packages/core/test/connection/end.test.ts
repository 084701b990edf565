// RFC 6455 7.1.4 to 7.1.6: the last event and its explanation, so that 1006 is never a riddle.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Connection,
  type ConnectionOptions,
  type EndEvent,
  HandshakeError,
  Opcode,
  ProtocolError,
} from '../../src/index.ts';
import { ZEROS } from '../support.ts';
import { ascii, closeFrame, FAULT, frame, NEVER, nothingFollows, opened, ROLES, receive, sent } from './tools.ts';

const test = suite('RFC 6455 7.1.4 end');
const role = 'server';
const fault = FAULT[role];
const hello = frame(role, Opcode.Text, 'Hello');

type Facts = Omit<EndEvent, 'type' | 'explanation'> & Omit<EndEvent['explanation'], 'error' | 'summary'>;

interface Case {
  readonly name: string;
  readonly options?: ConnectionOptions;
  /** What happens, up to the end; time is 0. */
  readonly story: (connection: Connection) => void;
  /** What differs from a connection whose transport just ends. */
  readonly facts: Partial<Facts>;
  readonly rule?: string;
  readonly summary: string;
}

const said = (code: number, reason = '') => ({ code, reason });
const close = (code?: number, reason = '') => closeFrame(role, code, reason);
const end = (connection: Connection, cause?: unknown) => connection.receiveEnd(0, cause);

/** Receives as a caller does that keeps the contract: events, then bytes. */
const take = (connection: Connection, bytes: Uint8Array): void => {
  receive(connection, bytes);
  sent(connection);
};

const CASES: Case[] = [
  {
    name: 'the transport ends, with nothing received',
    story: (connection) => end(connection),
    facts: {},
    summary: 'the transport ended without a Close frame from either side, after 0 bytes received',
  },
  {
    name: 'the transport ends, and says why',
    story: (connection) => end(connection.receive(hello.slice()), new Error('read ECONNRESET')),
    facts: { bytesReceived: hello.length, cause: new Error('read ECONNRESET') },
    summary:
      'the transport ended (Error: read ECONNRESET) without a Close frame from either side, after 11 bytes received',
  },
  {
    name: 'we close, the peer answers',
    story: (connection) => {
      connection.close(1000, 'done');
      take(connection, close(1000, 'bye'));
      end(connection);
    },
    facts: {
      ...{ code: 1000, reason: 'bye', clean: true, initiator: 'local', endedEarly: false },
      ...{ sent: said(1000, 'done'), received: said(1000, 'bye'), bytesReceived: 11 },
    },
    summary: 'this endpoint closed the connection with 1000 "done", and the closing handshake was completed',
  },
  {
    name: 'the peer closes, we answer',
    story: (connection) => {
      take(connection, close(1001, 'moving "on"'));
      end(connection);
    },
    facts: {
      ...{ code: 1001, reason: 'moving "on"', clean: true, initiator: 'remote', endedEarly: false },
      ...{ sent: said(1001), received: said(1001, 'moving "on"'), bytesReceived: 19 },
    },
    summary: 'the peer closed the connection with 1001 "moving \\"on\\"", and the closing handshake was completed',
  },
  {
    name: 'the peer closes without a code',
    story: (connection) => {
      take(connection, close());
      end(connection);
    },
    facts: {
      ...{ code: 1005, clean: true, initiator: 'remote', endedEarly: false },
      ...{ sent: said(1005), received: said(1005), bytesReceived: 6 },
    },
    summary: 'the peer closed the connection with 1005, and the closing handshake was completed',
  },
  {
    name: 'we close, the transport ends before the peer answers',
    story: (connection) => {
      connection.close(4000, 'enough');
      sent(connection);
      end(connection, 'EPIPE');
    },
    facts: { initiator: 'local', sent: said(4000, 'enough'), cause: 'EPIPE' },
    summary:
      'this endpoint sent 4000 "enough", but the transport ended (EPIPE) before the peer answered, after 0 bytes received',
  },
  {
    name: 'we close, the peer does not answer in time',
    story: (connection) => {
      connection.close();
      sent(connection);
      connection.timeout(5000);
    },
    facts: { initiator: 'local', sent: said(1005) },
    summary: 'this endpoint sent 1005, but closeTimeout passed before the peer answered, after 0 bytes received',
  },
  {
    name: 'the peer closes, the transport does not end in time',
    story: (connection) => {
      take(connection, close(1000));
      connection.timeout(5000);
    },
    facts: {
      ...{ code: 1000, clean: true, initiator: 'remote', endedEarly: false },
      ...{ sent: said(1000), received: said(1000), bytesReceived: 8 },
    },
    summary: 'the peer closed the connection with 1000, and the closing handshake was completed',
  },
  {
    name: 'the peer breaks a rule',
    story: (connection) => {
      receive(connection, hello);
      take(connection, fault.bytes);
      end(connection);
    },
    facts: { initiator: 'local', sent: said(1002, fault.rule), bytesReceived: 13 },
    rule: fault.rule,
    summary:
      'this endpoint failed the connection at byte 11, unmasked-frame: a client must mask all frames that it sends to ' +
      'the server (RFC 6455 section 5.1, close code 1002)',
  },
  {
    name: 'the peer breaks a rule after we have closed',
    story: (connection) => {
      connection.close(1000);
      take(connection, fault.bytes);
      end(connection);
    },
    facts: { initiator: 'local', sent: said(1000), bytesReceived: 2 },
    rule: fault.rule,
    summary:
      'this endpoint failed the connection at byte 0, unmasked-frame: a client must mask all frames that it sends to ' +
      'the server (RFC 6455 section 5.1, close code 1002)',
  },
  {
    name: 'nothing arrives for too long',
    options: { idleTimeout: 1000 },
    story: (connection) => {
      receive(connection, hello);
      connection.timeout(1000);
    },
    facts: { initiator: 'local', bytesReceived: 11 },
    rule: 'idle-timeout',
    summary:
      'this endpoint failed the connection, idle-timeout: nothing arrived for idleTimeout ' +
      '(RFC 6455 section 7.4.1, close code 1001)',
  },
  {
    name: 'the transport ends while bytes wait',
    story: (connection) => {
      connection.send('Hello');
      connection.transmit(0, 3);
      end(connection);
    },
    facts: { unsentBytes: 4 },
    summary:
      'the transport ended without a Close frame from either side, after 0 bytes received; ' +
      '4 bytes that were sent here had not left',
  },
  {
    name: 'the peer closes, and the transport ends before our answer has left',
    story: (connection) => {
      receive(connection, close(1001));
      end(connection, 'EPIPE');
    },
    facts: {
      ...{ code: 1001, initiator: 'remote', sent: said(1001), received: said(1001), bytesReceived: 8 },
      ...{ unsentBytes: 4, cause: 'EPIPE' },
    },
    summary:
      "the peer closed the connection with 1001, but the transport ended (EPIPE) before this endpoint's Close frame " +
      'had left, after 8 bytes received; 4 bytes that were sent here had not left',
  },
  {
    name: 'nothing leaves for too long',
    options: { stallTimeout: 1000 },
    story: (connection) => {
      connection.send('Hello');
      connection.receive(new Uint8Array(0), 0);
      connection.timeout(1000);
    },
    facts: { initiator: 'local', unsentBytes: 7 },
    rule: 'stall-timeout',
    summary:
      'this endpoint failed the connection, stall-timeout: bytes waited to be sent, and none left for ' +
      'stallTimeout (RFC 6455 section 7.4.1, close code 1013); 7 bytes that were sent here had not left',
  },
  {
    name: 'the application fails',
    story: (connection) => {
      connection.fail('handler-failed', 'a bug');
      sent(connection);
      end(connection);
    },
    facts: { initiator: 'local', sent: said(1011, 'handler-failed'), cause: 'a bug' },
    rule: 'handler-failed',
    summary:
      'this endpoint failed the connection, handler-failed: the application failed to handle an event ' +
      '(RFC 6455 section 7.4.1, close code 1011)',
  },
];

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

test('7.1.7: the error of the explanation is that of the fail event, a ProtocolError with section and offset', () => {
  const connection = opened(role);
  const [fail] = receive(connection, fault.bytes);
  const [last] = [...connection.receiveEnd()] as EndEvent[];
  const error = last?.explanation.error;
  assert.is(error, (fail as { error: unknown }).error);
  assert.instance(error, ProtocolError);
  assert.equal([error?.section, error?.offset], ['5.1', 0]);
});

test('4: a handshake that failed is explained by its HandshakeError', () => {
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

test('4: the end of a connection that was never open has no Close frames, and is 1006', () => {
  for (const make of [() => Connection.server(), () => Connection.client('ws://example.com', { random: ZEROS })]) {
    const connection = make();
    connection.close(1000, 'never mind');
    const [, last] = [...connection.receiveEnd()] as EndEvent[];
    assert.equal([last?.code, last?.reason, last?.clean], [1006, '', false]);
    assert.equal([last?.explanation.sent, last?.explanation.received], [undefined, undefined]);
  }
});

for (const role of ROLES) {
  test(`7.1.4: what arrived before the transport ended is delivered before the end (${role})`, () => {
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

  test(`7.1.4: half a message is lost with the transport (${role})`, () => {
    const connection = opened(role);
    receive(connection, frame(role, Opcode.Text, 'Hel', false));
    const events = [...connection.receiveEnd()] as EndEvent[];
    assert.equal([events.length, events[0]?.code, events[0]?.clean], [1, 1006, false]);
  });

  test(`7.1.4: the first end counts (${role})`, () => {
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
