/** What a connection tells its application: one discriminated union, in the order things happened. */
import type { CloseReason } from '../frame/close.ts';
import type { DataOpcode } from '../frame/header.ts';
import type { Extension, HeaderField } from '../handshake/fields.ts';
import type { HandshakeRequest } from '../handshake/policy.ts';
import type { HandshakeError, ProtocolError } from '../rules.ts';

/**
 * The next thing that happened on a connection.
 *
 * The order is always `request`? `open`? (`text` | `binary` | `fragment` | `ping` | `pong`)* `close`? `fail`? `end`, and
 * nothing follows `end`. Bytes in `data` belong to the application from here on; they may be a view of the chunk
 * they came in, so copy a small part to keep it for long.
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

/** Server: a request that conforms to RFC 6455 4.2.1 arrived. Call `accept` or `reject`, now or later. */
export interface RequestEvent {
  /** Tells this event from the others. */
  readonly type: 'request';
  /** What the client asked for. */
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
  /** Client: the header fields of the server's response; names in lower case, cookies among them. */
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
 * With `messages: 'fragments'`, the next part of a message as it arrived: any part of a frame. A part of a text is
 * valid UTF-8 by itself: whole code points.
 */
export interface FragmentEvent {
  /** Tells this event from the others. */
  readonly type: 'fragment';
  /** What the message is: text or binary. */
  readonly opcode: DataOpcode;
  /** The part. */
  readonly data: Uint8Array;
  /** Whether this part is the last of its message. */
  readonly final: boolean;
}

/** A Ping frame arrived; the Pong frame that answers it is already in the outbox (unless `autoPong` is off). */
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
  /** Milliseconds since the heartbeat's Ping frame that this one answers; undefined when it answers none. */
  readonly latency: number | undefined;
}

/** The peer's Close frame arrived; our answer is already in the outbox. Code 1005 means that it gave none. */
export interface CloseEvent extends CloseReason {
  /** Tells this event from the others. */
  readonly type: 'close';
}

/**
 * We failed the connection (RFC 6455 7.1.7). Our Close frame or HTTP response is in the outbox, unless the peer is gone
 * (`pong-timeout`, `idle-timeout`, `stall-timeout`): then the transport is to be destroyed, and `end` is next.
 */
export interface FailEvent {
  /** Tells this event from the others. */
  readonly type: 'fail';
  /** The rule that was broken. */
  readonly error: ProtocolError | HandshakeError;
}

/** The connection is closed (RFC 6455 7.1.4). The last event, exactly once. */
export interface EndEvent {
  /** Tells this event from the others. */
  readonly type: 'end';
  /** The code of the peer's Close frame; 1005 when it gave none, 1006 when no Close frame arrived (7.1.5). */
  readonly code: number;
  /** The reason of the peer's Close frame (7.1.6). */
  readonly reason: string;
  /** The peer's Close frame had arrived and ours had left before the transport ended (7.1.4). */
  readonly clean: boolean;
  /** Why, in a sentence and as facts. */
  readonly explanation: Explanation;
  /** What had passed on the connection, and when. */
  readonly statistics: ConnectionStatistics;
}

/** What has passed on a connection. Times are on the caller's clock, in milliseconds, rounded down. */
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

/** Why a connection ended, so that 1006 is never a riddle. */
export interface Explanation {
  /** One sentence for a log. */
  readonly summary: string;
  /** Our Close frame, if it was queued. */
  readonly sent: CloseReason | undefined;
  /** The peer's Close frame, if it arrived. */
  readonly received: CloseReason | undefined;
  /** Who began: this endpoint, the peer, or the transport that ended by itself. */
  readonly initiator: 'local' | 'remote' | 'transport';
  /** The rule that was broken, with its section and the offset of the bytes at fault, if we failed the connection. */
  readonly error: ProtocolError | HandshakeError | undefined;
  /** How many bytes had been received from the peer in all. */
  readonly bytesReceived: number;
  /** The transport ended, or closeTimeout passed, before both Close frames had been exchanged. */
  readonly endedEarly: boolean;
  /**
   * How many bytes of what was sent had not left when the connection ended: they waited for `transmit`, were dropped, or
   * had been transmitted and not been reported with `written` by a caller that reports.
   */
  readonly unsentBytes: number;
  /**
   * What the transport said of its end, an error of the socket for instance, if the adapter passed it on; else the cause
   * that `fail` was given.
   */
  readonly cause: unknown;
}

const NONE: readonly never[] = Object.freeze([]);

/** The event of most connections, which an application may keep for as long as they last. */
const PLAIN: OpenEvent = Object.freeze({ type: 'open', subprotocol: '', extensions: NONE, headers: NONE });

/** Returns the event that says that the opening handshake is complete. */
export function openEvent(
  subprotocol: string,
  extensions: readonly Extension[],
  headers: readonly HeaderField[],
): OpenEvent {
  if (subprotocol === '' && extensions.length === 0 && headers.length === 0) return PLAIN;
  return { type: 'open', subprotocol, extensions, headers };
}
