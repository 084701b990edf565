/** The rules that hold for a connection and its application, whatever they and their peers do. */
import type { Application } from './application.ts';

/** A rule that did not hold. */
export interface Fault {
  /** A few words, the same for all faults of one kind. */
  readonly kind: string;
  /** A description with numbers. */
  readonly message: string;
}

/**
 * Checks that an application that was told to wait has been told to go on. Call it when nothing has obstructed the connection
 * for a while.
 *
 * @param highWaterMark the option of the connection
 */
export function faultsOfWaiting({ ws, waiting }: Application, highWaterMark = 65_536): Fault[] {
  if (ws?.state !== 'open') return [];
  const { queuedBytes } = ws;
  return [...waiting]
    .filter((what) => queuedBytes <= (what === 'written' ? 0 : highWaterMark))
    .map((what) => fault(`never told: ${what}`, `${queuedBytes} bytes are queued, and ${what} never came`));
}

/**
 * Checks that a connection has ended once, with a reason, and that nothing waits for it. Call it when all deadlines have passed.
 *
 * @param reconnects whether it is a reconnecting client, which has an end for each attempt
 */
export function faultsOfEnd(app: Application, reconnects = false): Fault[] {
  const { ws, ends, waiting, thrown, errors, opened, manner } = app;
  if (ws === undefined) return [];
  const faults: Fault[] = [];
  if (reconnects ? ends.length < opened : ends.length !== 1) faults.push(fault('ends', `${ends.length} ends`));
  if (ends.some(({ explanation }) => explanation.summary === '')) faults.push(fault('ends', 'an end without a reason'));
  if (ws.state !== 'closed') faults.push(fault('state', `the state is ${ws.state}`));
  if (ws.queuedBytes !== 0) faults.push(fault('queued after the end', `${ws.queuedBytes} bytes`));
  for (const what of waiting) faults.push(fault(`never told: ${what}`, `it has ended, and ${what} never came`));
  if (manner.hearsErrors && thrown.some((error) => !errors.includes(error))) {
    faults.push(fault('error', 'an error of a handler was not reported'));
  }
  return faults;
}

/**
 * Checks that messages arrived once, whole and in order.
 *
 * @param sent the keys of the messages for which `send` returned true
 * @param arrived the keys of the messages that arrived at the other end
 */
export function faultsOfOrder(sent: readonly string[], arrived: readonly string[]): Fault[] {
  const at = arrived.findIndex((key, index) => key !== sent[index]);
  if (at < 0) return [];
  return [fault('order', `message ${at} was ${sent[at] ?? 'never sent'}, and arrived as ${arrived[at]}`)];
}

/**
 * Checks that every message for which `send` returned true has arrived, or that the end counts unsent bytes. It holds for connections whose
 * transport loses no bytes.
 */
export function faultsOfLoss({ ws, sent, ends }: Application, arrived: number): Fault[] {
  const isDone = ws?.state === 'open' && ws.queuedBytes === 0;
  const saysNothing = ends.length > 0 && ends.every(({ explanation }) => explanation.unsentBytes === 0);
  if (arrived < 0 || arrived >= sent.length || !(isDone || saysNothing)) return [];
  return [fault('lost', `${arrived} of ${sent.length} messages have arrived, and no end counts the others as unsent`)];
}

const fault = (kind: string, message: string): Fault => ({ kind, message });
