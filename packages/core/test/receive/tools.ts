// Receivers to test, and what they make of bytes.
import type { ConnectionOptions } from '../../src/connection/options.ts';
import { type ResolvedOptions, resolveOptions } from '../../src/connection/resolved-options.ts';
import { Receiver } from '../../src/receive/receiver.ts';
import { hex, protocolError, type Summary, summarize } from '../support.ts';

/** Returns the receiver of a client, whose first frame begins at `offset` in the stream. */
export function client(options: ConnectionOptions | ResolvedOptions = {}, offset = 0): Receiver {
  const to = new Receiver(resolveOptions(options), false);
  to.begin(offset);
  return to;
}

/** Returns the receiver of a server. */
export function server(options: ConnectionOptions = {}): Receiver {
  return new Receiver(resolveOptions(options), true);
}

/** Gives the receiver bytes and returns all events. */
export function receive(to: Receiver, digits: string): Summary[] {
  to.receive(hex(digits));
  return drain(to);
}

/** Returns all events. */
export function drain(from: Receiver): Summary[] {
  const events: Summary[] = [];
  for (let event = from.next(0); event !== undefined; event = from.next(0)) events.push(summarize(event));
  return events;
}

/** Returns the rule that the bytes break, and the offset of the fault. */
export function fault(of: Receiver, digits: string): [rule: string, offset: number] {
  const error = protocolError(() => receive(of, digits));
  return [error.rule, of.faultOffset];
}
