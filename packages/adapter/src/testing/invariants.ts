/** What holds of a connection and its application, whatever they and their peers do. */
import type { Application } from './application.ts';

/** Something that does not hold. */
export interface Fault {
  /** A few words that are the same for all faults of one kind. */
  readonly kind: string;
  /** What does not hold, with its numbers. */
  readonly message: string;
}

/**
 * Whoever was told to wait is told to go on: to be checked when nothing has held anything up for a while.
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
 * A connection that is over has ended once, with a reason, and nothing waits for it: to be checked when all deadlines have passed.
 *
 * @param reconnects whether it is a client that connects again, and has an end for each try
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
    faults.push(fault('error', 'what a handler threw was not told'));
  }
  return faults;
}

/**
 * Messages arrive in order, whole and once.
 *
 * @param sent the keys of what `send` answered true for
 * @param arrived the keys of what arrived at the other end
 */
export function faultsOfOrder(sent: readonly string[], arrived: readonly string[]): Fault[] {
  const at = arrived.findIndex((key, index) => key !== sent[index]);
  if (at < 0) return [];
  return [fault('order', `message ${at} was ${sent[at] ?? 'never sent'}, and arrived as ${arrived[at]}`)];
}

/**
 * What `send` answered true for has arrived, or the end says that not all has left: for a connection that nothing was done
 * to that loses what has left.
 */
export function faultsOfLoss({ ws, sent, ends }: Application, arrived: number): Fault[] {
  const isDone = ws?.state === 'open' && ws.queuedBytes === 0;
  const saysNothing = ends.length > 0 && ends.every(({ explanation }) => explanation.unsentBytes === 0);
  if (arrived < 0 || arrived >= sent.length || !(isDone || saysNothing)) return [];
  return [
    fault('lost', `${arrived} of ${sent.length} messages have arrived, and nothing says that others have not left`),
  ];
}

const fault = (kind: string, message: string): Fault => ({ kind, message });
