/** How the end begins and goes on (RFC 6455 7.1): our Close frame, failing, and giving up a peer that is not there any more. */
import { type CloseReason, encodeClosePayload } from '../frame/close.ts';
import { responseText } from '../handshake/http1.ts';
import { rejectFor } from '../handshake/server.ts';
import type { HandshakeError, ProtocolError } from '../rules.ts';
import type { Closing } from './closing.ts';
import type { Facts } from './facts.ts';

/** Sends our Close frame and waits for the rest of the closing handshake, but not for ever. */
export function sendClose(facts: Facts, initiator: Closing['initiator'], said: CloseReason, payload: Uint8Array): void {
  const closing = facts.beginClosing();
  closing.initiator = initiator;
  closing.sent = said;
  // Nothing is compressed after it, and nothing decompressed, since only a Close frame is of interest.
  facts.spare.transform?.close();
  if (!closing.ended) facts.clearOpen();
  try {
    facts.borrowSender().close(payload);
  } catch (error) {
    // A random source threw: there is no Close frame whose leaving begins the deadline.
    if (!closing.ended) facts.startClose();
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
  // Status 0: there is nothing to answer, or the application has done so.
  if (role === 'server' && !closing.ended && error.status !== 0) {
    const { response, body } = rejectFor(error);
    facts.borrowSender().head(responseText(response), body);
  }
  // A client has nothing to say to a server that it does not speak with.
  if (role === 'client') lose(facts, closing);
  awaitEnd(facts, closing);
}

/** Nothing that still arrives is parsed, so there is only the transport's end to wait for. */
function awaitEnd(facts: Facts, closing: Closing): void {
  if (closing.ended) return;
  facts.clearOpen();
  facts.clearStall();
  facts.startClose();
}

/** Fails the connection of a peer that is not there any more, and that would not read a Close frame. */
export function abandon(facts: Facts, error: ProtocolError): void {
  const closing = facts.beginClosing();
  closing.initiator = 'local';
  closing.error = error;
  facts.receiver = undefined;
  facts.spare.transform?.close();
  // There is nothing to hold back any more.
  facts.paused = false;
  destroy(facts, closing);
}

/** The transport is to be destroyed: what waits never leaves. */
export function destroy(facts: Facts, closing: Closing): void {
  closing.destroyed = closing.ended = true;
  facts.clearAll();
  lose(facts, closing);
}

/** What waits in the outbox never leaves. */
function lose(facts: Facts, closing: Closing): void {
  closing.lost += facts.queuedBytes;
  facts.sender = undefined;
}

/** Drops the messages that wait and of which nothing has left; the end has begun, or begins with that. */
export function dropMessages(facts: Facts): void {
  const dropped = facts.sender?.drop() ?? 0;
  facts.beginClosing().dropped += dropped;
}
