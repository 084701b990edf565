/** Transmits what is sent (RFC 6455 5.5, 6.1): checks whether sending is allowed, and watches how long bytes wait to be written. */
import { type BytesLike, toBytes } from '../bytes-like.ts';
import { checkControlPayload, type Opcode } from '../frame/header.ts';
import { shown } from '../printable.ts';
import { ProtocolError, StateError } from '../rules.ts';
import { encodedFor, PreparedMessage } from '../send/prepared.ts';
import type { Sender } from '../send/sender.ts';
import type { Facts } from './facts.ts';
import { abandon, destroy, dropMessages, failConnection } from './failing.ts';
import type { SendOptions } from './options.ts';

/** @throws {StateError} `not-open` or `queue-full` when nothing can be sent now */
export function checkSendable(facts: Facts): void {
  if (facts.opening !== undefined || facts.closing !== undefined) {
    // 5.5.1: "The application MUST NOT send any more data frames after sending a Close frame."
    throw new StateError(
      'not-open',
      `the connection is ${facts.phase.state}, so nothing can be sent: send while its state is open`,
    );
  }
  const { queuedBytes } = facts;
  if (queuedBytes < facts.options.maxQueuedBytes) return;
  throw new StateError(
    'queue-full',
    `${queuedBytes} bytes wait to be written, which reaches maxQueuedBytes: send again when fewer wait`,
  );
}

/** @throws {TypeError} when there are options: a prepared message has its own */
export function checkPrepared(options: SendOptions): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    throw new TypeError(`${name}: a prepared message is sent as it was prepared; give this option to prepare()`);
  }
}

/**
 * Sends a control frame of the application.
 *
 * @throws {RangeError} when the payload is longer than 125 bytes
 */
export function sendControl(
  facts: Facts,
  opcode: typeof Opcode.Ping | typeof Opcode.Pong,
  data: string | BytesLike,
): void {
  const payload = toBytes(data);
  checkControlPayload(payload);
  checkSendable(facts);
  facts.borrowSender().control(opcode, payload);
}

/**
 * Sends a prepared message. Where nothing waits, and the frame leaves as it is, the frame need not pass through a sender: it is counted as
 * transmitted, and returned.
 *
 * @throws {TypeError} when it is no prepared message
 */
export function sendAtOnce(facts: Facts, message: PreparedMessage, now: number | undefined): Uint8Array | undefined {
  checkSendable(facts);
  if (!(message instanceof PreparedMessage)) {
    throw new TypeError(`message: a prepared message, as prepare() returns it, not ${shown(message)}`);
  }
  const { spare, options } = facts;
  // It may call the application, so what waits is asked afterwards.
  const encoded = spare.role === 'server' ? encodedFor(message, spare.transform) : undefined;
  const isWhole = encoded !== undefined && encoded.payload.length <= options.fragmentSize;
  const frame = isWhole && facts.sender?.isClear !== false ? encoded.frame : undefined;
  if (frame === undefined) facts.borrowSender().prepared(message);
  facts.messagesSent++;
  if (frame === undefined) tick(facts, now);
  else leave(facts, frame.length, now);
  return frame?.from(0, Infinity);
}

/** Returns the next bytes to write, at most `max` of them. */
export function transmit(facts: Facts, now: number | undefined, max: number): Uint8Array | undefined {
  const { sender } = facts;
  let bytes = sender?.transmit(max);
  if (bytes === undefined && sender?.broken !== undefined) {
    facts.takeTime(now);
    bytes = breakLoan(facts, sender, max, now !== undefined);
  }
  if (bytes === undefined) {
    giveBack(facts);
    tick(facts, now);
    return undefined;
  }
  leave(facts, bytes.length, now);
  return bytes;
}

/** Writes the next bytes into `into` and returns their number. */
export function transmitInto(facts: Facts, into: Uint8Array, now: number | undefined): number {
  const length = facts.sender?.transmitInto(into) ?? 0;
  if (length === 0) {
    // Nothing waits, or the memory of waiting bytes is gone. The random source may run then, and might write to `into`, so `into` is
    // only written to afterwards.
    const bytes = transmit(facts, now, into.length);
    if (bytes !== undefined) into.set(bytes);
    return bytes?.length ?? 0;
  }
  leave(facts, length, now);
  return length;
}

/** Counts bytes that have been transmitted. With the last that wait, the sender is given back. */
function leave(facts: Facts, length: number, now: number | undefined): void {
  if (facts.queuedBytes === 0) giveBack(facts);
  facts.unreported += length;
  facts.bytesSent += length;
  move(facts, now);
}

/** Gives the sender back if nothing waits, but not one that has sent a Close frame. */
function giveBack(facts: Facts): void {
  const { sender } = facts;
  if (sender !== undefined && facts.closing === undefined && facts.spare.returnSender(sender)) facts.sender = undefined;
}

/**
 * Fails the connection when the memory of waiting bytes was transferred or resized, and returns the next bytes. If part of their frame
 * has been transmitted already, the peer would take all further bytes for its payload, our Close frame included. So the transport is
 * destroyed then.
 */
function breakLoan(facts: Facts, sender: Sender, max: number, isTimed: boolean): Uint8Array | undefined {
  const error = new ProtocolError('loan-changed', facts.bytesReceived);
  const { closing } = facts;
  if (sender.broken === 'cut') {
    // A connection that has ended, or that we failed before, keeps that explanation.
    if (closing?.ended || closing?.error !== undefined) destroy(facts, closing);
    else abandon(facts, error);
    return undefined;
  }
  dropMessages(facts);
  if (closing === undefined) failConnection(facts, error, isTimed);
  return sender.transmit(max);
}

/**
 * Answers a Ping frame, even after our own Close frame: 5.5.1 forbids only "any more data frames" there. The application
 * cannot answer it then, so the connection does that even when `autoPong` is off.
 */
export function answerPing(facts: Facts, payload: Uint8Array): void {
  const { closing, queuedBytes } = facts;
  // Nothing is transmitted any more.
  if (closing?.destroyed) return;
  try {
    facts.borrowSender().pong(payload);
  } finally {
    // If the random source threw, the sender holds the answer.
    if (closing?.sent !== undefined) closing.behindClose += facts.queuedBytes - queuedBytes;
  }
}

/**
 * Takes the time, if the caller gave it, and starts the stall deadline if bytes wait to be written. Every call ends with this or
 * with {@link move}. One that also sets deadlines of its own takes the time beforehand.
 */
export function tick(facts: Facts, now: number | undefined): void {
  if (now === undefined) return;
  facts.takeTime(now);
  if (!facts.stallRuns && isWaiting(facts)) facts.startStall();
}

/**
 * Updates the deadlines when bytes have been transmitted, or reported as written: the stall deadline begins anew, and once our Close frame
 * has been transmitted the close deadline runs.
 */
export function move(facts: Facts, now: number | undefined): void {
  const { closing } = facts;
  facts.takeTime(now);
  if (now !== undefined && isWaiting(facts)) facts.startStall();
  else facts.clearStall();
  // Last, so that for a driver that reports, the stall deadline too covers our Close frame until the next report.
  if (closing?.sent !== undefined && !closing.ended && facts.queuedBytes <= closing.behindClose)
    facts.startClose(closing);
}

/** Whether bytes wait to be written for which the stall deadline runs: while open, and until our Close frame has been transmitted. */
function isWaiting(facts: Facts): boolean {
  const { closing } = facts;
  if (facts.opening !== undefined || closing?.error !== undefined || closing?.ended) return false;
  // From then on the close deadline covers all that waits.
  return !facts.closeRuns && (facts.queuedBytes > 0 || (facts.reports && facts.unreported > 0));
}
