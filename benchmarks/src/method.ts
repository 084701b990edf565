/**
 * The method of comparison. Subjects take turns at every case (A B C, B C A, C A B, …) on the same machine, and each ratio
 * compares costs of the same turn. If something slows the machine down for a while, it slows all subjects.
 */
import type { Case, Measurement, Pace, Row, Runner, Subject, Suite } from './suite.ts';

/** The default: short enough for a network, long enough to load the server. */
const PACE: { readonly quick: Pace; readonly full: Pace } = {
  quick: { turns: 3, warmUps: 0, slice: 60 },
  full: { turns: 7, warmUps: 1, slice: 250 },
};

/** When high is more than this many times low, the ratio is marked: it says who is faster, but hardly by how much. */
export const WIDE = 1.5;

/** A subject that was not measured, and why. */
export interface Missing {
  readonly suite: string;
  readonly subject: string;
  /** One case; `undefined` means the whole suite. */
  readonly case?: string;
  readonly reason: string;
}

/** The results of a suite. */
export interface Outcome {
  readonly rows: readonly Row[];
  readonly missing: readonly Missing[];
}

/** The subjects to compare, and the cases. */
export interface Plan {
  readonly suite: Suite;
  readonly cases: readonly Case[];
  readonly ours: readonly Subject[];
  readonly peers: readonly Subject[];
  readonly pace: Pace;
}

/** Receives the progress of a run. */
export interface Watcher {
  /** Called before each turn of each subject. */
  turn?(plan: Plan, name: string, subject: string, turn: number): void;
  /** Called after each case. */
  row?(plan: Plan, name: string, rows: readonly Row[]): void;
  missing?(missing: Missing): void;
}

/** Returns how thoroughly a suite is measured. */
export function paceOf(suite: Suite, quick: boolean): Pace {
  const pace = (suite.pace ?? PACE)[quick ? 'quick' : 'full'];
  // A measurement without a duration needs no warm-up, since it is nearly the same each time.
  return suite.turns === undefined ? pace : { ...pace, turns: quick ? 1 : suite.turns, warmUps: 0 };
}

/** Measures all cases of a plan. */
export async function compare(plan: Plan, watcher: Watcher = {}): Promise<Outcome> {
  const rows: Row[] = [];
  const missing: Missing[] = [];
  const runners = new Map<string, Runner>();
  const miss = (subject: string, reason: string, name?: string): void => {
    const one = { suite: plan.suite.name, subject, reason, ...(name === undefined ? {} : { case: name }) };
    missing.push(one);
    watcher.missing?.(one);
  };
  try {
    const subjects = [...plan.ours, ...plan.peers];
    const starts = subjects.map(({ missing: reason, start }) => (reason === undefined ? start() : undefined));
    const started = await Promise.allSettled(starts);
    for (const [at, { name, missing: reason }] of subjects.entries()) {
      const runner = started[at];
      if (reason !== undefined) miss(name, reason);
      else if (runner?.status === 'fulfilled' && runner.value !== undefined) runners.set(name, runner.value);
      else if (runner?.status === 'rejected') miss(name, messageOf(runner.reason));
    }
    for (const { name } of plan.cases) {
      const costs = await measureCase(plan, name, runners, watcher, miss);
      const found = rowsOf(plan, name, costs);
      rows.push(...found);
      watcher.row?.(plan, name, found);
    }
  } finally {
    await Promise.all([...runners.values()].map((runner) => runner.stop()));
  }
  return { rows, missing };
}

/** Returns the costs of each subject, turn by turn, without subjects that cannot do this case. */
async function measureCase(
  plan: Plan,
  name: string,
  runners: ReadonlyMap<string, Runner>,
  watcher: Watcher,
  miss: (subject: string, reason: string, name: string) => void,
): Promise<ReadonlyMap<string, readonly Measurement[]>> {
  const { turns, warmUps, slice } = plan.pace;
  const costs = new Map([...runners.keys()].map((subject) => [subject, [] as Measurement[]]));
  for (let turn = -warmUps; turn < turns; turn++) {
    for (const subject of rotated([...costs.keys()], turn + warmUps)) {
      watcher.turn?.(plan, name, subject, turn);
      try {
        const measurement = await (runners.get(subject) as Runner).measure(name, slice);
        if (Number.isNaN(measurement.cost)) costs.delete(subject);
        else if (turn >= 0) costs.get(subject)?.push(measurement);
      } catch (error) {
        costs.delete(subject);
        miss(subject, messageOf(error), name);
      }
    }
  }
  return costs;
}

function rotated(subjects: readonly string[], by: number): string[] {
  const first = subjects.length === 0 ? 0 : by % subjects.length;
  return [...subjects.slice(first), ...subjects.slice(0, first)];
}

/** Returns one row for each of ours and each peer, and a second one where the processor times of both are known. */
function rowsOf(plan: Plan, name: string, costs: ReadonlyMap<string, readonly Measurement[]>): Row[] {
  return plan.ours.flatMap((subject) =>
    plan.peers.flatMap((peer) => {
      const [ours, theirs] = [costs.get(subject.name), costs.get(peer.name)];
      if (ours === undefined || theirs === undefined) return [];
      const names = { suite: plan.suite.name, case: name, subject: subject.name, peer: peer.name };
      const rows: Row[] = [{ ...names, ...compared(ours.map(costOf), theirs.map(costOf)) }];
      const [processor, theirProcessor] = [ours.map(processorOf), theirs.map(processorOf)];
      // Zero means that the clock of the system has not advanced.
      if ([...processor, ...theirProcessor].every((nanoseconds) => nanoseconds > 0)) {
        rows.push({ ...names, metric: 'processor', ...compared(processor, theirProcessor) });
      }
      return rows;
    }),
  );
}

const costOf = ({ cost }: Measurement): number => cost;
const processorOf = ({ processor = 0 }: Measurement): number => processor;

function compared(
  ours: readonly number[],
  theirs: readonly number[],
): Pick<Row, 'ratio' | 'low' | 'high' | 'cost' | 'peerCost'> {
  return { ...ratios(ours, theirs), cost: percentile(ours, 0.5), peerCost: percentile(theirs, 0.5) };
}

/** Returns the ratios of two lists of costs, turn by turn: their median, and the 10th and the 90th percentile. */
export function ratios(ours: readonly number[], theirs: readonly number[]): Pick<Row, 'ratio' | 'low' | 'high'> {
  const all = ours.map((cost, turn) => (theirs[turn] ?? Number.NaN) / cost);
  return { ratio: percentile(all, 0.5), low: percentile(all, 0.1), high: percentile(all, 0.9) };
}

/** Interpolates between the two nearest values. `part` is from 0 to 1: 0.5 gives the median. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = part * (sorted.length - 1);
  const [below = Number.NaN, above = below] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/** Tells whether the ratios of a row differ too much from turn to turn. */
export function isWide({ low, high }: Pick<Row, 'low' | 'high'>): boolean {
  return !(high / low <= WIDE);
}

/** Returns the message of an error. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
