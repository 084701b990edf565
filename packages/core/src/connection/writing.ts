/** What leaves (RFC 6455 5.5, 6.1): who may send when, what waits to be transmitted, and since when. */
import { ProtocolError, StateError } from '../rules.ts';
import type { Sender } from '../send/sender.ts';
import { PHASES } from './closing.ts';
import type { Facts } from './facts.ts';
import { abandon, destroy, dropMessages, failConnection } from './failing.ts';

/** @throws {StateError} `not-open`, `queue-full` when nothing can be sent now */
export function checkSendable(facts: Facts): void {
  if (facts.opening !== undefined || facts.closing !== undefined) {
    // 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
    throw new StateError('not-open', `the connection is ${PHASES[facts.phase].state}, so nothing can be sent`);
  }
  const { queuedBytes } = facts;
  if (queuedBytes < facts.options.maxQueuedBytes) return;
  throw new StateError(
    'queue-full',
    `${queuedBytes} bytes wait to be written, which is maxQueuedBytes or more: wait for them to drain`,
  );
}

/** Returns the next bytes to write, at most `max` of them. */
export function transmit(facts: Facts, now: number | undefined, max: number): Uint8Array | undefined {
  const { sender } = facts;
  let bytes = sender?.transmit(max);
  if (bytes === undefined && sender?.broken !== undefined) bytes = breakLoan(facts, sender, max);
  if (bytes === undefined) {
    giveBack(facts);
    tick(facts, now);
    return undefined;
  }
  facts.unreported += bytes.length;
  move(facts, now);
  return bytes;
}

/** Writes the next bytes into `into`, and returns how many. */
export function transmitInto(facts: Facts, into: Uint8Array, now: number | undefined): number {
  const length = facts.sender?.transmitInto(into) ?? 0;
  if (length === 0) {
    // Nothing waits, or a loan is gone: then a random source runs, and `into` may not have been written to before that.
    const bytes = transmit(facts, now, into.length);
    if (bytes !== undefined) into.set(bytes);
    return bytes?.length ?? 0;
  }
  if (length < into.length) giveBack(facts);
  facts.unreported += length;
  move(facts, now);
  return length;
}

/** Other connections may have the sender, when nothing waits. One that has sent a Close frame is of no use to them. */
function giveBack(facts: Facts): void {
  const { sender } = facts;
  if (sender !== undefined && facts.closing === undefined && facts.spare.returnSender(sender)) facts.sender = undefined;
}

/**
 * A borrowed payload is no longer as long as its header says. Where that has left, whatever followed it would be read as
 * payload, our Close frame as well.
 */
function breakLoan(facts: Facts, sender: Sender, max: number): Uint8Array | undefined {
  const error = new ProtocolError('loan-changed', facts.bytesReceived);
  const { closing } = facts;
  if (sender.broken === 'cut') {
    // A connection that has ended, or that we failed, says so once.
    if (closing?.ended || closing?.error !== undefined) destroy(facts, closing);
    else abandon(facts, error);
    return undefined;
  }
  dropMessages(facts);
  if (closing === undefined) {
    failConnection(facts, error);
    facts.paused = false;
  }
  return sender.transmit(max);
}

/**
 * Answers a Ping frame: one that arrived after our own Close frame as well, since 5.5.1 forbids "any more data frames"
 * there and no others. The application can send nothing then, so it is answered with `autoPong` off too.
 */
export function answerPing(facts: Facts, payload: Uint8Array): void {
  const { closing, queuedBytes } = facts;
  // What is still parsed then has nowhere to be answered to.
  if (closing?.destroyed) return;
  facts.borrowSender().pong(payload);
  if (closing?.sent !== undefined) closing.behindClose += facts.queuedBytes - queuedBytes;
}

/** Notes the time, if the caller gave it: from here on bytes that wait have stallTimeout to leave. */
export function tick(facts: Facts, now: number | undefined): void {
  if (now === undefined) return;
  facts.now = now;
  if (!facts.stallRuns && isWaiting(facts)) facts.startStall();
}

/** Bytes have left, or were reported to have. */
export function move(facts: Facts, now: number | undefined): void {
  const { closing } = facts;
  if (now !== undefined) facts.now = now;
  if (now !== undefined && isWaiting(facts)) facts.startStall();
  else facts.clearStall();
  if (closing?.sent !== undefined && !closing.ended && facts.queuedBytes <= closing.behindClose) {
    facts.startClose();
  }
}

/** Whether bytes wait to leave on a connection that is open, or closing in good order. */
function isWaiting(facts: Facts): boolean {
  const { closing } = facts;
  if (facts.opening !== undefined || closing?.error !== undefined || closing?.ended) return false;
  // Once our Close frame has left, closeTimeout is for what is behind it as well.
  return !facts.closeRuns && (facts.queuedBytes > 0 || (facts.reports && facts.unreported > 0));
}
