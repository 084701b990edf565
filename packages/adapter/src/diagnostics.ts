/** What operators can listen to, whichever program it is: channels of `node:diagnostics_channel`, where the host has them. */
import { type EndEvent, HandshakeError, type OpenEvent } from '@sockless/core';
import type { WebSocketConnection } from './websocket-connection.ts';

/** A channel: it costs one look at `hasSubscribers` while nobody listens. */
export interface Channel<Message> {
  /** Whether anybody listens. */
  readonly hasSubscribers: boolean;
  /** Tells those who listen. */
  publish(message: Message): void;
}

/** The channels of an adapter. */
export interface Diagnostics {
  /** `sockless:open`: a connection is open, before its `open` handler is called. */
  readonly open: Channel<{ readonly ws: WebSocketConnection<never>; readonly event: OpenEvent }>;
  /** `sockless:end`: a connection has ended, before its `end` handler is called; of a client that reconnects, each try. */
  readonly end: Channel<{ readonly ws: WebSocketConnection<never>; readonly event: EndEvent }>;
  /** `sockless:refuse`: a server has refused a request, by its policy, its handler or its bounds. */
  readonly refuse: Channel<{ readonly ws: WebSocketConnection<never>; readonly error: HandshakeError }>;
  /**
   * `sockless:accept-failed`: there is no connection, because accepting failed, what came was no request or no TLS, or `maxPendingHandshakes`
   * was reached.
   */
  readonly acceptFailed: Channel<{ readonly error: unknown }>;
}

/** Returns whether a server has refused a request; that either side gave up before is no refusal. */
export function isRefusal(error: unknown): error is HandshakeError {
  if (!(error instanceof HandshakeError)) return false;
  return error.rule !== 'handshake-interrupted' && error.rule !== 'handshake-abandoned';
}

/** Returns the channels of a host that makes channels by name. */
export function diagnosticsOf(channel: (name: string) => Channel<unknown>): Diagnostics {
  return {
    open: channel('sockless:open'),
    end: channel('sockless:end'),
    refuse: channel('sockless:refuse'),
    acceptFailed: channel('sockless:accept-failed'),
  };
}
