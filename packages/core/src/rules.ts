/**
 * Every rule that a peer or our own side can break, one row each, and the three errors that name them.
 *
 * A row holds the close code (7.4.1) or the HTTP status, the RFC section, and the sentence. The key of the row is the
 * name of the rule everywhere: in the error, in the vector table of the tests, and in the documentation.
 */
import { printable } from './printable.ts';

/**
 * What a broken rule of an open connection says: the code of our Close frame, the section (of RFC 6455 unless it names
 * another), the sentence.
 */
interface ProtocolRule {
  readonly code: number;
  readonly section: string;
  readonly sentence: string;
}

/** The rules of an open connection. */
export const PROTOCOL_RULES = {
  'reserved-bits': {
    code: 1002,
    section: '5.2',
    sentence: 'a reserved bit (RSV1, RSV2, RSV3) is set and no extension gives it a meaning here',
  },
  'reserved-opcode': { code: 1002, section: '5.2', sentence: 'the opcode is reserved (3-7 or 11-15)' },
  'control-fragmented': { code: 1002, section: '5.5', sentence: 'a control frame must not be fragmented' },
  'control-too-long': {
    code: 1002,
    section: '5.5',
    sentence: 'a control frame must have a payload of 125 bytes or less',
  },
  'unmasked-frame': {
    code: 1002,
    section: '5.1',
    sentence: 'a client must mask all frames that it sends to the server',
  },
  'masked-frame': {
    code: 1002,
    section: '5.1',
    sentence: 'a server must not mask any frames that it sends to the client',
  },
  'length-not-minimal': {
    code: 1002,
    section: '5.2',
    sentence: 'the minimal number of bytes must be used to encode the payload length',
  },
  'length-sign-bit': {
    code: 1002,
    section: '5.2',
    sentence: 'the most significant bit of a 64-bit payload length must be 0',
  },
  'frame-too-big': { code: 1009, section: '10.4', sentence: 'the payload of the frame is longer than maxFrameSize' },
  'message-too-big': { code: 1009, section: '10.4', sentence: 'the message is longer than maxMessageSize' },
  'continuation-without-message': {
    code: 1002,
    section: '5.4',
    sentence: 'a continuation frame arrived, but no message is in progress',
  },
  'message-interleaved': {
    code: 1002,
    section: '5.4',
    sentence: 'a new message began, but a fragmented message is in progress',
  },
  'invalid-utf8': { code: 1007, section: '8.1', sentence: 'the text is not valid UTF-8' },
  'close-payload-length': {
    code: 1002,
    section: '5.5.1',
    sentence: 'the payload of a Close frame is empty or begins with a 2-byte code',
  },
  'close-code': { code: 1002, section: '7.4', sentence: 'the close code must not appear in a Close frame' },
  'close-reason-utf8': { code: 1007, section: '8.1', sentence: 'the reason of the Close frame is not valid UTF-8' },
  'invalid-deflate': {
    code: 1007,
    section: 'RFC 7692 7.2.2',
    sentence: 'the compressed message is not DEFLATE, truncated, or too long',
  },
  'message-rate': {
    code: 1008,
    section: '7.4.1',
    sentence: 'more messages per second than rateLimits.messages allows',
  },
  'byte-rate': { code: 1008, section: '7.4.1', sentence: 'more payload bytes per second than rateLimits.bytes allows' },
  'control-rate': {
    code: 1008,
    section: '7.4.1',
    sentence: 'more control frames per second than rateLimits.controlFrames allows',
  },
  'message-stalled': {
    code: 1013,
    section: '7.4.1',
    sentence: 'a message or frame in progress did not become longer, or whole, as messageProgress asks',
  },
  'idle-timeout': { code: 1001, section: '7.4.1', sentence: 'nothing arrived for idleTimeout' },
  'pong-timeout': {
    code: 1011,
    section: '5.5.2',
    sentence: 'nothing arrived for heartbeat.timeout after a Ping frame',
  },
  'stall-timeout': {
    code: 1013,
    section: '7.4.1',
    sentence: 'bytes waited to be sent, and none left for stallTimeout',
  },
  // The faults of our own side, for `Connection.fail`.
  'reader-too-slow': {
    code: 1013,
    section: '7.4.1',
    sentence: 'more waits to be sent than this endpoint keeps: the peer reads too slowly',
  },
  'loan-changed': {
    code: 1011,
    section: '7.4.1',
    sentence: 'bytes that the application had lent to send were transferred or resized before they had left',
  },
  'handler-failed': {
    code: 1011,
    section: '7.4.1',
    sentence: 'the application failed to handle an event',
  },
} as const;

/** What a broken rule of the opening handshake says: the status a server answers with, the section, the sentence. */
interface HandshakeRule {
  readonly status: number;
  readonly section: string;
  readonly sentence: string;
}

/**
 * The rules of the opening handshake. Sections are those of RFC 6455 unless they name another. Rules that only a client
 * enforces have status 0: it answers nothing.
 */
export const HANDSHAKE_RULES = {
  // What a server asks of the request.
  'request-malformed': {
    status: 400,
    section: 'RFC 9112 3',
    sentence: 'the request is not a well-formed HTTP/1.1 head',
  },
  'head-too-big': {
    status: 431,
    section: 'RFC 6585 5',
    sentence: 'the head is longer than maxHeadSize or has more than 128 header fields',
  },
  'target-too-long': {
    status: 414,
    section: 'RFC 9110 15.5.15',
    sentence: 'the request target is longer than half of maxHeadSize',
  },
  'target-form': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request target must be a path that begins with "/", or an absolute http: or https: URI',
  },
  'method-not-get': { status: 405, section: '4.2.1', sentence: 'the method of the request must be GET' },
  'http-version': { status: 505, section: '4.2.1', sentence: 'the request must be HTTP/1.1 or higher' },
  'request-body': { status: 400, section: '4.1', sentence: 'the request must not announce a body' },
  'host-field': { status: 400, section: '4.2.1', sentence: 'exactly one Host header field is required' },
  'upgrade-field': {
    status: 426,
    section: '4.2.1',
    sentence: 'the request lacks an Upgrade header field with the value "websocket"',
  },
  'connection-field': {
    status: 400,
    section: '4.2.1',
    sentence: 'the request lacks a Connection header field with the token "Upgrade"',
  },
  'key-field': {
    status: 400,
    section: '4.2.1',
    sentence: 'exactly one Sec-WebSocket-Key header field is required, of 16 bytes in base64',
  },
  'version-field': {
    status: 426,
    section: '4.2.1',
    sentence: 'exactly one Sec-WebSocket-Version header field is required',
  },
  'version-unsupported': { status: 426, section: '4.2.2', sentence: 'the only version supported is 13' },
  'protocol-field': { status: 400, section: '4.1', sentence: 'Sec-WebSocket-Protocol must be a list of unique tokens' },
  'extensions-field': {
    status: 400,
    section: '9.1',
    sentence: 'Sec-WebSocket-Extensions does not conform to its grammar',
  },
  'origin-refused': { status: 403, section: '10.2', sentence: 'the Origin is not allowed here' },
  'early-data': {
    status: 400,
    section: '4.1',
    sentence: 'the client must wait for the response before it sends further data',
  },
  // What a client asks of the response.
  'response-malformed': {
    status: 0,
    section: 'RFC 9112 4',
    sentence: 'the response is not a well-formed HTTP/1.1 head',
  },
  'status-not-101': { status: 0, section: '4.1', sentence: 'the server did not switch protocols' },
  'response-upgrade': {
    status: 0,
    section: '4.1',
    sentence: 'the response lacks an Upgrade header field with the value "websocket"',
  },
  'response-connection': {
    status: 0,
    section: '4.1',
    sentence: 'the response lacks a Connection header field with the token "Upgrade"',
  },
  'response-accept': {
    status: 0,
    section: '4.1',
    sentence: 'Sec-WebSocket-Accept is missing or does not match the key that was sent',
  },
  'response-protocol': { status: 0, section: '4.1', sentence: 'the server chose a subprotocol that was not offered' },
  'response-extensions': { status: 0, section: '4.1', sentence: 'the server chose an extension that was not offered' },
  // What both ask.
  'handshake-timeout': {
    status: 408,
    section: '4.1',
    sentence: 'the opening handshake was not complete within handshakeTimeout',
  },
  'handshake-interrupted': {
    status: 0,
    section: '4.1',
    sentence: 'the transport ended before the opening handshake was complete',
  },
  'handshake-rejected': { status: 0, section: '4.2.2', sentence: 'the application rejected the request' },
  'handshake-failed': {
    status: 500,
    section: '4.2.2',
    sentence: 'the application failed to decide the request',
  },
  'handshake-abandoned': {
    status: 0,
    section: '4.1',
    sentence: 'the application closed the connection before it was open',
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

/** A rule of the open connection was broken: it is failed (RFC 6455 7.1.7) and this error is its `fail` event. */
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
   * Where: how many bytes of those received lie before the frame at fault, or before the first impossible byte of a
   * text. For a timeout and a fault of our own side, how many bytes had been received.
   */
  offset: number;

  /** Names the rule, at an offset into all bytes received. */
  constructor(rule: ProtocolRuleName, offset = 0) {
    const { code, section, sentence }: ProtocolRule = PROTOCOL_RULES[rule];
    super(`${sentence} (${cite(section)}, close code ${code})`);
    this.rule = rule;
    this.code = code;
    this.section = section;
    this.offset = offset;
  }
}

/** What a server answered instead of switching protocols, as far as it fitted into the limits. */
export interface RejectedResponse {
  /** The HTTP status. */
  readonly status: number;
  /** The reason phrase, for people to read. */
  readonly reason: string;
  /** The header fields, names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The beginning of the body, `maxEarlyBytes` at most. */
  readonly body: Uint8Array;
}

/** The opening handshake failed (RFC 6455 4); this error is the connection's `fail` event. */
export class HandshakeError extends Error {
  /** Tells it from other errors. */
  override readonly name: string = 'HandshakeError';
  /** The rule that was broken. */
  readonly rule: HandshakeRuleName;
  /** The HTTP status that a server answers with; 0 where there is nothing to answer. */
  readonly status: number;
  /** The section that states the rule: of RFC 6455 unless it names another RFC. */
  readonly section: string;
  /**
   * Where: how many bytes of those received had been read when it failed, those before the byte at fault or all of the head
   * at fault. It does not depend on how they were cut.
   */
  offset = 0;
  /** For `status-not-101` on a client: what the server answered instead. */
  readonly response: RejectedResponse | undefined;

  /** Names the rule, and what more there is to say: of a peer's text, what is printable. */
  constructor(rule: HandshakeRuleName, detail = '', response?: RejectedResponse) {
    const { status, section, sentence }: HandshakeRule = HANDSHAKE_RULES[rule];
    super(`${sentence}${detail === '' ? '' : `: ${printable(detail)}`} (${cite(section)})`);
    this.rule = rule;
    this.status = status;
    this.section = section;
    this.response = response;
  }
}

const cite = (section: string): string => (section.startsWith('RFC') ? section : `RFC 6455 section ${section}`);

/** Why a call was refused. */
export type StateRule =
  | 'not-connecting'
  | 'not-open'
  | 'message-in-progress'
  | 'queue-full'
  | 'messages-dropped'
  | 'random-reentered'
  | 'chunk-unread';

/** The caller asked for something that the connection's state does not allow; nothing was changed. */
export class StateError extends Error {
  /** Tells it from other errors. */
  override readonly name: string = 'StateError';
  /** What does not allow the call. */
  readonly rule: StateRule;

  /** Names what does not allow the call, with a sentence. */
  constructor(rule: StateRule, message: string) {
    super(message);
    this.rule = rule;
  }
}
