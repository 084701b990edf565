/** What an application gives an adapter: functions that many connections share. */
import type {
  AcceptOptions,
  BytesLike,
  EndEvent,
  FragmentEvent,
  HandshakeError,
  HandshakeRequest,
  HeaderFieldsInit,
  OpenEvent,
  ProtocolError,
} from '@sockless/core';
import type { WebSocketConnection } from './websocket-connection.ts';

/** A refusal of a request: the HTTP response to send instead of 101. */
export interface Rejection {
  /** The HTTP status, 200 to 599. */
  readonly status: number;
  /** Further header fields of the response. */
  readonly headers?: HeaderFieldsInit | undefined;
  /** The body; a string as UTF-8. */
  readonly body?: string | BytesLike | undefined;
}

/** What to do with a request: accept it with these options, or refuse it; nothing means accept. */
export type Decision = AcceptOptions | Rejection | undefined;

/**
 * The functions an application reacts with; all are optional and may be shared by any number of connections. They run
 * one at a time, in the order things happened; what they send leaves in one write when all that arrived together has
 * been handled.
 */
export interface Handlers<Data = unknown> {
  /** Server: a request that conforms and whose Origin is allowed arrived. Decide, at once or later. Default: accept. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing accepts
  request?(ws: WebSocketConnection<Data>, request: HandshakeRequest): Decision | void | PromiseLike<Decision | void>;
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
  /** The connection was failed: by a rule that the peer broke, or because it could not be opened. */
  fail?(ws: WebSocketConnection<Data>, error: ProtocolError | HandshakeError): void;
  /** The connection is closed, and why. The last call for it, exactly once (once for each try when it reconnects). */
  end?(ws: WebSocketConnection<Data>, event: EndEvent): void;
  /** What was queued has been written, after the socket had been full. */
  drain?(ws: WebSocketConnection<Data>): void;
}
