/**
 * Every rule that a peer or our own side can break, one row each, and the three errors that name them.
 *
 * A row holds the close code (7.4.1) or the HTTP status, the RFC section, and what an error says: what happened, and what
 * to do. The key of the row is the name of the rule everywhere: in the error, in the vector table of the tests, and in the
 * documentation.
 */
import { printable } from './printable.ts';

/** A rule of an open connection. */
interface ProtocolRule {
  /** The code of our Close frame. */
  readonly code: number;
  /** The section that states the rule: of RFC 6455 unless it names another RFC. */
  readonly section: string;
  /** What happened. */
  readonly sentence: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** The rules of an open connection. */
export const PROTOCOL_RULES = {
  'reserved-bits': {
    code: 1002,
    section: '5.2',
    sentence: 'the peer set a reserved bit (RSV1, RSV2 or RSV3) that no negotiated extension uses in this frame',
    remedy: 'it must send that bit as 0',
  },
  'reserved-opcode': {
    code: 1002,
    section: '5.2',
    sentence: 'the peer sent a frame with a reserved opcode (3-7 or 11-15)',
    remedy: 'it must use 0-2 and 8-10 only',
  },
  'control-fragmented': {
    code: 1002,
    section: '5.5',
    sentence: 'the peer sent a fragment of a control frame',
    remedy: 'it must send each Close, Ping and Pong frame whole',
  },
  'control-too-long': {
    code: 1002,
    section: '5.5',
    sentence: 'the peer sent a control frame with a payload of more than 125 bytes',
    remedy: 'it must send longer data in a message',
  },
  'unmasked-frame': {
    code: 1002,
    section: '5.1',
    sentence: 'the client sent a frame that is not masked',
    remedy: 'it must mask every frame',
  },
  'masked-frame': {
    code: 1002,
    section: '5.1',
    sentence: 'the server sent a masked frame',
    remedy: 'it must not mask any frame',
  },
  'length-not-minimal': {
    code: 1002,
    section: '5.2',
    sentence: 'the peer encoded a payload length in more bytes than it needs',
    remedy: 'it must use the shortest encoding',
  },
  'length-sign-bit': {
    code: 1002,
    section: '5.2',
    sentence: 'the peer set the most significant bit of a 64-bit payload length',
    remedy: 'it must send that bit as 0',
  },
  'frame-too-big': {
    code: 1009,
    section: '10.4',
    sentence: 'the peer sent a frame with a payload longer than maxFrameSize',
    remedy: 'let it send smaller frames, or raise maxFrameSize',
  },
  'message-too-big': {
    code: 1009,
    section: '10.4',
    sentence: 'the peer sent a message longer than maxMessageSize',
    remedy: 'let it send smaller messages, or raise maxMessageSize',
  },
  'too-many-fragments': {
    code: 1009,
    section: '10.4',
    sentence: 'the peer sent a message in more fragments than maxFragments',
    remedy: 'let it send larger fragments, or raise maxFragments',
  },
  'continuation-without-message': {
    code: 1002,
    section: '5.4',
    sentence: 'the peer sent a Continuation frame while no message was in progress',
    remedy: 'it must begin each message with a Text or Binary frame',
  },
  'message-interleaved': {
    code: 1002,
    section: '5.4',
    sentence: 'the peer began a message inside a fragmented one',
    remedy: 'it must finish that one first',
  },
  'invalid-utf8': {
    code: 1007,
    section: '8.1',
    sentence: 'the peer sent a text message that is not valid UTF-8',
    remedy: 'it must send other bytes in a binary message',
  },
  'close-payload-length': {
    code: 1002,
    section: '5.5.1',
    sentence: 'the peer sent a Close frame with a payload of one byte',
    remedy: 'it must send a 2-byte code, or no payload at all',
  },
  'close-code': {
    code: 1002,
    section: '7.4',
    sentence: 'the peer sent a Close frame with a code that must not be sent',
    remedy: 'it must use 1000-1003, 1007-1014 or 3000-4999',
  },
  'close-reason-utf8': {
    code: 1007,
    section: '8.1',
    sentence: 'the peer sent a Close frame whose reason is not valid UTF-8',
    remedy: 'it must cut a long reason between two characters',
  },
  'invalid-deflate': {
    code: 1007,
    section: 'RFC 7692 7.2.2',
    sentence: 'the peer sent a compressed message that is not DEFLATE, or ends too early or too late',
    remedy: 'if that goes on, turn compression off',
  },
  'message-rate': {
    code: 1008,
    section: '7.4.1',
    sentence: 'the peer sent more messages than rateLimits.messages allows',
    remedy: 'slow it down, or raise the limit',
  },
  'byte-rate': {
    code: 1008,
    section: '7.4.1',
    sentence: 'the peer sent more bytes of payload than rateLimits.bytes allows',
    remedy: 'slow it down, or raise the limit',
  },
  'inflated-rate': {
    code: 1008,
    section: '7.4.1',
    sentence: 'the compressed messages of the peer became more bytes than rateLimits.inflatedBytes allows',
    remedy: 'slow it down, or raise the limit',
  },
  'control-rate': {
    code: 1008,
    section: '7.4.1',
    sentence: 'the peer sent more control frames than rateLimits.controlFrames allows',
    remedy: 'slow it down, or raise the limit',
  },
  'message-stalled': {
    code: 1013,
    section: '7.4.1',
    sentence: 'the rest of a message or frame arrived more slowly than messageProgress allows',
    remedy: 'check the network, or allow more time',
  },
  'idle-timeout': {
    code: 1001,
    section: '7.4.1',
    sentence: 'nothing arrived for idleTimeout',
    remedy: 'check the network, or raise the limit if this peer may be silent for so long',
  },
  'pong-timeout': {
    code: 1011,
    section: '5.5.2',
    sentence: 'nothing arrived for heartbeat.timeout after a Ping frame',
    remedy: 'check whether the peer still runs, and the network',
  },
  'stall-timeout': {
    code: 1013,
    section: '7.4.1',
    sentence: 'bytes waited to be sent, and none left for stallTimeout',
    remedy: 'check whether the peer still reads, and the network',
  },
  // The faults of our own side. `Connection.fail` takes the first and the last.
  'reader-too-slow': {
    code: 1013,
    section: '7.4.1',
    sentence: 'more bytes waited to be sent than this endpoint keeps, because the peer reads too slowly',
    remedy: 'send less, or raise maxQueuedBytes',
  },
  'loan-changed': {
    code: 1011,
    section: '7.4.1',
    sentence: 'the memory of bytes that waited to be sent was transferred or resized',
    remedy: 'leave lent bytes and transmitted parts alone until all have left, or send without lend',
  },
  'handler-failed': {
    code: 1011,
    section: '7.4.1',
    sentence: 'the application failed to handle an event',
    remedy: 'see the cause of this error',
  },
} as const;

/** A rule of the opening handshake. */
interface HandshakeRule {
  /** The HTTP status that a server answers with; 0 where nothing is answered. */
  readonly status: number;
  /** The section that states the rule: of RFC 6455 unless it names another RFC. */
  readonly section: string;
  /** What happened. */
  readonly sentence: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** The rules of the opening handshake. */
export const HANDSHAKE_RULES = {
  // What a server requires of the request.
  'request-malformed': {
    status: 400,
    section: 'RFC 9112 3',
    sentence: 'the request is not a well-formed HTTP/1.1 head',
    remedy: 'check that the client speaks HTTP/1.1 to this port',
  },
  'head-too-big': {
    status: 431,
    section: 'RFC 6585 5',
    sentence: 'the head is longer than maxHeadSize or has more than 128 header fields',
    remedy: 'shorten it (cookies, often), or raise maxHeadSize',
  },
  'target-too-long': {
    status: 414,
    section: 'RFC 9110 15.5.15',
    sentence: 'the request target is longer than half of maxHeadSize',
    remedy: 'shorten it, or raise maxHeadSize',
  },
  'target-form': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request target is neither a path nor an http: or https: URI',
    remedy: 'send a path that begins with "/"',
  },
  'method-not-get': {
    status: 405,
    section: '4.2.1',
    sentence: 'the method of the request is not GET',
    remedy: 'open a WebSocket with GET',
  },
  'http-version': {
    status: 505,
    section: '4.2.1',
    sentence: 'the request is not HTTP/1.1',
    remedy: 'send HTTP/1.1, and check what a proxy makes of it',
  },
  'request-body': {
    status: 400,
    section: '4.1',
    sentence: 'the request announces a body',
    remedy: 'leave out Content-Length and Transfer-Encoding',
  },
  'host-field': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request has no valid Host header field, or several',
    remedy: 'send exactly one',
  },
  'upgrade-field': {
    status: 426,
    section: '4.2.1',
    sentence: 'the request has no Upgrade header field with the value "websocket"',
    remedy: 'use a WebSocket client, and check that a proxy passes Upgrade on',
  },
  'connection-field': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request has no Connection header field with the token "Upgrade"',
    remedy: 'use a WebSocket client, and check that a proxy passes Connection on',
  },
  'key-field': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request has no valid Sec-WebSocket-Key header field, or several',
    remedy: 'send exactly one, of 16 bytes in base64',
  },
  'version-field': {
    status: 426,
    section: '4.2.1',
    sentence: 'the request has no Sec-WebSocket-Version header field, or several',
    remedy: 'send exactly one, with the value 13',
  },
  'version-unsupported': {
    status: 426,
    section: '4.2.2',
    sentence: 'the request asks for a version of WebSocket other than 13',
    remedy: 'send the value 13',
  },
  'protocol-field': {
    status: 400,
    section: '4.1',
    sentence: 'Sec-WebSocket-Protocol is not a list of different tokens',
    remedy: 'offer each subprotocol once',
  },
  'extensions-field': {
    status: 400,
    section: '9.1',
    sentence: 'Sec-WebSocket-Extensions does not conform to its grammar',
    remedy: 'send names and parameters like "a; b=c, d"',
  },
  'origin-refused': {
    status: 403,
    section: '10.2',
    sentence: 'the Origin is not allowed to connect',
    remedy: 'if it should be, name it in the option origins',
  },
  'early-data': {
    status: 400,
    section: '4.1',
    sentence: 'the client sent data before the response',
    remedy: 'it must wait for the response',
  },
  // What a client requires of the response.
  'response-malformed': {
    status: 0,
    section: 'RFC 9112 4',
    sentence: 'the response is not a well-formed HTTP/1.1 head',
    remedy: 'check that a WebSocket server listens there, and whether with TLS',
  },
  'status-not-101': {
    status: 0,
    section: '4.1',
    sentence: 'the server did not switch protocols',
    remedy: 'see the response in this error',
  },
  'response-upgrade': {
    status: 0,
    section: '4.1',
    sentence: 'the response has no Upgrade header field with the value "websocket"',
    remedy: 'check the server, and that a proxy passes Upgrade on',
  },
  'response-connection': {
    status: 0,
    section: '4.1',
    sentence: 'the response has no Connection header field with the token "Upgrade"',
    remedy: 'check the server, and that a proxy passes Connection on',
  },
  'response-accept': {
    status: 0,
    section: '4.1',
    sentence: 'the response has no Sec-WebSocket-Accept header field that matches the key sent',
    remedy: 'check whether a cache answered',
  },
  'response-protocol': {
    status: 0,
    section: '4.1',
    sentence: 'the server chose a subprotocol that was not offered',
    remedy: 'offer it, or mend the server',
  },
  'response-extensions': {
    status: 0,
    section: '4.1',
    sentence: 'the server answered the offer of extensions with something else',
    remedy: 'mend the server, or connect without compression',
  },
  // What both sides require.
  'handshake-timeout': {
    status: 408,
    section: '4.1',
    sentence: 'the opening handshake was not complete within handshakeTimeout',
    remedy: 'check the other side, or raise the limit',
  },
  'handshake-interrupted': {
    status: 0,
    section: '4.1',
    sentence: 'the transport ended before the opening handshake was complete',
    remedy: 'check the port, and whether it expects TLS',
  },
  'handshake-rejected': {
    status: 0,
    section: '4.2.2',
    sentence: 'the application rejected the request',
    remedy: 'see where it decides',
  },
  'handshake-failed': {
    status: 500,
    section: '4.2.2',
    sentence: 'the application failed to decide the request',
    remedy: 'see the cause of this error on the server',
  },
  'handshake-abandoned': {
    status: 0,
    section: '4.1',
    sentence: 'the application closed the connection before it was open',
    remedy: 'wait for it to open',
  },
} as const;

/** The name of a rule of an open connection. */
export type ProtocolRuleName = keyof typeof PROTOCOL_RULES;

/** The name of a rule that only our own side can break. */
export type LocalRuleName = Extract<ProtocolRuleName, 'reader-too-slow' | 'handler-failed'>;

/** The rules that only our own side can break, for `Connection.fail`. */
export const LOCAL_RULES: readonly LocalRuleName[] = ['reader-too-slow', 'handler-failed'];

/** The name of a rule of the opening handshake. */
export type HandshakeRuleName = keyof typeof HANDSHAKE_RULES;

/** A rule of an open connection was broken. The connection is failed (RFC 6455 7.1.7), and its `fail` event has this error. */
export class ProtocolError extends Error {
  /** Tells it from other errors. */
  override readonly name: string = 'ProtocolError';
  /** The rule that was broken. */
  readonly rule: ProtocolRuleName;
  /** The code of the Close frame that answers it (7.4.1). */
  readonly code: number;
  /** The section that states the rule: of RFC 6455 unless it names another RFC. */
  readonly section: string;
  /**
   * The number of received bytes before the frame at fault, or before the first impossible byte of a text. For a timeout
   * or a fault of our own side, the number of bytes received by then.
   */
  offset: number;

  /** Takes the rule that was broken, and where in all bytes received. */
  constructor(rule: ProtocolRuleName, offset = 0) {
    const { code, section, sentence, remedy }: ProtocolRule = PROTOCOL_RULES[rule];
    super(`${sentence}; ${remedy} (${cite(section)}, close code ${code})`);
    this.rule = rule;
    this.code = code;
    this.section = section;
    this.offset = offset;
  }
}

/** What a server answered instead of switching protocols. */
export interface RejectedResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The reason phrase, for people to read. */
  readonly reason: string;
  /** The header fields, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body, or its first `maxEarlyBytes` bytes. */
  readonly body: Uint8Array;
}

/** The opening handshake failed (RFC 6455 4). The `fail` event of the connection has this error. */
export class HandshakeError extends Error {
  /** Tells it from other errors. */
  override readonly name: string = 'HandshakeError';
  /** The rule that was broken. */
  readonly rule: HandshakeRuleName;
  /** The HTTP status that a server answers with; 0 where nothing is answered. */
  readonly status: number;
  /** The section that states the rule: of RFC 6455 unless it names another RFC. */
  readonly section: string;
  /**
   * The number of received bytes that had been read when it failed: those before the byte at fault, or through the head at
   * fault. It does not depend on the chunks in which they arrived.
   */
  offset = 0;
  /** For `status-not-101` on a client: what the server answered instead. */
  readonly response: RejectedResponse | undefined;
  /** What the peer is told: the message, without what only the application should know. */
  readonly answer: string;

  /**
   * Takes the rule that was broken, a detail for the message, and an aside that the peer is not told; what is not printable in them is
   * escaped.
   */
  constructor(rule: HandshakeRuleName, detail = '', response?: RejectedResponse, aside = '') {
    const { status, section, sentence, remedy }: HandshakeRule = HANDSHAKE_RULES[rule];
    const told = `${sentence}${detail === '' ? '' : `: ${printable(detail)}`}`;
    const advice = `; ${remedy} (${cite(section)})`;
    super(`${told}${aside === '' ? '' : `; ${printable(aside)}`}${advice}`);
    this.answer = told + advice;
    this.rule = rule;
    this.status = status;
    this.section = section;
    this.response = response;
  }
}

const cite = (section: string): string =>
  section.startsWith('RFC') ? section.replace(/ (?=[0-9.]+$)/, ' section ') : `RFC 6455 section ${section}`;

/** The reason for which a call was refused. */
export type StateRule =
  | 'not-connecting'
  | 'not-open'
  | 'message-in-progress'
  | 'queue-full'
  | 'messages-dropped'
  | 'random-reentered'
  | 'chunk-unread';

/** The caller asked for something that the connection cannot do in its present state. The call changed nothing. */
export class StateError extends Error {
  /** Tells it from other errors. */
  override readonly name: string = 'StateError';
  /** The reason for which the call was refused. */
  readonly rule: StateRule;

  /** Takes the reason, and a sentence that says what to do. */
  constructor(rule: StateRule, message: string) {
    super(message);
    this.rule = rule;
  }
}
