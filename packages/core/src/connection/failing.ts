/** How the end begins (RFC 6455 7.1): we send a Close frame, fail the connection, or give up a peer that is gone. */
import { type CloseReason, encodeClosePayload } from '../frame/close.ts';
import { responseText } from '../handshake/http1.ts';
import { rejectFor } from '../handshake/server.ts';
import type { HandshakeError, ProtocolError } from '../rules.ts';
import type { Closing } from './closing.ts';
import type { Facts } from './facts.ts';

/** Queues our Close frame. The rest of the closing handshake has closeTimeout, from when the frame has left. */
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
    // The random source threw, so no Close frame will leave and begin the deadline.
    if (!closing.ended) facts.startClose(closing);
    throw error;
  }
}

/** Fails a connection that is open, or closing (7.1.7). */
export function failConnection(facts: Facts, error: ProtocolError): void {
  const closing = facts.beginClosing();
  closing.initiator = 'local';
  closing.error = error;
  facts.receiver = undefined;
  if (closing.sent === undefined) {
    // 7.1.7: "If _The WebSocket Connection is Established_ [...], the endpoint SHOULD send a Close frame with an
    // appropriate status code (Section 7.4) before proceeding to _Close the WebSocket Connection_."
    const said = { code: error.code, reason: error.rule };
    sendClose(facts, 'local', said, encodeClosePayload(said.code, said.reason));
  }
  awaitEnd(facts, closing);
}

/** Fails the opening handshake. */
export function failOpening(facts: Facts, error: HandshakeError): void {
  const { role } = facts.spare;
  const closing = facts.beginClosing();
  closing.initiator = error.rule === 'handshake-interrupted' ? 'transport' : 'local';
  closing.error = error;
  // Status 0 means that nothing is answered, or that the application has answered.
  if (role === 'server' && !closing.ended && error.status !== 0) {
    const { response, body } = rejectFor(error);
    facts.borrowSender().head(responseText(response), body);
  }
  // A client has nothing to send to a server with which it has no connection.
  if (role === 'client') lose(facts, closing);
  awaitEnd(facts, closing);
}

/** Waits for the end of the transport, for closeTimeout: nothing that still arrives is parsed. */
function awaitEnd(facts: Facts, closing: Closing): void {
  if (closing.ended) return;
  facts.clearOpen();
  facts.clearStall();
  facts.startClose(closing);
}

/** Fails the connection of a peer that is gone and would not read a Close frame. */
export function abandon(facts: Facts, error: ProtocolError): void {
  const closing = facts.beginClosing();
  closing.initiator = 'local';
  closing.error = error;
  facts.receiver = undefined;
  facts.spare.transform?.close();
  // The events that explain the end must not wait for `resume`.
  facts.paused = false;
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

/** Drops the waiting messages of which no byte has left. The end begins with this, if it has not begun. */
export function dropMessages(facts: Facts): void {
  const dropped = facts.sender?.drop() ?? 0;
  facts.beginClosing().dropped += dropped;
}
