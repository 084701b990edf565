/**
 * The rules of an open connection, one row each.
 *
 * A row holds the close code (RFC 6455 7.4.1), the section, and what an error says: what happened, and what to do. The key of the row is
 * the name of the rule everywhere: in the error, in the vector table of the tests, and in the documentation.
 */

/** A rule of an open connection. */
export interface ProtocolRule {
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

/** The close codes of the rules that bytes of the peer break. The other rules are about time, or about our own side. */
export const CODES_OF_BYTES: readonly number[] = [1002, 1007, 1008, 1009];

/** The name of a rule of an open connection. */
export type ProtocolRuleName = keyof typeof PROTOCOL_RULES;

/** The name of a rule that only our own side can break. */
export type LocalRuleName = Extract<ProtocolRuleName, 'reader-too-slow' | 'handler-failed'>;

/** The rules that only our own side can break, for `Connection.fail`. */
export const LOCAL_RULES: readonly LocalRuleName[] = ['reader-too-slow', 'handler-failed'];
