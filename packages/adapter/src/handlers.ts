/** The functions that an application passes to an adapter. */
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
 * The functions with which an application reacts. All are optional, and any number of connections can share them. They
 * run one at a time, in the order of events. What they send is written at once when everything that arrived together
 * has been handled.
 *
 * All of them may be asynchronous, but only `request` is awaited. The result of any other handler is ignored, except
 * that a rejected promise is an error of the handler. (The types say `void`, because only then does TypeScript accept
 * both `(ws, data) => ws.send(data)` and a function that uses the variable to which its connection is assigned.) If a
 * handler throws or its promise rejects, the error goes to `error`, that connection is failed with 1011 (an undecided
 * request gets a 500), and no other connection is affected.
 */
export interface Handlers<Data = unknown> {
  /**
   * Server: a valid request whose Origin is allowed arrived. Return `accept(…)` or `reject(…)`, or a promise of one;
   * anything else is a 500. Without this handler such a request is accepted.
   */
  request?(ws: WebSocketConnection<Data>, request: HandshakeRequest): Decision | PromiseLike<Decision>;
  /** The connection is open: messages may be sent. */
  open?(ws: WebSocketConnection<Data>, event: OpenEvent): void;
  /** A whole message arrived: a string if it is text, bytes if it is binary. The bytes are the application's. */
  message?(ws: WebSocketConnection<Data>, data: string | Uint8Array): void;
  /** With `messages: 'fragments'`: the next part of a message arrived. */
  fragment?(ws: WebSocketConnection<Data>, event: FragmentEvent): void;
  /** A Ping frame arrived; it is answered already. */
  ping?(ws: WebSocketConnection<Data>, data: Uint8Array): void;
  /** A Pong frame arrived. `latency` is in milliseconds if it answers the heartbeat. */
  pong?(ws: WebSocketConnection<Data>, data: Uint8Array, latency: number | undefined): void;
  /** The peer's Close frame arrived; it is answered already. */
  close?(ws: WebSocketConnection<Data>, code: number, reason: string): void;
  /** The connection was failed because a rule was broken, or it could not be opened. */
  fail?(ws: WebSocketConnection<Data>, error: ProtocolError | HandshakeError): void;
  /**
   * The connection has ended, with the reason. This is its last event and happens exactly once (once for each attempt of a
   * client that reconnects).
   */
  end?(ws: WebSocketConnection<Data>, event: EndEvent): void;
  /** `queuedBytes` was above `highWaterMark` and is no longer: go on sending. */
  drain?(ws: WebSocketConnection<Data>): void;
  /**
   * A handler of this connection threw, or its promise rejected. `ws` is undefined when something failed before there
   * was a connection. Without this handler, or when it throws itself, the error goes to `console.error`.
   */
  error?(ws: WebSocketConnection<Data> | undefined, error: unknown): void;
}
