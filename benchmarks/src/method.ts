/**
 * The method of comparison. Subjects take turns at every case (A B C, B C A, C A B, …) on the same machine, and each ratio
 * compares costs of the same turn. If something slows the machine down for a while, it slows all subjects. Before the
 * first turn each subject warms up at this case.
 */
import type { Case, Measurement, Metric, Pace, Row, Runner, Subject, Suite } from './suite.ts';

/** The default: short enough for a network, long enough to load the server. */
const PACE: { readonly quick: Pace; readonly full: Pace } = {
  quick: { turns: 3, warmUp: 240, slice: 60 },
  full: { turns: 7, warmUp: 250, slice: 250 },
};

/** A warm-up is extended, up to this many times, while the subject still becomes faster. */
const MOST_WARM_UPS = 4;
/** A subject still becomes faster if one measurement costs less than this part of the one before. */
const STEADY = 0.9;

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
  /** The pace at which a case is measured again where one of ours lost, so that a quick run shows no loss of its own. */
  readonly thorough?: Pace;
}

/** Receives the progress of a run. */
export interface Watcher {
  /** Called before each turn of each subject, and with a negative number before each warm-up. */
  turn?(plan: Plan, name: string, subject: string, turn: number): void;
  /** Called after each case. */
  row?(plan: Plan, name: string, rows: readonly Row[]): void;
  missing?(missing: Missing): void;
}

/** Returns how thoroughly a suite is measured. */
export function paceOf(suite: Suite, quick: boolean): Pace {
  const pace = (suite.pace ?? PACE)[quick ? 'quick' : 'full'];
  // A measurement without a duration needs no warm-up, since it is nearly the same each time.
  return suite.turns === undefined ? pace : { ...pace, turns: quick ? 1 : suite.turns, warmUp: 0 };
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
      const measure = async (pace: Pace, subjects: readonly string[]): Promise<Row[]> =>
        rowsOf(plan, name, await measureCase({ ...plan, pace }, name, pick(runners, subjects), watcher, miss));
      let found = await measure(plan.pace, [...runners.keys()]);
      const lost = found.filter(({ ratio, peer }) => ratio < 1 && peer !== plan.suite.limit);
      if (plan.thorough !== undefined && lost.length > 0) {
        const again = await measure(
          plan.thorough,
          lost.flatMap(({ subject, peer }) => [subject, peer]),
        );
        found = found.map((row) => again.find((each) => isSamePair(row, each)) ?? row);
      }
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
  const { turns, warmUp, slice } = plan.pace;
  const costs = new Map([...runners.keys()].map((subject) => [subject, [] as Measurement[]]));
  for (let turn = -1; turn < turns; turn++) {
    for (const subject of rotated([...costs.keys()], turn + 1)) {
      watcher.turn?.(plan, name, subject, turn);
      const measure = (): Promise<Measurement> => (runners.get(subject) as Runner).measure(name, slice);
      try {
        const measurement = turn < 0 ? await warmedUp(measure, warmUp / slice) : await measure();
        if (Number.isNaN(measurement?.cost)) costs.delete(subject);
        else if (turn >= 0 && measurement !== undefined) costs.get(subject)?.push(measurement);
      } catch (error) {
        costs.delete(subject);
        miss(subject, messageOf(error), name);
      }
    }
  }
  return costs;
}

/**
 * Measures repeatedly without counting: at least `times`, and then as long as each measurement is clearly faster than
 * the one before, but not for ever. Returns the last one; none if `times` is 0.
 */
async function warmedUp(measure: () => Promise<Measurement>, times: number): Promise<Measurement | undefined> {
  let last: Measurement | undefined;
  for (let done = 0; done < times * MOST_WARM_UPS; done++) {
    const next = await measure();
    const isSteady = last !== undefined && next.cost >= STEADY * last.cost;
    last = next;
    if (Number.isNaN(next.cost) || (done + 1 >= times && isSteady)) break;
  }
  return last;
}

function pick(runners: ReadonlyMap<string, Runner>, names: readonly string[]): Map<string, Runner> {
  return new Map([...runners].filter(([name]) => names.includes(name)));
}

function isSamePair(a: Row, b: Row): boolean {
  return a.subject === b.subject && a.peer === b.peer && a.metric === b.metric;
}

function rotated(subjects: readonly string[], by: number): string[] {
  const first = subjects.length === 0 ? 0 : by % subjects.length;
  return [...subjects.slice(first), ...subjects.slice(0, first)];
}

/** Returns one row for each of ours and each peer, and one for each metric that both have. */
function rowsOf(plan: Plan, name: string, costs: ReadonlyMap<string, readonly Measurement[]>): Row[] {
  return plan.ours.flatMap((subject) =>
    plan.peers.flatMap((peer) => {
      const [ours, theirs] = [costs.get(subject.name), costs.get(peer.name)];
      if (ours === undefined || theirs === undefined) return [];
      const names = { suite: plan.suite.name, case: name, subject: subject.name, peer: peer.name };
      const metrics = METRICS.flatMap((metric) => {
        const [some, others] = [ours, theirs].map((all) => all.map((one) => one[metric] ?? 0)) as [number[], number[]];
        // Zero means that it is unknown, or that the clock of the system has not advanced.
        return [...some, ...others].every((value) => value > 0)
          ? [{ ...names, metric, ...compared(some, others) } as const]
          : [];
      });
      return [{ ...names, ...compared(ours.map(costOf), theirs.map(costOf)) }, ...metrics];
    }),
  );
}

const METRICS: readonly Metric[] = ['p99', 'p99.9', 'processor'];
const costOf = ({ cost }: Measurement): number => cost;

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
