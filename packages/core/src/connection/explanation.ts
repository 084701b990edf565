/** Why a connection ended, in a sentence and as facts (RFC 6455 7.1.4 to 7.1.6). */
import type { CloseReason } from '../frame/close.ts';
import { printable, told } from '../printable.ts';
import { HandshakeError } from '../rules.ts';
import type { EndEvent, Explanation } from './events.ts';

/** What a connection knows at its end. */
export interface Ending extends Omit<Explanation, 'summary'> {
  /** The closeTimeout passed, so the transport is destroyed. */
  readonly timedOut: boolean;
}

/** Gives the last event of a connection. */
export function endEvent(ending: Ending): EndEvent {
  const { sent, received, endedEarly, timedOut: _, ...facts } = ending;
  // 7.1.5: "If this Close control frame contains no status code, _The WebSocket Connection Close Code_ is considered to
  // be 1005. If _The WebSocket Connection is Closed_ and no Close control frame was received by the endpoint [...],
  // _The WebSocket Connection Close Code_ is considered to be 1006."
  return {
    type: 'end',
    code: received?.code ?? 1006,
    reason: received?.reason ?? '',
    // 7.1.4: "If the TCP connection was closed after the WebSocket closing handshake was completed, the WebSocket
    // connection is said to have been closed _cleanly_."
    clean: !endedEarly && facts.error === undefined,
    explanation: { summary: summarize(ending), sent, received, endedEarly, ...facts },
  };
}

function summarize(ending: Ending): string {
  const { unsentBytes } = ending;
  return unsentBytes === 0 ? why(ending) : `${why(ending)}; ${unsentBytes} bytes that were sent here had not left`;
}

function why({ sent, received, initiator, error, bytesReceived, endedEarly, timedOut, cause }: Ending): string {
  const after = `after ${bytesReceived} bytes received`;
  if (error instanceof HandshakeError) return `the opening handshake failed, ${error.rule}: ${error.message}`;
  if (error !== undefined) {
    // Only what bytes broke has a place among them; time and this side have none.
    const where = OF_BYTES.includes(error.code) ? ` at byte ${error.offset}` : '';
    return `this endpoint failed the connection${where}, ${error.rule}: ${error.message}`;
  }
  const how = timedOut ? 'closeTimeout passed' : `the transport ended${cause === undefined ? '' : ` (${told(cause)})`}`;
  if (sent !== undefined && received !== undefined) {
    const [who, said] = initiator === 'local' ? ['this endpoint', sent] : ['the peer', received];
    const closed = `${who} closed the connection with ${quote(said)}`;
    return endedEarly
      ? `${closed}, but ${how} before this endpoint's Close frame had left, ${after}`
      : `${closed}, and the closing handshake was completed`;
  }
  if (sent !== undefined) return `this endpoint sent ${quote(sent)}, but ${how} before the peer answered, ${after}`;
  return `${how} without a Close frame from either side, ${after}`;
}

function quote(said: CloseReason): string {
  const { code, reason } = said;
  return `${code}${reason === '' ? '' : ` ${printable(JSON.stringify(reason))}`}`;
}

/** The codes of the rules that bytes of the peer's break (7.4.1). */
const OF_BYTES: readonly number[] = [1002, 1007, 1008, 1009];
