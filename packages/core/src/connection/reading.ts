/** Turns received bytes into events (RFC 6455 4, 5.5): first the opening handshake, then frames, and what each frame requires of us. */
import { TransferredError } from '../bytes.ts';
import { encodeClosePayload } from '../frame/close.ts';
import type { Negotiated } from '../handshake/client.ts';
import type { HeaderField } from '../handshake/fields.ts';
import type { Receiver, ReceiverEvent } from '../receive/receiver.ts';
import { HandshakeError, ProtocolError, StateError } from '../rules.ts';
import type { Closing } from './closing.ts';
import {
  type CloseEvent,
  type ConnectionEvent,
  type EndEvent,
  type FailEvent,
  type OpenEvent,
  openEvent,
} from './events.ts';
import type { Facts } from './facts.ts';
import { failConnection, failOpening, sendClose } from './failing.ts';
import type { Accept, Opening } from './opening.ts';
import { Spare } from './spare.ts';
import { answerPing } from './writing.ts';

/** Returns the event `open` if it is due, once. */
export function takeOpen(facts: Facts): OpenEvent | undefined {
  const event = facts.openEvent;
  if (event !== undefined) facts.openEvent = undefined;
  return event;
}

/** Reads the opening handshake as far as it has arrived, and returns the event that it leads to. */
export function readOpening(facts: Facts, opening: Opening): ConnectionEvent | undefined {
  const { closing } = facts;
  if (closing?.error !== undefined) return undefined;
  try {
    const step = opening.step(closing?.ended === true);
    if (step?.type === 'request') return step;
    if (step !== undefined) open(facts, step.agreed, step.headers);
    else if (closing?.ended) failOpening(facts, opening.interrupted(closing.cause), false);
  } catch (error) {
    // Any other error comes from the application: from its extension, for instance.
    if (!(error instanceof HandshakeError)) throw error;
    failOpening(facts, error, false);
  }
  return takeOpen(facts);
}

/**
 * Returns the opening handshake of a server whose request waits for a decision, and how to accept that request.
 *
 * @throws {StateError} `not-connecting` when no request waits for a decision
 */
export function undecided({ closing, opening, phase }: Facts): { readonly opening: Opening; readonly accept: Accept } {
  const accept = opening?.accept;
  if (closing === undefined && opening !== undefined && accept !== undefined) return { opening, accept };
  throw new StateError(
    'not-connecting',
    `no request waits for a decision, and the connection is ${phase.state}: accept or reject once, after \`request\``,
  );
}

/** Completes the opening handshake. The bytes that arrived after it are the first frames. */
export function open(
  facts: Facts,
  { subprotocol, extensions, transform }: Negotiated,
  headers: readonly HeaderField[],
): void {
  const early = facts.opening?.rest();
  facts.opening = undefined;
  if (transform !== undefined) {
    facts.spare = new Spare(facts.options, facts.spare.role, transform);
    facts.sender?.use(transform);
  }
  if (early !== undefined && early.length > 0) facts.borrowReceiver(early.length).receive(early);
  facts.openEvent = openEvent(subprotocol, extensions, headers);
  // The transport may have ended directly after the response.
  if (facts.closing === undefined) facts.startOpen();
  facts.openedAt = Math.floor(facts.now);
}

/** Reads frames, and returns the next event that they lead to. */
export function readFrames(facts: Facts, receiver: Receiver): ConnectionEvent | undefined {
  try {
    for (let event = receiver.next(facts.now); event !== undefined; event = receiver.next(facts.now)) {
      if (actOn(facts, event)) return event;
    }
  } catch (error) {
    const fault = faultOf(error, receiver.faultOffset);
    // The application's decoder may have ended the connection meanwhile.
    if (facts.receiver === receiver) failConnection(facts, fault, false);
    return undefined;
  }
  if (facts.closing !== undefined) return undefined;
  const since = receiver.pendingSince;
  facts.watchMessage(since, receiver.payloadLength);
  if (since < 0 && receiver.isStateless) {
    facts.spare.returnReceiver(receiver);
    facts.receiver = undefined;
  }
  return undefined;
}

/** Does what the frame of an event requires of us. Returns true if the application gets the event. */
function actOn(facts: Facts, event: ReceiverEvent): boolean {
  switch (event.type) {
    // Most frames are one of these two, so they come first (benchmarks: decode, 16 B).
    case 'binary':
    case 'text':
      facts.messagesReceived++;
      return true;
    case 'fragment':
      if (event.final) facts.messagesReceived++;
      return true;
    case 'ping': {
      const hasSentClose = facts.closing?.sent !== undefined;
      // 5.5.2: "Upon receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it already
      // received a Close frame."
      if (facts.options.autoPong || hasSentClose) answerPing(facts, event.data);
      return !hasSentClose;
    }
    case 'pong':
      event.latency = facts.latency(event.data);
      return true;
    case 'close':
      takeClose(facts, event);
      return true;
  }
}

/** Takes the peer's Close frame, and answers it if ours has not been sent. */
function takeClose(facts: Facts, { code, reason }: CloseEvent): void {
  const closing = facts.beginClosing();
  closing.received = { code, reason };
  facts.receiver = undefined;
  // 5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST
  // send a Close frame in response. (When sending a Close frame in response, the endpoint typically echos the
  // status code it received.)"
  if (closing.sent === undefined) {
    const payload = encodeClosePayload(code === 1005 ? undefined : code);
    sendClose(facts, 'remote', { code, reason: '' }, payload);
  }
}

/**
 * Returns the error for which the connection is failed when a receiver has thrown.
 *
 * @throws {unknown} the error itself if the connection is not at fault: the application's decoder threw it, for instance
 */
function faultOf(error: unknown, offset: number): ProtocolError {
  if (error instanceof ProtocolError) {
    error.offset = offset;
    return error;
  }
  if (!(error instanceof TransferredError)) throw error;
  const fault = new ProtocolError('handler-failed', offset);
  fault.cause = error;
  return fault;
}

/** Returns the event `fail` or `end` if it is due, each once. */
export function takeEnd(facts: Facts, closing: Closing): FailEvent | EndEvent | undefined {
  const fail = closing.takeFail();
  if (fail !== undefined) return fail;
  if (!closing.endIsDue) return undefined;
  facts.spare.transform?.close();
  facts.opening = facts.receiver = undefined;
  return closing.end(facts.statistics, facts.queuedBytes + (facts.reports ? facts.unreported : 0));
}
