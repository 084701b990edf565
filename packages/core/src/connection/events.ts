/** The events of a connection, as one discriminated union. */
import type { CloseReason } from '../frame/close.ts';
import type { DataOpcode } from '../frame/header.ts';
import type { Extension, HeaderField } from '../handshake/fields.ts';
import type { HandshakeRequest } from '../handshake/policy.ts';
import type { HandshakeError, ProtocolError } from '../rules.ts';

/**
 * An event of a connection.
 *
 * The order is always `request`? `open`? (`text` | `binary` | `fragment` | `ping` | `pong`)* `close`? `fail`? `end`, and
 * nothing follows `end`. Bytes in `data` belong to the application from here on. They may be a view of the chunk in which
 * they arrived, and keep all its memory alive: copy what is small and kept for long.
 */
export type ConnectionEvent =
  | RequestEvent
  | OpenEvent
  | TextEvent
  | BinaryEvent
  | FragmentEvent
  | PingEvent
  | PongEvent
  | CloseEvent
  | FailEvent
  | EndEvent;

/** A server received a request that conforms to RFC 6455 4.2.1. Call `accept` or `reject`, now or later. */
export interface RequestEvent {
  /** Tells this event from the others. */
  readonly type: 'request';
  /** The request of the client. */
  readonly request: HandshakeRequest;
}

/** The opening handshake is complete: messages may be sent. */
export interface OpenEvent {
  /** Tells this event from the others. */
  readonly type: 'open';
  /** The subprotocol in use; empty when there is none. */
  readonly subprotocol: string;
  /** The extensions in use. */
  readonly extensions: readonly Extension[];
  /** At a client, the header fields of the server's response, cookies among them; names in lower case. */
  readonly headers: readonly HeaderField[];
}

/** A whole text message. */
export interface TextEvent {
  /** Tells this event from the others. */
  readonly type: 'text';
  /** The message. */
  readonly data: string;
}

/** A whole binary message. */
export interface BinaryEvent {
  /** Tells this event from the others. */
  readonly type: 'binary';
  /** The message. */
  readonly data: Uint8Array;
}

/**
 * With `messages: 'fragments'`, the next part of a message as it arrived, which may be any part of a frame. A part of a
 * text consists of whole code points in UTF-8.
 */
export interface FragmentEvent {
  /** Tells this event from the others. */
  readonly type: 'fragment';
  /** The type of the message: text or binary. */
  readonly opcode: DataOpcode;
  /** The part. */
  readonly data: Uint8Array;
  /** Whether this part is the last of its message. */
  readonly final: boolean;
}

/** A Ping frame arrived. Its Pong frame waits for `transmit` already, unless `autoPong` is off. */
export interface PingEvent {
  /** Tells this event from the others. */
  readonly type: 'ping';
  /** The payload, at most 125 bytes. */
  readonly data: Uint8Array;
}

/** A Pong frame arrived. */
export interface PongEvent {
  /** Tells this event from the others. */
  readonly type: 'pong';
  /** The payload, at most 125 bytes. */
  readonly data: Uint8Array;
  /** The milliseconds since the heartbeat's Ping frame that this frame answers; undefined if it answers none. */
  readonly latency: number | undefined;
}

/** The peer's Close frame arrived. Our own waits for `transmit` already, if it has not been sent before. Code 1005 means no code. */
export interface CloseEvent extends CloseReason {
  /** Tells this event from the others. */
  readonly type: 'close';
}

/**
 * We failed the connection (RFC 6455 7.1.7). Our Close frame or HTTP response waits for `transmit`, unless the peer is gone
 * (`pong-timeout`, `idle-timeout`, `stall-timeout`): then the transport must be destroyed, and `end` is the next event.
 */
export interface FailEvent {
  /** Tells this event from the others. */
  readonly type: 'fail';
  /** The rule that was broken. */
  readonly error: ProtocolError | HandshakeError;
}

/** The connection is closed (RFC 6455 7.1.4). This is the last event, and comes exactly once. */
export interface EndEvent {
  /** Tells this event from the others. */
  readonly type: 'end';
  /** The code of the peer's Close frame; 1005 if that had none, 1006 if no Close frame arrived (7.1.5). */
  readonly code: number;
  /** The reason of the peer's Close frame (7.1.6). */
  readonly reason: string;
  /** Whether the peer's Close frame had arrived and ours had been written before the transport ended (7.1.4). */
  readonly clean: boolean;
  /** The reason for the end, as a sentence and as facts. */
  readonly explanation: Explanation;
  /** The numbers of bytes and messages, and when they passed. */
  readonly statistics: ConnectionStatistics;
}

/** The numbers of bytes and messages of a connection, and when they passed. Times are on the caller's clock, in milliseconds, rounded down. */
export interface ConnectionStatistics {
  /** When the opening handshake was complete; undefined before. */
  readonly openedAt: number | undefined;
  /** When the last bytes arrived; undefined before. */
  readonly lastReceivedAt: number | undefined;
  /** The number of bytes received, the opening handshake among them. */
  readonly bytesReceived: number;
  /** The number of bytes that `transmit` has returned, the opening handshake among them. */
  readonly bytesSent: number;
  /** The number of whole messages received: parsed, and not discarded. */
  readonly messagesReceived: number;
  /** The number of whole messages that `send` and `sendFragment` have queued. */
  readonly messagesSent: number;
}

/** The reason for the end of a connection, since code 1006 alone explains nothing. */
export interface Explanation {
  /** The reason in one sentence, for a log. */
  readonly summary: string;
  /** Our Close frame, if it was queued. */
  readonly sent: CloseReason | undefined;
  /** The peer's Close frame, if it arrived. */
  readonly received: CloseReason | undefined;
  /** The side that began the end: this endpoint, the peer, or the transport. */
  readonly initiator: 'local' | 'remote' | 'transport';
  /** If we failed the connection, the rule that was broken, its section, and the offset of the bytes at fault. */
  readonly error: ProtocolError | HandshakeError | undefined;
  /** The number of bytes received from the peer in all. */
  readonly bytesReceived: number;
  /** Whether the transport ended, or closeTimeout passed, before both Close frames had been exchanged. */
  readonly endedEarly: boolean;
  /**
   * The number of bytes that were sent and not written when the connection ended: they waited for `transmit`, or were dropped, or a
   * caller that reports with `written` had not reported them.
   */
  readonly unsentBytes: number;
  /** The cause that `receiveEnd` was given, an error of the socket for instance; else the cause that `fail` was given. */
  readonly cause: unknown;
}

const NONE: readonly never[] = Object.freeze([]);

/** The `open` event of most connections. They share it, since an application may keep the event as long as the connection. */
const PLAIN: OpenEvent = Object.freeze({ type: 'open', subprotocol: '', extensions: NONE, headers: NONE });

/** Returns the event `open`. */
export function openEvent(
  subprotocol: string,
  extensions: readonly Extension[],
  headers: readonly HeaderField[],
): OpenEvent {
  if (subprotocol === '' && extensions.length === 0 && headers.length === 0) return PLAIN;
  return { type: 'open', subprotocol, extensions, headers };
}
