// What a server makes of a request, and a client of a response.
import * as assert from 'uvu/assert';
import { parseRequestHead, respond } from '../../src/handshake/index.ts';
import type { AcceptOptions } from '../../src/handshake/server.ts';
import {
  type ClientOptions,
  Connection,
  type ConnectionEvent,
  type FailEvent,
  HandshakeError,
  type HandshakeRequest,
  type HandshakeRuleName,
  type OpenEvent,
  type ServerOptions,
  type ServerPolicy,
} from '../../src/index.ts';
import { receive, sent } from '../connection/tools.ts';
import { byteByByte } from '../pair.ts';
import { ascii, ZEROS } from '../support.ts';
import { requestHead } from './heads.ts';

/** Returns what a request leads to: the event `request` or the error. */
export function ask(head: string, options: ServerOptions = {}): HandshakeRequest | HandshakeError {
  const events = receive(Connection.server(options), ascii(head));
  assert.is(events.length, 1);
  const [event] = events;
  if (event?.type === 'request') return event.request;
  if (event?.type === 'fail') return event.error as HandshakeError;
  throw new Error(`not ${event?.type}`);
}

/** Returns the rule that a request breaks, or 'conforms'. */
export function judge(head: string, options?: ServerOptions): HandshakeRuleName | 'conforms' {
  const result = ask(head, options);
  return 'rule' in result ? result.rule : 'conforms';
}

/** Returns the answer of `respond` to a request whose header fields are changed. */
export const accepted = (changes = {}, policy: ServerPolicy = {}, options: AcceptOptions = {}) =>
  respond(parseRequestHead(requestHead(changes).slice(0, -4)), policy, options);

/** The URL that a client connects to. */
export const URL = 'ws://example.com/';

/** Returns what a response leads to, the event `open` or the error. It may arrive byte by byte, and the transport may end after it. */
export function answerTo(
  text: string,
  options: ClientOptions = {},
  bytewise = false,
  end = false,
): OpenEvent | HandshakeError {
  const connection = Connection.client(URL, { random: ZEROS, ...options });
  sent(connection);
  const pieces = bytewise ? byteByByte(ascii(text), Math.random) : [ascii(text)];
  const events = pieces.flatMap((piece) => receive(connection, piece));
  if (end) events.push(...connection.receiveEnd());
  assert.is(sent(connection), '');
  return outcomeOf(events);
}

function outcomeOf([event, ...others]: ConnectionEvent[]): OpenEvent | HandshakeError {
  assert.ok(others.every(({ type }) => type === 'end'));
  if (event?.type === 'open') return event;
  const { error } = event as FailEvent;
  assert.instance(error, HandshakeError);
  return error as HandshakeError;
}

/** Returns the rule that a response breaks, or 'open'. */
export function judgeResponse(text: string, options?: ClientOptions): HandshakeRuleName | 'open' {
  const outcome = answerTo(text, options);
  return 'rule' in outcome ? outcome.rule : 'open';
}
