/** What a suite of benchmarks is, whatever it measures. */

/** One thing that is measured: a name for the table, and the parameters that the runners of the suite understand. */
export interface Case {
  readonly name: string;
  /** Left out by `--quick`. */
  readonly slow?: boolean;
}

/** What one case cost one subject in one turn. */
export interface Measurement {
  /**
   * The cost of an operation in the suite's unit (nanoseconds, bytes): less is better. NaN when the subject cannot do
   * this case.
   */
  readonly cost: number;
  /** The processor time of an operation in the subject's process, in nanoseconds: its own and the system's for it. */
  readonly processor?: number;
}

/** One measuring instrument for one subject, warmed up and kept for the whole suite. */
export interface Runner {
  /** Measures one case for about the given number of milliseconds. */
  measure(name: string, milliseconds: number): Promise<Measurement>;
  stop(): Promise<void>;
}

/** Somebody who is measured. */
export interface Subject {
  readonly name: string;
  /** Why it cannot be measured on this machine, if it cannot: a peer that is not installed, for instance. */
  readonly missing?: string | undefined;
  start(): Promise<Runner>;
  /** Ours: the same of another revision, built in the folder `root`, for `--against`. */
  startAt?(root: string): Promise<Runner>;
  /** Ours: a variant of the first, which `--against` compares with the other revision of the first as well. */
  readonly variant?: boolean;
}

/** How much is measured. */
export interface Pace {
  /** How often each subject is measured at each case. */
  readonly turns: number;
  /** How many turns before are not counted. */
  readonly warmUps: number;
  /** For how long at a time, in milliseconds. */
  readonly slice: number;
}

/** A set of cases that all subjects do. */
export interface Suite {
  readonly name: string;
  /** One sentence: what is measured, and at which surface. */
  readonly title: string;
  /** What an operation costs: 'ns/message', 'bytes/connection'. */
  readonly unit: string;
  /** How often each case is measured, if that is not the framework's to say: where a measurement has no duration. */
  readonly turns?: number;
  readonly cases: readonly Case[];
  /** Default: short slices, which is enough where there is no network (method.ts). */
  readonly pace?: { readonly quick: Pace; readonly full: Pace };
  /** Ours, under the name 'sockless' (or 'sockless, …'); the first and its variants are what `--against` compares. */
  readonly ours: readonly Subject[];
  readonly peers: readonly Subject[];
}

/** One pair of subjects at one case: how many times faster (or smaller) ours is. */
export interface Row {
  readonly suite: string;
  readonly case: string;
  readonly subject: string;
  readonly peer: string;
  /** Present where the processor times of the two are compared, and not their costs in the suite's unit. */
  readonly metric?: 'processor';
  /** The median of the ratios, pair by pair: cost of the peer over cost of the subject. */
  readonly ratio: number;
  /** The 10th percentile of the same ratios. */
  readonly low: number;
  /** The 90th percentile of the same ratios. */
  readonly high: number;
  /** The median cost of an operation of the subject, in the suite's unit; of processor time, in nanoseconds. */
  readonly cost: number;
  /** The same of the peer. */
  readonly peerCost: number;
}

/** How the cost of something grows with its size: cost(n) is about n to the power of the exponent. */
export interface GrowthRow {
  /** What grows: 'decode, bytes of a message'. */
  readonly what: string;
  readonly subject: string;
  /** 1 is linear. Of the larger half of the points, where what every call costs matters no more. */
  readonly exponent: number;
  /** Sizes and what they cost, in nanoseconds. */
  readonly points: readonly (readonly [size: number, cost: number])[];
}
