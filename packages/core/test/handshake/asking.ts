// What a server makes of a request: by a connection, and by the pure functions.
import * as assert from 'uvu/assert';
import { parseRequestHead, respond } from '../../src/handshake/index.ts';
import type { AcceptOptions } from '../../src/handshake/server.ts';
import {
  Connection,
  type HandshakeError,
  type HandshakeRequest,
  type HandshakeRuleName,
  type ServerOptions,
  type ServerPolicy,
} from '../../src/index.ts';
import { ascii, receive } from '../connection/tools.ts';
import { requestHead } from './heads.ts';

/** What a request leads to: the request event, or the error. */
export function ask(head: string, options: ServerOptions = {}): HandshakeRequest | HandshakeError {
  const events = receive(Connection.server(options), ascii(head));
  assert.is(events.length, 1);
  const [event] = events;
  if (event?.type === 'request') return event.request;
  if (event?.type === 'fail') return event.error as HandshakeError;
  throw new Error(`not ${event?.type}`);
}

/** The name of the rule that a request breaks, or 'conforms'. */
export function judge(head: string, options?: ServerOptions): HandshakeRuleName | 'conforms' {
  const result = ask(head, options);
  return 'rule' in result ? result.rule : 'conforms';
}

/** The answer of `respond` to a request whose header fields are changed. */
export const accepted = (changes = {}, policy: ServerPolicy = {}, options: AcceptOptions = {}) =>
  respond(parseRequestHead(requestHead(changes).slice(0, -4)), policy, options);
