/**
 * Every rule a peer can break, one row each, and the three errors that name them.
 *
 * A row holds the close code (7.4.1) or the HTTP status, the RFC section, and the sentence. The key of the row is the
 * name of the rule everywhere: in the error, in the vector table of the tests, and in the documentation.
 */

/**
 * What a broken rule of an open connection says: the code of our Close frame, the section (of RFC 6455 unless it names
 * another), the sentence.
 */
interface ProtocolRule {
  readonly code: number;
  readonly section: string;
  readonly sentence: string;
}

const row = (code: number, section: string, sentence: string): ProtocolRule => ({ code, section, sentence });

/** The rules of an open connection. */
export const PROTOCOL_RULES = {
  'reserved-bits': row(
    1002,
    '5.2',
    'a reserved bit (RSV1, RSV2, RSV3) is set and no extension gives it a meaning here',
  ),
  'reserved-opcode': row(1002, '5.2', 'the opcode is reserved (3-7 or 11-15)'),
  'control-fragmented': row(1002, '5.5', 'a control frame must not be fragmented'),
  'control-too-long': row(1002, '5.5', 'a control frame must have a payload of 125 bytes or less'),
  'unmasked-frame': row(1002, '5.1', 'a client must mask all frames that it sends to the server'),
  'masked-frame': row(1002, '5.1', 'a server must not mask any frames that it sends to the client'),
  'length-not-minimal': row(1002, '5.2', 'the minimal number of bytes must be used to encode the payload length'),
  'length-sign-bit': row(1002, '5.2', 'the most significant bit of a 64-bit payload length must be 0'),
  'frame-too-big': row(1009, '10.4', 'the payload of the frame is longer than maxFrameSize'),
  'message-too-big': row(1009, '10.4', 'the message is longer than maxMessageSize'),
  'continuation-without-message': row(1002, '5.4', 'a continuation frame arrived, but no message is in progress'),
  'message-interleaved': row(1002, '5.4', 'a new message began, but a fragmented message is in progress'),
  'invalid-utf8': row(1007, '8.1', 'the text is not valid UTF-8'),
  'close-payload-length': row(1002, '5.5.1', 'the payload of a Close frame is empty or begins with a 2-byte code'),
  'close-code': row(1002, '7.4', 'the close code must not appear in a Close frame'),
  'close-reason-utf8': row(1007, '8.1', 'the reason of the Close frame is not valid UTF-8'),
  'invalid-deflate': row(1007, 'RFC 7692 7.2.2', 'the compressed message is not DEFLATE, truncated, or too long'),
  'message-rate': row(1008, '7.4.1', 'more messages per second than rateLimits.messages allows'),
  'byte-rate': row(1008, '7.4.1', 'more payload bytes per second than rateLimits.bytes allows'),
  'control-rate': row(1008, '7.4.1', 'more control frames per second than rateLimits.controlFrames allows'),
  'message-timeout': row(1008, '7.4.1', 'a message or frame was not complete within messageTimeout'),
  'idle-timeout': row(1001, '7.4.1', 'nothing arrived for idleTimeout'),
  'pong-timeout': row(1011, '5.5.2', 'nothing arrived for heartbeat.timeout after a Ping frame'),
} as const satisfies Record<string, ProtocolRule>;

/** What a broken rule of the opening handshake says: the status a server answers with, the section, the sentence. */
interface HandshakeRule {
  readonly status: number;
  readonly section: string;
  readonly sentence: string;
}

const refuse = (status: number, section: string, sentence: string): HandshakeRule => ({ status, section, sentence });

/**
 * The rules of the opening handshake. Sections are those of RFC 6455 unless they name another. Rules that only a client
 * enforces have status 0: it answers nothing.
 */
export const HANDSHAKE_RULES = {
  // What a server asks of the request.
  'request-malformed': refuse(400, 'RFC 9112 3', 'the request is not a well-formed HTTP/1.1 head'),
  'head-too-big': refuse(431, 'RFC 6585 5', 'the head is longer than maxHeadSize or has more than 128 header fields'),
  'target-too-long': refuse(414, 'RFC 9110 15.5.15', 'the request target is longer than half of maxHeadSize'),
  'target-form': refuse(400, '4.1', 'the request target must be a resource name: a path that begins with one "/"'),
  'method-not-get': refuse(405, '4.2.1', 'the method of the request must be GET'),
  'http-version': refuse(505, '4.2.1', 'the request must be HTTP/1.1 or higher'),
  'request-body': refuse(400, '4.1', 'the request must not announce a body'),
  'host-field': refuse(400, '4.2.1', 'exactly one Host header field is required'),
  'upgrade-field': refuse(426, '4.2.1', 'the request lacks an Upgrade header field with the value "websocket"'),
  'connection-field': refuse(400, '4.2.1', 'the request lacks a Connection header field with the token "Upgrade"'),
  'key-field': refuse(400, '4.2.1', 'exactly one Sec-WebSocket-Key header field is required, of 16 bytes in base64'),
  'version-field': refuse(426, '4.2.1', 'exactly one Sec-WebSocket-Version header field is required'),
  'version-unsupported': refuse(426, '4.2.2', 'the only version supported is 13'),
  'protocol-field': refuse(400, '4.1', 'Sec-WebSocket-Protocol must be a list of unique tokens'),
  'extensions-field': refuse(400, '9.1', 'Sec-WebSocket-Extensions does not conform to its grammar'),
  'origin-refused': refuse(403, '10.2', 'the Origin is not allowed here'),
  'early-data': refuse(400, '4.1', 'the client must wait for the response before it sends further data'),
  // What a client asks of the response.
  'response-malformed': refuse(0, 'RFC 9112 4', 'the response is not a well-formed HTTP/1.1 head'),
  'status-not-101': refuse(0, '4.1', 'the server did not switch protocols'),
  'response-upgrade': refuse(0, '4.1', 'the response lacks an Upgrade header field with the value "websocket"'),
  'response-connection': refuse(0, '4.1', 'the response lacks a Connection header field with the token "Upgrade"'),
  'response-accept': refuse(0, '4.1', 'Sec-WebSocket-Accept is missing or does not match the key that was sent'),
  'response-protocol': refuse(0, '4.1', 'the server chose a subprotocol that was not offered'),
  'response-extensions': refuse(0, '4.1', 'the server chose an extension that was not offered'),
  // What both ask.
  'handshake-timeout': refuse(408, '4.1', 'the opening handshake was not complete within handshakeTimeout'),
  'handshake-interrupted': refuse(0, '4.1', 'the transport ended before the opening handshake was complete'),
  'handshake-rejected': refuse(0, '4.2.2', 'the application rejected the request'),
  'handshake-abandoned': refuse(0, '4.1', 'the application closed the connection before it was open'),
} as const satisfies Record<string, HandshakeRule>;

/** The name of a rule of an open connection. */
export type ProtocolRuleName = keyof typeof PROTOCOL_RULES;

/** The name of a rule of the opening handshake. */
export type HandshakeRuleName = keyof typeof HANDSHAKE_RULES;

/** The peer broke a rule of the open connection: it is failed (RFC 6455 7.1.7) and this error is its `fail` event. */
export class ProtocolError extends Error {
  override readonly name: string = 'ProtocolError';
  /** The rule that was broken. */
  readonly rule: ProtocolRuleName;
  /** The code of the Close frame that answers it (7.4.1). */
  readonly code: number;
  /** The section that states the rule: of RFC 6455 unless it names another RFC. */
  readonly section: string;
  /**
   * Where: how many bytes of those received lie before the frame at fault, or before the first impossible byte of a
   * text. For a timeout, how many bytes had been received.
   */
  offset: number;

  constructor(rule: ProtocolRuleName, offset = 0) {
    const { code, section, sentence } = PROTOCOL_RULES[rule];
    super(`${sentence} (${cite(section)}, close code ${code})`);
    this.rule = rule;
    this.code = code;
    this.section = section;
    this.offset = offset;
  }
}

/** What a server answered instead of switching protocols, as far as it fitted into the limits. */
export interface RejectedResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
}

/** The opening handshake failed (RFC 6455 4); this error is the connection's `fail` event. */
export class HandshakeError extends Error {
  override readonly name: string = 'HandshakeError';
  /** The rule that was broken. */
  readonly rule: HandshakeRuleName;
  /** The HTTP status that a server answers with; 0 where there is nothing to answer. */
  readonly status: number;
  /** The section that states the rule: of RFC 6455 unless it names another RFC. */
  readonly section: string;
  /** How many bytes had been received. */
  offset = 0;
  /** For `status-not-101` on a client: what the server answered instead. */
  readonly response: RejectedResponse | undefined;

  constructor(rule: HandshakeRuleName, detail = '', response?: RejectedResponse) {
    const { status, section, sentence } = HANDSHAKE_RULES[rule];
    super(`${sentence}${detail === '' ? '' : `: ${detail}`} (${cite(section)})`);
    this.rule = rule;
    this.status = status;
    this.section = section;
    this.response = response;
  }
}

const cite = (section: string): string => (section.startsWith('RFC') ? section : `RFC 6455 section ${section}`);

/** Why a call was refused. */
export type StateRule = 'not-connecting' | 'not-open' | 'message-in-progress' | 'queue-full';

/** The caller asked for something that the connection's state does not allow; nothing was changed. */
export class StateError extends Error {
  override readonly name: string = 'StateError';
  readonly rule: StateRule;

  constructor(rule: StateRule, message: string) {
    super(message);
    this.rule = rule;
  }
}
