/**
 * Every rule that a peer or our own side can break, and the three errors that name them. The rules are two tables: those of an open
 * connection (rules/connection.ts) and those of the opening handshake (rules/handshake.ts).
 */
import { printable } from './printable.ts';
import { PROTOCOL_RULES, type ProtocolRule, type ProtocolRuleName } from './rules/connection.ts';
import { HANDSHAKE_RULES, type HandshakeRule, type HandshakeRuleName } from './rules/handshake.ts';

export { LOCAL_RULES, type LocalRuleName, PROTOCOL_RULES, type ProtocolRuleName } from './rules/connection.ts';
export { HANDSHAKE_RULES, type HandshakeRuleName } from './rules/handshake.ts';

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
   * The number of received bytes before the frame at fault; in a text, before the first impossible byte, or the number to its end if it
   * ends inside a character. For a timeout or a fault of our own side, the number of bytes received by then.
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

/** The response of a server that did not switch protocols. */
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
  /** For `status-not-101` on a client: the response of the server. */
  readonly response: RejectedResponse | undefined;
  /** The message without the aside that only the application should know: this is sent to the peer. */
  readonly answer: string;

  /**
   * Takes the rule that was broken, a detail for the message, and an aside that is not sent to the peer. Characters in them that are not
   * printable are escaped.
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

/** The reason why a call was refused. */
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
  /** The reason why the call was refused. */
  readonly rule: StateRule;

  /** Takes the reason, and a sentence that says what to do. */
  constructor(rule: StateRule, message: string) {
    super(message);
    this.rule = rule;
  }
}
