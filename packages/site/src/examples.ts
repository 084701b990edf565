/** What breaks each rule: bytes of core's vector table, heads of the opening handshake, and calls. A test plays all of them. */
import {
  Connection,
  type ConnectionEvent,
  type HandshakeRuleName,
  type ProtocolRuleName,
  type Role,
  type ServerOptions,
} from '@sockless/core';
import { requestHead, responseHead } from '../../core/test/handshake/heads.ts';
import { ascii, drain, hex, ZEROS } from '../../core/test/support.ts';
import { VECTORS } from '../../core/test/vectors.ts';
import { compressed } from './playground/decode.ts';

/** The name of any rule. */
export type RuleName = ProtocolRuleName | HandshakeRuleName;

/** Something that breaks a rule. */
export interface Example {
  /** What it is, in words. */
  readonly name: string;
  /** Who finds the fault. */
  readonly role: Role;
  /** Options of the connection beside the defaults. */
  readonly options?: ServerOptions;
  /** The connection is open: the bytes that the peer sends, in hexadecimal. */
  readonly hex?: string;
  /** permessage-deflate was agreed on. */
  readonly compression?: true;
  /** The opening handshake: what the peer sends. */
  readonly head?: string;
  /** What happens then, or instead. */
  readonly run?: (connection: Connection) => void;
}

/** How many vectors a rule's page shows, and how long they are at most. */
const VECTORS_SHOWN = 4;
const LONGEST = 120;

/** Returns the examples of a rule. */
export function examplesOf(rule: RuleName): readonly Example[] {
  const own = OWN[rule] ?? [];
  const fitting = VECTORS.filter((vector) => vector.rule === rule && vector.hex.length <= LONGEST);
  // From different ends of the table, so that they are not four times the same.
  const step = Math.max(1, Math.ceil(fitting.length / VECTORS_SHOWN));
  const chosen = fitting.filter((_, at) => at % step === 0);
  return [
    ...chosen.map(({ name, role, hex: digits, options }) => ({
      name,
      role,
      hex: digits.trim(),
      ...(options && { options }),
    })),
    ...own,
  ];
}

/** What came of an example. */
export interface Outcome {
  /** The error that core fails the connection with, if it does. */
  readonly error: Extract<ConnectionEvent, { type: 'fail' }>['error'] | undefined;
  /** What the peer is sent then. */
  readonly answer: Uint8Array;
}

/** Plays an example. */
export function play(example: Example): Outcome {
  const connection = connectionOf(example);
  const bytes = example.hex === undefined ? ascii(example.head ?? '') : hex(example.hex);
  const events = [...connection];
  if (example.role === 'client' && example.head !== undefined) drain(connection);
  events.push(...connection.receive(bytes));
  example.run?.(connection);
  events.push(...connection);
  const answer = drain(connection);
  events.push(...connection); // what was only seen when the bytes were to leave
  const fail = events.find(({ type }) => type === 'fail');
  return { error: fail?.type === 'fail' ? fail.error : undefined, answer };
}

function connectionOf({ role, options = {}, hex: bytes, head, compression }: Example): Connection {
  const opening = bytes === undefined && head !== undefined;
  if (!opening) return Connection.opened(role, compression ? compressed(role) : {}, options);
  if (role === 'server') return Connection.server(options);
  return Connection.client('ws://example.com/', { ...options, random: ZEROS });
}

const LF = '\n';
const NOTHING = '';

const request = (name: string, head: string, options?: ServerOptions): Example => ({
  name,
  role: 'server',
  head,
  ...(options && { options }),
});
const response = (name: string, head: string): Example => ({ name, role: 'client', head });

/** The rules that no row of the vector table breaks. */
const OWN: Partial<Record<RuleName, readonly Example[]>> = {
  'invalid-deflate': [
    {
      name: 'plain text in a frame that says it is compressed',
      role: 'client',
      compression: true,
      hex: 'c1 05 48 65 6c 6c 6f',
    },
    { name: 'a compressed message that is cut off', role: 'client', compression: true, hex: 'c1 03 f2 48 cd' },
  ],
  'message-rate': [
    {
      name: 'two messages at once where one a second is allowed',
      role: 'client',
      options: { rateLimits: { messages: { perSecond: 1 } } },
      hex: '81 00  81 00',
    },
  ],
  'byte-rate': [
    {
      name: 'five bytes at once where four a second are allowed',
      role: 'client',
      options: { rateLimits: { bytes: { perSecond: 4 } } },
      hex: '81 05 48 65 6c 6c 6f',
    },
  ],
  'inflated-rate': [
    {
      name: 'a message that inflates to five bytes where four a second are allowed',
      role: 'client',
      compression: true,
      options: { rateLimits: { inflatedBytes: { perSecond: 4 } } },
      hex: 'c1 07 f2 48 cd c9 c9 07 00',
    },
  ],
  'control-rate': [
    {
      name: 'two Ping frames at once where one control frame a second is allowed',
      role: 'client',
      options: { rateLimits: { controlFrames: { perSecond: 1 } } },
      hex: '89 00  89 00',
    },
  ],
  'message-stalled': [
    {
      name: 'a message begins, and nothing follows',
      role: 'server',
      hex: '01 81 00 00 00 00 61',
      run: (connection) => connection.timeout(connection.deadline),
    },
  ],
  'idle-timeout': [
    {
      name: 'nothing arrives, and no heartbeat asks',
      role: 'server',
      options: { heartbeat: false },
      run: (connection) => connection.timeout(connection.deadline),
    },
  ],
  'pong-timeout': [
    {
      name: 'the heartbeat sends a Ping frame, and nothing arrives',
      role: 'server',
      run(connection) {
        connection.timeout(connection.deadline);
        connection.transmit(connection.deadline);
        connection.timeout(connection.deadline);
      },
    },
  ],
  'stall-timeout': [
    {
      name: 'the transport takes no bytes',
      role: 'server',
      options: { heartbeat: false },
      run(connection) {
        connection.send('hello');
        connection.timeout(0);
        connection.timeout(connection.deadline);
      },
    },
  ],
  'reader-too-slow': [
    {
      name: 'the application, or its adapter, gives up a reader',
      role: 'server',
      run: (connection) => connection.fail('reader-too-slow'),
    },
  ],
  'loan-changed': [
    {
      name: 'lent bytes are transferred before they have left',
      role: 'server',
      run(connection) {
        const bytes = new Uint8Array(100_000);
        connection.send(bytes, { lend: true });
        structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      },
    },
  ],
  'handler-failed': [
    {
      name: 'the application, or its adapter, tells that a handler threw',
      role: 'server',
      run: (connection) => connection.fail('handler-failed'),
    },
  ],

  'request-malformed': [
    request('a bare line feed', requestHead().replace('\r\n', LF)),
    request('a space before the colon', requestHead({ 'Cookie ': 'a' })),
  ],
  'head-too-big': [request('longer than maxHeadSize', requestHead({ Cookie: 'a=b; c=d' }), { maxHeadSize: 100 })],
  'target-too-long': [
    request('more than half of maxHeadSize', requestHead({}, `GET /${'x'.repeat(120)} HTTP/1.1`), { maxHeadSize: 200 }),
  ],
  'target-form': [
    request('a target without its first slash', requestHead({}, 'GET chat HTTP/1.1')),
    request('a fragment', requestHead({}, 'GET /chat#top HTTP/1.1')),
  ],
  'method-not-get': [request('POST', requestHead({}, 'POST / HTTP/1.1'))],
  'http-version': [request('HTTP/1.0', requestHead({}, 'GET / HTTP/1.0'))],
  'request-body': [request('a body is announced', requestHead({ 'Content-Length': '1' }))],
  'host-field': [
    request('no Host', requestHead({ Host: undefined })),
    request('two of them', requestHead({ Host: ['example.com', 'example.org'] })),
  ],
  'upgrade-field': [request('no Upgrade', requestHead({ Upgrade: undefined }))],
  'connection-field': [
    request('a Connection header field without the token', requestHead({ Connection: 'keep-alive' })),
  ],
  'key-field': [
    request('a key of 3 bytes', requestHead({ 'Sec-WebSocket-Key': 'AAAA' })),
    request('no key', requestHead({ 'Sec-WebSocket-Key': undefined })),
  ],
  'version-field': [request('no version', requestHead({ 'Sec-WebSocket-Version': undefined }))],
  'version-unsupported': [request('version 8', requestHead({ 'Sec-WebSocket-Version': '8' }))],
  'protocol-field': [request('the same subprotocol twice', requestHead({ 'Sec-WebSocket-Protocol': 'chat, chat' }))],
  'extensions-field': [request('a parameter without its value', requestHead({ 'Sec-WebSocket-Extensions': 'a; b=' }))],
  'origin-refused': [request('a page of another host', requestHead({ Origin: 'https://evil.example' }))],
  'early-data': [
    request('frames behind the request, before it is decided', `${requestHead()}frames`, { maxEarlyBytes: 4 }),
  ],
  'response-malformed': [response('no status line of HTTP', 'nonsense\r\n\r\n')],
  'status-not-101': [
    response('a refusal', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'),
    response(
      'a redirection, which is not followed',
      'HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n',
    ),
  ],
  'response-upgrade': [response('no Upgrade', responseHead({ Upgrade: undefined }))],
  'response-connection': [response('no Connection', responseHead({ Connection: undefined }))],
  'response-accept': [
    response('the answer to another key', responseHead({ 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' })),
    response('no Sec-WebSocket-Accept', responseHead({ 'Sec-WebSocket-Accept': undefined })),
  ],
  'response-protocol': [
    response('a subprotocol where none was offered', responseHead({ 'Sec-WebSocket-Protocol': 'chat' })),
  ],
  'response-extensions': [
    response('an extension where none was offered', responseHead({ 'Sec-WebSocket-Extensions': 'permessage-deflate' })),
  ],
  'handshake-timeout': [
    {
      name: 'the head does not become complete',
      role: 'server',
      head: 'GET / HTTP/1.1\r\n',
      run: (connection) => connection.timeout(connection.deadline),
    },
  ],
  'handshake-interrupted': [
    {
      name: 'the transport ends in the middle of the head',
      role: 'server',
      head: 'GET / HTTP/1.1\r\n',
      run: (connection) => connection.receiveEnd(),
    },
  ],
  'handshake-rejected': [
    {
      name: 'the application rejects a request that conforms',
      role: 'server',
      head: requestHead(),
      run: (connection) => connection.reject(401),
    },
  ],
  'handshake-failed': [
    {
      name: 'the application fails while it decides a request',
      role: 'server',
      head: requestHead(),
      run: (connection) => connection.fail('handler-failed'),
    },
  ],
  'handshake-abandoned': [
    {
      name: 'the application closes a connection that is not open yet',
      role: 'client',
      head: NOTHING,
      run: (connection) => connection.close(),
    },
  ],
};
