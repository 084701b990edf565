/** How the end begins (RFC 6455 7.1): we send a Close frame, fail the connection, or give up a peer that is gone. */
import { type CloseReason, encodeClosePayload } from '../frame/close.ts';
import { responseText } from '../handshake/http1.ts';
import { rejectFor } from '../handshake/server.ts';
import { type HandshakeError, type LocalRuleName, ProtocolError } from '../rules.ts';
import { type Closing, PHASES } from './closing.ts';
import type { Facts } from './facts.ts';
import type { Opening } from './opening.ts';
import type { DeadlineName } from './timers.ts';

/** Starts the closing handshake on behalf of the application (7.1.2). While connecting, abandons the opening handshake instead. */
export function closeLocally(facts: Facts, said: CloseReason, payload: Uint8Array): void {
  facts.paused = false;
  // After the end of the transport there is no closing handshake, so `end` need not wait for the events before it.
  if (facts.closing?.ended) facts.receiver = undefined;
  else facts.receiver?.discard();
  // Last, because the random source may throw: the connection is closing then too.
  if (facts.phase === PHASES.open) sendClose(facts, 'local', said, payload);
  else if (facts.phase === PHASES.connecting) {
    // A Close frame can only be sent on an open connection, so all there is to end is the transport.
    failOpening(facts, (facts.opening as Opening).failure('handshake-abandoned'));
  }
}

/** Fails the connection, or its opening handshake, for a fault of our own side. A connection that is closing continues to close. */
export function failLocally(facts: Facts, rule: LocalRuleName, cause: unknown): void {
  const { closing, opening } = facts;
  if (closing?.ended) return;
  if (rule === 'reader-too-slow' && opening === undefined) dropMessages(facts);
  if (closing !== undefined) return;
  facts.beginClosing().cause = cause;
  if (opening === undefined) {
    const error = new ProtocolError(rule, facts.bytesReceived);
    error.cause = cause;
    failConnection(facts, error);
  } else {
    const error = opening.failure(opening.accept === undefined ? 'handshake-abandoned' : 'handshake-failed');
    error.cause = cause;
    failOpening(facts, error);
  }
}

/** Ends the connection for a deadline that has passed. */
export function expire(facts: Facts, name: Exclude<DeadlineName, 'ping'>): void {
  if (name === 'handshake') failOpening(facts, (facts.opening as Opening).late());
  else if (name === 'message') failConnection(facts, new ProtocolError('message-stalled', facts.bytesReceived));
  else if (name === 'close') {
    const closing = facts.beginClosing();
    closing.timedOut = !closing.ended;
    destroy(facts, closing);
  }
  // The peer is taken to be gone: pong-timeout, idle-timeout or stall-timeout.
  else abandon(facts, new ProtocolError(`${name}-timeout`, facts.bytesReceived));
}

/** Queues our Close frame. Once it has been transmitted, the close deadline runs for the rest of the closing handshake (`move`). */
export function sendClose(facts: Facts, initiator: Closing['initiator'], said: CloseReason, payload: Uint8Array): void {
  const closing = facts.beginClosing();
  closing.initiator = initiator;
  closing.sent = said;
  // From here on messages are neither sent nor received, so nothing is compressed or decompressed.
  facts.spare.transform?.close();
  if (!closing.ended) facts.clearOpen();
  try {
    facts.borrowSender().close(payload);
  } catch (error) {
    // The random source threw, so no Close frame will be transmitted and start the deadline.
    if (!closing.ended) facts.startClose(closing);
    throw error;
  }
}

/**
 * Fails a connection that is open, or closing (7.1.7).
 *
 * @param isTimed whether the caller has given the time
 */
export function failConnection(facts: Facts, error: ProtocolError, isTimed = true): void {
  const closing = blame(facts, error);
  awaitEnd(facts, closing, isTimed);
  if (closing.sent === undefined) {
    // 7.1.7: "If _The WebSocket Connection is Established_ [...], the endpoint SHOULD send a Close frame with an
    // appropriate status code (Section 7.4) before proceeding to _Close the WebSocket Connection_."
    const said = { code: error.code, reason: error.rule };
    // Last, because the random source may throw: the connection has failed then too.
    sendClose(facts, 'local', said, encodeClosePayload(said.code, said.reason));
  }
}

/**
 * Fails the opening handshake.
 *
 * @param isTimed as for {@link failConnection}
 */
export function failOpening(facts: Facts, error: HandshakeError, isTimed = true): void {
  const { role } = facts.spare;
  const closing = blame(facts, error);
  if (error.rule === 'handshake-interrupted') closing.initiator = 'transport';
  // Status 0 means that nothing is answered, or that the application has answered.
  if (role === 'server' && !closing.ended && error.status !== 0) {
    const { response, body } = rejectFor(error);
    facts.borrowSender().head(responseText(response), body);
  }
  // A client has nothing to send to a server with which it has no connection.
  if (role === 'client') lose(facts, closing);
  awaitEnd(facts, closing, isTimed);
}

/** States that we fail the connection, and why. Nothing more is parsed. */
function blame(facts: Facts, error: ProtocolError | HandshakeError): Closing {
  const closing = facts.beginClosing();
  closing.initiator = 'local';
  closing.error = error;
  facts.receiver = undefined;
  // The events that explain the end must not wait for `resume`.
  facts.paused = false;
  return closing;
}

/**
 * Waits for the end of the transport, for closeTimeout: nothing that still arrives is parsed. `poll` takes no time, and the handlers of the
 * messages before a fault may have taken long, so closeTimeout begins again with the next time that the caller gives.
 */
function awaitEnd(facts: Facts, closing: Closing, isTimed: boolean): void {
  if (closing.ended) return;
  facts.clearOpen();
  facts.clearStall();
  facts.startClose(closing);
  closing.isDoubtful = !isTimed;
}

/** Fails the connection of a peer that is gone and would not read a Close frame. */
export function abandon(facts: Facts, error: ProtocolError): void {
  const closing = blame(facts, error);
  facts.spare.transform?.close();
  destroy(facts, closing);
}

/** Ends the connection and has the transport destroyed. */
export function destroy(facts: Facts, closing: Closing): void {
  closing.destroyed = closing.ended = true;
  facts.clearAll();
  lose(facts, closing);
}

/** Gives up the bytes that wait, which count as lost. */
function lose(facts: Facts, closing: Closing): void {
  closing.lost += facts.queuedBytes;
  facts.sender = undefined;
}

/** Drops the waiting messages of which no byte has been transmitted. The end begins with this, if it has not begun. */
export function dropMessages(facts: Facts): void {
  const dropped = facts.sender?.drop() ?? 0;
  facts.beginClosing().dropped += dropped;
}
