/** The habits of simulated applications. */
import type { Clock } from '../clock.ts';
import type { Crowd } from './crowd.ts';
import { pick, type Random } from './random.ts';

/** The options of an application. */
export interface ApplicationOptions {
  /** The source of its choices. */
  readonly random: Random;
  /** The clock of its connection. */
  readonly clock: Clock;
  /** Its habits. */
  readonly manner: Manner;
  /** Others that it shares a group with. Default: none. */
  readonly crowd?: Crowd | undefined;
  /** The option `highWaterMark` of its connection. Default: 64 KiB. */
  readonly highWaterMark?: number | undefined;
  /** Receives a line for each action and event, for a trace. */
  readonly note?: ((what: string) => void) | undefined;
}

/** The habits of an application. */
export interface Manner {
  /** Where its messages go: to a handler, to loops, or nowhere because it only sends. */
  readonly reads: 'handler' | 'loop' | 'nothing';
  /** Whether its handlers sometimes throw or return promises that reject. */
  readonly fails: boolean;
  /** Whether it has an `error` handler. */
  readonly hearsErrors: boolean;
  /** Whether it goes on sending when it should wait. */
  readonly impatient: boolean;
  /** Whether it sends in its `open` handler. Messages that a client sent before it was connected come after these. */
  readonly greets: boolean;
  /** Whether it sometimes closes, terminates or pauses the connection. */
  readonly moody: boolean;
  /** The longest message that it sends, in bytes. */
  readonly longest: number;
}

/** An application without faults. */
export const POLITE: Manner = {
  reads: 'handler',
  fails: false,
  hearsErrors: true,
  impatient: false,
  greets: true,
  moody: false,
  longest: 2000,
};

/** Returns random habits. */
export function anyManner(random: Random): Manner {
  return {
    reads: pick(random, ['handler', 'handler', 'loop', 'nothing']),
    fails: random() < 0.2,
    hearsErrors: random() < 0.8,
    impatient: random() < 0.2,
    greets: random() < 0.6,
    moody: random() < 0.3,
    longest: pick(random, [10, 300, 2000, 20_000, 100_000]),
  };
}
