/** The parts of a suite of benchmarks. */
import type { Part } from './own/own.ts';

/** One case: a name for the table, which the runners of the suite understand. */
export interface Case {
  readonly name: string;
  /** Left out by `--quick`. */
  readonly slow?: boolean;
}

/** The cost of one case for one subject in one turn. */
export interface Measurement {
  /**
   * The cost of an operation in the suite's unit (nanoseconds, bytes): less is better. NaN when the subject cannot do
   * this case.
   */
  readonly cost: number;
  /** The processor time of an operation in nanoseconds: that of the subject's process, and the system's on its behalf. */
  readonly processor?: number;
  /** The time, in nanoseconds, that 99 % of the operations did not exceed. The cost is then their median. */
  readonly p99?: number;
  /** The same for 99.9 %. */
  readonly 'p99.9'?: number;
}

/** What is compared besides the costs, in rows of its own. */
export type Metric = 'processor' | 'p99' | 'p99.9';

/** Measures one subject; kept for the whole suite. */
export interface Runner {
  /** Measures one case for about the given number of milliseconds. */
  measure(name: string, milliseconds: number): Promise<Measurement>;
  stop(): Promise<void>;
}

/** A program or library that is measured. */
export interface Subject {
  readonly name: string;
  /** Why it cannot be measured on this machine, for instance because it is not installed. */
  readonly missing?: string | undefined;
  start(): Promise<Runner>;
  /** Whether it came with `--contestant`. */
  readonly isContestant?: boolean;
  /** Ours only: starts another revision, built in the folder `root`, for `--against`. */
  startAt?(root: string): Promise<Runner>;
  /** Ours only: a variant of the first subject, which `--against` also compares with the other revision. */
  readonly variant?: boolean;
}

/** How thoroughly a suite is measured. */
export interface Pace {
  /** How often each subject is measured at each case. */
  readonly turns: number;
  /** For how long, in milliseconds, each subject does each case before its first turn. See `warmUp` in method.ts. */
  readonly warmUp: number;
  /** How long each measurement takes, in milliseconds. */
  readonly slice: number;
}

/** Cases that all subjects do. */
export interface Suite {
  readonly name: string;
  /** One sentence: what is measured, and through which interface. */
  readonly title: string;
  /** The unit of a cost: 'ns/message', 'bytes/connection'. */
  readonly unit: string;
  /** How often each case is measured, for measurements without a duration; otherwise {@link pace} decides. */
  readonly turns?: number;
  readonly cases: readonly Case[];
  /** Default: short slices, enough for suites without a network (method.ts). */
  readonly pace?: { readonly quick: Pace; readonly full: Pace };
  /** Ours, named 'sockless' or 'sockless, …'. `--against` compares the first and its variants. */
  readonly ours: readonly Subject[];
  readonly peers: readonly Subject[];
  /** The peer that is no library but the most that any library can reach. The ratio to it is a share: 1 is the limit. */
  readonly limit?: string;
  /** How a contestant of one's own takes part, and what its file must offer. */
  readonly contestant?: {
    readonly part: Part;
    subject(file: { readonly name: string; readonly path: string }): Subject;
  };
}

/** One pair of subjects at one case: how many times faster (or smaller) ours is. */
export interface Row {
  readonly suite: string;
  readonly case: string;
  readonly subject: string;
  readonly peer: string;
  /** Present when something else is compared than the costs in the suite's unit. */
  readonly metric?: Metric;
  /** The median of the ratios: cost of the peer divided by cost of the subject. */
  readonly ratio: number;
  /** The 10th percentile of the same ratios. */
  readonly low: number;
  /** The 90th percentile of the same ratios. */
  readonly high: number;
  /** The median cost of an operation of the subject, in the suite's unit; with a metric in nanoseconds. */
  readonly cost: number;
  /** The same of the peer. */
  readonly peerCost: number;
}

/** How the cost of something grows with its size: cost(n) is about n to the power of the exponent. */
export interface GrowthRow {
  /** What grows: 'decode, bytes of a message'. */
  readonly what: string;
  readonly subject: string;
  /** 1 is linear. It is fitted to the larger half of the points, where the fixed cost of a call no longer matters. */
  readonly exponent: number;
  /** Sizes and what they cost, in nanoseconds. */
  readonly points: readonly (readonly [size: number, cost: number])[];
}
