/** The unit of measurement of a codec suite: work without a network, repeated in one process for each contestant. */
import { fileURLToPath } from 'node:url';
import type { Own } from '../own/own.ts';
import type { Case, Pace, Subject, Suite } from '../suite.ts';
import { inChild } from './in-child.ts';

/** One case of one contestant: rounds of the same work. */
export interface Task {
  /** The number of operations in a round; most often these are messages. */
  readonly operations: number;
  /** The most rounds that {@link prepare} has room for. */
  readonly most: number;
  /** Makes the input of the next `rounds` rounds. This is not measured. */
  prepare?(rounds: number): void | Promise<void>;
  /** The measured part: does `rounds` rounds and returns the number of operations that it observed. */
  run(rounds: number): number | Promise<number>;
}

/** Returns the task for a case, or `undefined` when the contestant cannot do it. */
export type TaskMaker = (name: string) => Task | undefined | Promise<Task | undefined>;

/** A subject that is measured in its own process. */
export interface Contestant {
  readonly name: string;
  /** Changes to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Why it cannot be measured on this machine. */
  readonly missing?: string | undefined;
  /** As in {@link Subject}. */
  readonly variant?: boolean;
  /** Loads the library, in the process that measures it. */
  load(): Promise<TaskMaker>;
}

/** The parts of which {@link codecSuite} makes a suite. */
export interface CodecSuite {
  /** `import.meta.url` of the module that exports the {@link Contestant}s as `contestants`. */
  readonly url: string;
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly cases: readonly Case[];
  readonly contestants: readonly Contestant[];
  /** As in {@link Suite}. */
  readonly limit?: string;
  /** The export of a contestant's file that takes part, for which the module exports {@link OwnTasks} as `ownTasks`. */
  readonly part?: 'decoder' | 'encoder';
}

/** Returns the tasks of a contestant's file. */
export type OwnTasks = (own: Own) => TaskMaker;

/** Without a network a few milliseconds per turn are enough. */
const PACE: { quick: Pace; full: Pace } = {
  quick: { turns: 4, warmUp: 50, slice: 5 },
  full: { turns: 9, warmUp: 50, slice: 25 },
};

/** Returns a suite whose subjects are contestants. Those whose names begin with `sockless` are ours. */
export function codecSuite({ url, contestants, part, ...suite }: CodecSuite): Suite {
  const file = fileURLToPath(url);
  const subjects = contestants.map((contestant): Subject & { ours: boolean } => {
    const start = (env: Readonly<Record<string, string>>) =>
      inChild(suite.name, file, contestant.name, { ...contestant.env, ...env });
    return {
      name: contestant.name,
      get missing() {
        return contestant.missing;
      },
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
    ...(part && {
      contestant: {
        part,
        subject: ({ name, path }) => ({ name, start: () => inChild(suite.name, file, name, {}, path) }),
      },
    }),
  };
}
