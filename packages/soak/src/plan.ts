/** The plan of a connection, drawn from a seed: how each side behaves, and what ends it. */
import { type Random, seeded } from '../../adapter/src/testing/random.ts';

export type { Random };

/** What ends a connection: an action of the network or of one of the sides. */
export const FATES = [
  'the client closes',
  'the server closes',
  'both close',
  'the client terminates',
  'the server terminates',
  "the client's socket is cut",
  "the server's socket is cut",
  "the client's handler throws",
  "the server's handler throws",
  "the client's handler rejects",
  "the server's handler rejects",
  'the client stops reading',
  'the server stops reading',
  'the network resets both',
  'the network resets the client',
  'the network resets the server',
  'the network ends',
  'the network drops all',
  'the network stands still',
  'the network resets the handshake',
] as const;

export type Fate = (typeof FATES)[number];

/** The share of connections that are closed normally, in addition; only these must lose nothing. */
const CLOSED = 0.5;

/** The share of fates that do not wait for the connection to be open. */
const EARLY = 0.05;

/** How one side behaves. */
export interface Habits {
  /** Whether it takes messages in a loop, not in a handler. */
  readonly iterates: boolean;
  /** Whether it takes some milliseconds for each message of a loop, and pauses now and then. */
  readonly slow: boolean;
  /** Whether it waits for `drained` before it sends more. */
  readonly patient: boolean;
}

/** A connection, from beginning to end. */
export interface Plan {
  readonly id: number;
  readonly fate: Fate;
  /** When the fate comes, in milliseconds: for the network after the request, for a side after it has opened. */
  readonly after: number;
  /** Whether the fate counts from the beginning, perhaps before the connection is open. */
  readonly early: boolean;
  readonly compression: boolean;
  readonly client: Habits;
  readonly server: Habits;
}

/** Returns a whole number from 0 to below `end`. */
export const below = (random: Random, end: number): number => Math.floor(random() * end);

/** Returns a random source for one part of a run, independent of the other parts. */
export const randomOf = (seed: number, id: number, part: number): Random =>
  seeded(Math.imul(seed, 0x9e3779b1) ^ Math.imul(id, 0x85ebca6b) ^ Math.imul(part, 0xc2b2ae35));

/** The longest life of a connection, in milliseconds. */
const LONGEST = 5000;

/** How many connections come before all others: one of each fate. */
export const REHEARSAL: number = FATES.length;

/** Returns the plan of a connection. */
export function planOf(seed: number, id: number): Plan {
  const random = randomOf(seed, id, 0);
  const drawn = FATES[below(random, random() < CLOSED ? 3 : FATES.length)] as Fate;
  const habits = (): Habits => ({ iterates: random() < 0.3, slow: random() < 0.2, patient: random() < 0.9 });
  return {
    id,
    fate: FATES[id] ?? drawn,
    after: id < REHEARSAL ? 1000 : below(random, LONGEST),
    early: random() < EARLY,
    // Half of all connections, whatever is drawn.
    compression: id % 2 === 0,
    client: habits(),
    server: habits(),
  };
}
