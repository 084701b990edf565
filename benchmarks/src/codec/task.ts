/** What a codec suite measures: a piece of work without a network, repeated in one process per contestant. */
import { fileURLToPath } from 'node:url';
import type { Case, Pace, Subject, Suite } from '../suite.ts';
import { inChild } from './in-child.ts';

/** One case as one contestant does it: rounds of the same work. */
export interface Task {
  /** How many operations a round has: messages, most often. */
  readonly operations: number;
  /** For how many rounds {@link prepare} has room. */
  readonly most: number;
  /** Makes the input of the next `rounds` rounds; not measured. */
  prepare?(rounds: number): void | Promise<void>;
  /** The measured part: does `rounds` rounds and gives how many operations were seen to be done. */
  run(rounds: number): number | Promise<number>;
}

/** Gives the task for a case, or `undefined` when the contestant cannot do it. */
export type TaskMaker = (name: string) => Task | undefined | Promise<Task | undefined>;

/** Somebody who is measured in a process of its own. */
export interface Contestant {
  readonly name: string;
  /** What differs from the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Why it cannot be measured on this machine, if it cannot. */
  readonly missing?: string | undefined;
  /** As a subject has it. */
  readonly variant?: boolean;
  /** Loads it, in the process that measures it. */
  load(): Promise<TaskMaker>;
}

/** What {@link codecSuite} makes a suite of. */
export interface CodecSuite {
  /** `import.meta.url` of the module that exports the {@link Contestant}s as `contestants`. */
  readonly url: string;
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly cases: readonly Case[];
  readonly contestants: readonly Contestant[];
}

/** Without a network a few milliseconds tell much. */
const PACE: { quick: Pace; full: Pace } = {
  quick: { turns: 4, warmUps: 0, slice: 4 },
  full: { turns: 9, warmUps: 1, slice: 25 },
};

/** Gives a suite whose subjects are contestants; those whose names begin with `sockless` are ours. */
export function codecSuite({ url, contestants, ...suite }: CodecSuite): Suite {
  const subjects = contestants.map((contestant): Subject & { ours: boolean } => {
    const start = (env: Readonly<Record<string, string>>) =>
      inChild(suite.name, fileURLToPath(url), contestant.name, { ...contestant.env, ...env });
    return {
      name: contestant.name,
      missing: contestant.missing,
      variant: contestant.variant ?? false,
      ours: contestant.name.startsWith('sockless'),
      start: () => start({}),
      startAt: (root) => start({ SOCKLESS_ROOT: root }),
    };
  });
  return {
    ...suite,
    pace: PACE,
    ours: subjects.filter(({ ours }) => ours),
    peers: subjects.filter(({ ours }) => !ours),
  };
}
