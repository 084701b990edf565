/**
 * How a connection ends (RFC 6455 7): what is known of the end, what follows from it, and the event that explains it.
 *
 * A connection has a `Closing` from the moment at which its end begins. Five facts decide: our Close frame was sent (which means queued),
 * the peer's was received, the transport has ended, we failed the connection, and the transport must be destroyed. A Close frame that is
 * received is answered at once, so a caller never meets "received but not sent". A connection that failed while it was open parses nothing
 * more (7.1.7), and has sent a Close frame. There are two exceptions: the peer is taken to be gone (pong, idle and stall deadlines), or it
 * would read the Close frame as payload (a frame whose memory was transferred when part of it had been transmitted).
 */
import type { CloseReason } from '../frame/close.ts';
import { printable, told } from '../printable.ts';
import { CODES_OF_BYTES } from '../rules/connection.ts';
import { HandshakeError, type ProtocolError } from '../rules.ts';
import type { ConnectionStatistics, EndEvent, FailEvent } from './events.ts';

/** The states of RFC 6455: CONNECTING (4.1), OPEN (4.1), CLOSING (7.1.3), CLOSED (7.1.4). */
export type State = 'connecting' | 'open' | 'closing' | 'closed';

/** Whether the caller must keep its transport open, end it, or destroy it, once `transmit` returns nothing more. */
export type Transport = 'open' | 'end' | 'destroy';

/** A phase of a connection: its state, and what a server or client does with the transport once nothing waits for `transmit`. */
export interface Phase {
  readonly state: State;
  readonly server: Transport;
  readonly client: Transport;
}

type PhaseName =
  | 'connecting'
  | 'open'
  | 'close-sent'
  | 'close-exchanged'
  | 'failed'
  | 'opening-failed'
  | 'ended'
  | 'destroyed';

/**
 * The phases of a connection, from the opening handshake to its end.
 *
 * 7.1.1: "when a server is instructed to _Close the WebSocket Connection_ it SHOULD initiate a TCP Close immediately, and
 * when a client is instructed to do the same, it SHOULD wait for a TCP Close from the server."
 */
export const PHASES: Readonly<Record<PhaseName, Phase>> = {
  connecting: { state: 'connecting', server: 'open', client: 'open' },
  open: { state: 'open', server: 'open', client: 'open' },
  'close-sent': { state: 'closing', server: 'open', client: 'open' },
  'close-exchanged': { state: 'closing', server: 'end', client: 'open' },
  failed: { state: 'closing', server: 'end', client: 'open' },
  // A server still sends its response. A client has nothing to send.
  'opening-failed': { state: 'closing', server: 'end', client: 'destroy' },
  ended: { state: 'closed', server: 'end', client: 'end' },
  destroyed: { state: 'closed', server: 'destroy', client: 'destroy' },
};

/** What is known of the end of a connection. */
export class Closing {
  /** The deadline for the rest of the closing handshake and the end of the transport, once it runs. */
  due: number | undefined = undefined;
  /** Whether the next call with the time sets `due` anew, because it runs from a time that may be long past. */
  isDoubtful = false;
  /** Our Close frame, once it has been queued. */
  sent: CloseReason | undefined = undefined;
  /** The peer's Close frame. */
  received: CloseReason | undefined = undefined;
  /** Whether the read side of the transport has ended. */
  ended = false;
  /** The rule for which we failed the connection. */
  error: ProtocolError | HandshakeError | undefined = undefined;
  /** The side that began the end. */
  initiator: 'local' | 'remote' | 'transport' = 'transport';
  /** The error that the transport or the application gave as the reason. */
  cause: unknown = undefined;
  /** Whether closeTimeout passed before the transport had ended. */
  timedOut = false;
  /** Whether the transport must be destroyed. The bytes that wait are never transmitted then. */
  destroyed = false;
  /** The number of bytes queued after our Close frame; they are Pong frames. */
  behindClose = 0;
  /** The number of bytes of messages that were dropped from the outbox. */
  dropped = 0;
  /** The number of bytes that were given up with the outbox. */
  lost = 0;
  // The later of the events `fail` and `end` that has been delivered.
  #delivered: 'fail' | 'end' | undefined = undefined;

  /** The phase of the connection. */
  get phase(): Phase {
    if (this.destroyed) return PHASES.destroyed;
    if (this.ended) return PHASES.ended;
    if (this.error !== undefined)
      return this.error instanceof HandshakeError ? PHASES['opening-failed'] : PHASES.failed;
    return this.received === undefined ? PHASES['close-sent'] : PHASES['close-exchanged'];
  }

  /** Whether arriving bytes are ignored. */
  get isDeaf(): boolean {
    return this.ended || this.error !== undefined || this.received !== undefined;
  }

  /** Returns the event `fail` if it is due, once. */
  takeFail(): FailEvent | undefined {
    const { error } = this;
    if (error === undefined || this.#delivered !== undefined) return undefined;
    this.#delivered = 'fail';
    return { type: 'fail', error };
  }

  /** Whether the event `end` is due. */
  get endIsDue(): boolean {
    return this.ended && this.#delivered !== 'end';
  }

  /**
   * Returns the event `end`.
   *
   * @param statistics the numbers of bytes and messages so far
   * @param waiting the number of bytes that wait for `transmit`, or were handed out and not reported by a caller that reports
   */
  end(statistics: ConnectionStatistics, waiting: number): EndEvent {
    const { bytesReceived } = statistics;
    this.#delivered = 'end';
    const { sent, received, initiator, error, cause } = this;
    const unsent = waiting + this.lost;
    // The last `behindClose` bytes are Pong frames. If no more than these are unsent, our Close frame has been written.
    const endedEarly = sent === undefined || received === undefined || unsent > this.behindClose;
    const unsentBytes = unsent + this.dropped;
    const why = this.#why(endedEarly, bytesReceived);
    const summary = unsentBytes === 0 ? why : `${why}; ${unsentBytes} bytes that were sent here had not left`;
    // 7.1.5: "If this Close control frame contains no status code, _The WebSocket Connection Close Code_ is considered to
    // be 1005. If _The WebSocket Connection is Closed_ and no Close control frame was received by the endpoint [...],
    // _The WebSocket Connection Close Code_ is considered to be 1006."
    return {
      type: 'end',
      code: received?.code ?? 1006,
      reason: received?.reason ?? '',
      // 7.1.4: "If the TCP connection was closed after the WebSocket closing handshake was completed, the WebSocket
      // connection is said to have been closed _cleanly_."
      clean: !endedEarly && error === undefined,
      explanation: { summary, sent, received, endedEarly, initiator, error, bytesReceived, unsentBytes, cause },
      statistics,
    };
  }

  /** Returns a sentence that tells why the connection ended, for a log. */
  #why(endedEarly: boolean, bytesReceived: number): string {
    const { sent, received, initiator, error, timedOut, cause } = this;
    const after = `after ${bytesReceived} bytes received`;
    if (error instanceof HandshakeError) return `the opening handshake failed, ${error.rule}: ${error.message}`;
    if (error !== undefined) {
      // A timeout, or a fault of our own side, has no offset.
      const where = CODES_OF_BYTES.includes(error.code) ? ` at byte ${error.offset}` : '';
      return `this endpoint failed the connection${where}, ${error.rule}: ${error.message}`;
    }
    const said = cause === undefined ? '' : ` (${told(cause)})`;
    const how = timedOut ? 'closeTimeout passed' : `the transport ended${said}`;
    if (sent === undefined) return `${how} without a Close frame from either side, ${after}`;
    if (received === undefined) {
      return `this endpoint sent ${quote(sent)}, but ${how} before the peer answered, ${after}`;
    }
    const [who, reason] = initiator === 'local' ? ['this endpoint', sent] : ['the peer', received];
    const closed = `${who} closed the connection with ${quote(reason)}`;
    return endedEarly
      ? `${closed}, but ${how} before this endpoint's Close frame had left, ${after}`
      : `${closed}, and the closing handshake was completed`;
  }
}

function quote({ code, reason }: CloseReason): string {
  return `${code}${reason === '' ? '' : ` ${printable(JSON.stringify(reason))}`}`;
}
