import { type Connection, type ConnectionOptions, type EndEvent, Opcode } from '../../src/index.ts';
import { closeFrame, FAULT, frame, receive, sent } from './tools.ts';

export const role = 'server';
export const fault = FAULT[role];
const hello = frame(role, Opcode.Text, 'Hello');

type Facts = Omit<EndEvent, 'type' | 'explanation'> & Omit<EndEvent['explanation'], 'error' | 'summary'>;

/** A way in which a connection ends. */
export interface Case {
  readonly name: string;
  readonly options?: ConnectionOptions;
  /** Happens before the end; the time is 0. */
  readonly story: (connection: Connection) => void;
  /** The facts that differ from those of a connection whose transport simply ends. */
  readonly facts: Partial<Facts>;
  readonly rule?: string;
  readonly summary: string;
}

const said = (code: number, reason = '') => ({ code, reason });
const close = (code?: number, reason = '') => closeFrame(role, code, reason);
const end = (connection: Connection, cause?: unknown) => connection.receiveEnd(0, cause);

/** Receives bytes as the contract says: takes the events, then the bytes to write. */
const take = (connection: Connection, bytes: Uint8Array): void => {
  receive(connection, bytes);
  sent(connection);
};

/** Ways in which a server's connection ends, and what its last event tells. */
export const CASES: Case[] = [
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
      'this endpoint failed the connection at byte 11, unmasked-frame: the client sent a frame that is not masked; ' +
      'it must mask every frame (RFC 6455 section 5.1, close code 1002)',
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
      'this endpoint failed the connection at byte 0, unmasked-frame: the client sent a frame that is not masked; ' +
      'it must mask every frame (RFC 6455 section 5.1, close code 1002)',
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
      'this endpoint failed the connection, idle-timeout: nothing arrived for idleTimeout; check the network, ' +
      'or raise the limit if this peer may be silent for so long (RFC 6455 section 7.4.1, close code 1001)',
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
      'stallTimeout; check whether the peer still reads, and the network (RFC 6455 section 7.4.1, close code 1013); 7 bytes that were sent here had not left',
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
      'this endpoint failed the connection, handler-failed: the application failed to handle an event; ' +
      'see the cause of this error (RFC 6455 section 7.4.1, close code 1011)',
  },
];
