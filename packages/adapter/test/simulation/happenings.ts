// The events that the simulation injects between a connection under test and its peer.
import { pick, type Random } from '@sockless/adapter/testing';
import type { ConnectionPlan } from './plan.ts';
import type { Try } from './try.ts';

/** The events that may happen, with their relative frequencies. */
const HAPPENINGS: readonly (readonly [kind: string, weight: number])[] = [
  ['the peer stops reading', 3],
  ['the peer reads again', 4],
  ['nothing arrives for a while', 2],
  ['what was held arrives', 4],
  ['the cable is cut', 0.3],
  ['little is taken', 2],
  ['much is taken', 2],
  ['a few bytes at a time', 1],
  ['FIN', 0.7],
  ['RST', 0.5],
  ['the peer closes its socket', 0.4],
  ['the peer says goodbye', 0.8],
  ['the peer breaks a rule', 0.4],
  ['the peer hangs', 0.3],
  ['connected', 2],
  ['refused', 0.2],
  ['TLS', 2],
];
const TOTAL = HAPPENINGS.reduce((sum, [, weight]) => sum + weight, 0);

/** Returns a random event. */
export function choose(random: Random): string {
  let at = random() * TOTAL;
  for (const [kind, weight] of HAPPENINGS) {
    at -= weight;
    if (at < 0) return kind;
  }
  return pick(random, HAPPENINGS)[0];
}

/** Tells whether an event can happen to a connection with this plan. */
export function fits(kind: string, plan: ConnectionPlan, it: Try): boolean {
  if (kind === 'connected' || kind === 'refused') return plan.connecting;
  if (kind === 'TLS') return plan.tls;
  return !(kind === 'the peer breaks a rule' && it.peer === undefined);
}
