/** What an application gives an adapter: functions that many connections share. */
import type {
  EndEvent,
  FragmentEvent,
  HandshakeError,
  HandshakeRequest,
  OpenEvent,
  ProtocolError,
} from '@sockless/core';
import type { Decision } from './decision.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/**
 * The functions an application reacts with; all are optional and may be shared by any number of connections. They run
 * one at a time, in the order things happened; what they send leaves in one write when all that arrived together has
 * been handled.
 *
 * All of them may be asynchronous, though `request` alone is waited for: what else a handler returns does not matter, unless
 * it is a promise, whose rejection is an error of the handler. (The types say `void`, since that alone lets TypeScript accept
 * both `(ws, data) => ws.send(data)` and a function that mentions the variable its connection is assigned to.) When one throws, or its promise
 * rejects, the error goes to `error`, that connection is failed with 1011 (a request that is not decided gets a 500), and
 * no other connection notices.
 */
export interface Handlers<Data = unknown> {
  /**
   * Server: a request that conforms and whose Origin is allowed arrived. Return `accept(…)` or `reject(…)`, or a promise
   * of it; anything else is a 500. Without this handler such a request is accepted.
   */
  request?(ws: WebSocketConnection<Data>, request: HandshakeRequest): Decision | PromiseLike<Decision>;
  /** The connection is open: messages may be sent. */
  open?(ws: WebSocketConnection<Data>, event: OpenEvent): void;
  /** A whole message: a string when it is text, bytes when it is binary. The bytes are the application's. */
  message?(ws: WebSocketConnection<Data>, data: string | Uint8Array): void;
  /** With `messages: 'fragments'`, the next piece of a message. */
  fragment?(ws: WebSocketConnection<Data>, event: FragmentEvent): void;
  /** A Ping frame arrived; it is answered already. */
  ping?(ws: WebSocketConnection<Data>, data: Uint8Array): void;
  /** A Pong frame arrived; with the latency in milliseconds when it answers the heartbeat. */
  pong?(ws: WebSocketConnection<Data>, data: Uint8Array, latency: number | undefined): void;
  /** The peer's Close frame arrived; it is answered already. */
  close?(ws: WebSocketConnection<Data>, code: number, reason: string): void;
  /** The connection was failed: by a rule that was broken, or because it could not be opened. */
  fail?(ws: WebSocketConnection<Data>, error: ProtocolError | HandshakeError): void;
  /** The connection is closed, and why. The last event of it, exactly once (once for each try when it reconnects). */
  end?(ws: WebSocketConnection<Data>, event: EndEvent): void;
  /** `queuedBytes` has been above `highWaterMark`, and is not any more: go on sending. */
  drain?(ws: WebSocketConnection<Data>): void;
  /**
   * What a handler of this connection threw, or what its promise was rejected with; `ws` is undefined when something
   * failed before there was a connection. Without this handler, or when it throws itself, the error goes to
   * `console.error`.
   */
  error?(ws: WebSocketConnection<Data> | undefined, error: unknown): void;
}
