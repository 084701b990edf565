/** Channels of `node:diagnostics_channel`, if the host has them, which operators can watch in any program. */
import { type EndEvent, HandshakeError, type OpenEvent } from '@sockless/core';
import type { WebSocketConnection } from './websocket-connection.ts';

/** A channel. Without subscribers it costs one read of `hasSubscribers`. */
export interface Channel<Message> {
  /** Whether there are subscribers. */
  readonly hasSubscribers: boolean;
  /** Passes a message to the subscribers. */
  publish(message: Message): void;
}

/** The channels of an adapter. */
export interface Diagnostics {
  /** `sockless:open`: a connection has opened; published before its `open` handler is called. */
  readonly open: Channel<{ readonly ws: WebSocketConnection<never>; readonly event: OpenEvent }>;
  /**
   * `sockless:end`: a connection has ended; published before its `end` handler is called, and for each attempt of a client
   * that reconnects.
   */
  readonly end: Channel<{ readonly ws: WebSocketConnection<never>; readonly event: EndEvent }>;
  /** `sockless:refuse`: a server has refused a request, by its policy, its handler or its bounds. */
  readonly refuse: Channel<{ readonly ws: WebSocketConnection<never>; readonly error: HandshakeError }>;
  /**
   * `sockless:accept-failed`: a client did not become a connection: accepting failed, it sent no valid TLS or HTTP, or
   * `maxPendingHandshakes` was reached.
   */
  readonly acceptFailed: Channel<{ readonly error: unknown }>;
}

/** Returns whether a server has refused a request. A request that either side gave up before that was not refused. */
export function isRefusal(error: unknown): error is HandshakeError {
  if (!(error instanceof HandshakeError)) return false;
  return error.rule !== 'handshake-interrupted' && error.rule !== 'handshake-abandoned';
}

/** Returns the channels, which the host's function makes by name. */
export function diagnosticsOf(channel: (name: string) => Channel<unknown>): Diagnostics {
  return {
    open: channel('sockless:open'),
    end: channel('sockless:end'),
    refuse: channel('sockless:refuse'),
    acceptFailed: channel('sockless:accept-failed'),
  };
}
