/** What becomes of a connection, drawn from a seed: how each side behaves, and what ends it. */
import { type Random, seeded } from '../../adapter/src/testing/random.ts';

export type { Random };

/** What ends a connection: something that the network does, or one of the two sides. */
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

/** How often a connection is closed in good order, whatever else there is: only then nothing may be lost. */
const CLOSED = 0.5;

/** How often a fate does not wait for the connection to be open. */
const EARLY = 0.05;

/** How one side behaves. */
export interface Habits {
  /** Takes messages in a loop, not in a handler. */
  readonly iterates: boolean;
  /** Takes some milliseconds for each message of a loop, and pauses now and then. */
  readonly slow: boolean;
  /** Waits for `drained` before it says more. */
  readonly patient: boolean;
}

/** A connection, from the beginning to the end. */
export interface Plan {
  readonly id: number;
  readonly fate: Fate;
  /** When the fate comes, in milliseconds: for the network from the request on, for a side from when it is open. */
  readonly after: number;
  /** The fate comes from the beginning on, perhaps before the connection is open. */
  readonly early: boolean;
  readonly compression: boolean;
  readonly client: Habits;
  readonly server: Habits;
}

/** Returns a whole number from 0 to below `end`. */
export const below = (random: Random, end: number): number => Math.floor(random() * end);

/** Returns what one part of a run draws its numbers from: whatever the others do, they are the same. */
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
    // Half of them, whatever is drawn.
    compression: id % 2 === 0,
    client: habits(),
    server: habits(),
  };
}
