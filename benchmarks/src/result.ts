/** The result of a run, to be written to a file and read from it again. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Missing, percentile } from './method.ts';
import type { GrowthRow, Metric, Row } from './suite.ts';

/** The contents of the file that `--json` writes. */
export interface Result {
  /** The version of the Node that was measured. */
  readonly node: string;
  /** The model of the processors, and how many there are. */
  readonly cpu: string;
  /** The beginning of the run, as ISO 8601. */
  readonly date: string;
  /** The commit, with a `+` if files differ from it; empty without Git. */
  readonly revision: string;
  /** Whether it was a quick run. */
  readonly quick: boolean;
  readonly suites: readonly SuiteInfo[];
  readonly rows: readonly Row[];
  readonly missing: readonly Missing[];
  /** How costs grow; empty if that was not measured. */
  readonly growth: readonly GrowthRow[];
}

/** The description of a suite in the report. */
export interface SuiteInfo {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** The peer that is the limit, and no library. */
  readonly limit?: string;
}

/** The summary of one pair of subjects in one suite. */
export interface Summary {
  readonly suite: string;
  readonly subject: string;
  readonly peer: string;
  readonly metric?: Metric;
  readonly cells: number;
  /** The median of the ratios of all cases. */
  readonly median: number;
  readonly worst: Row;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Returns the facts about this machine and this tree. */
export function circumstances(): Pick<Result, 'cpu' | 'date' | 'revision'> {
  const [first] = cpus();
  return {
    cpu: `${first?.model.trim() ?? process.arch} × ${cpus().length}`,
    date: new Date().toISOString(),
    revision: revision(),
  };
}

function revision(): string {
  const git = (...args: string[]): string =>
    spawnSync('git', args, { cwd: ROOT, encoding: 'utf8' }).stdout?.trim() ?? '';
  const head = git('rev-parse', '--short', 'HEAD');
  return head && git('status', '--porcelain') ? `${head}+` : head;
}

/** Reads a file that `--json` has written. */
export function readResult(path: string): Result {
  const result = JSON.parse(readFileSync(path, 'utf8')) as Partial<Result> | null;
  if (!Array.isArray(result?.rows)) throw new SyntaxError(`${path} has no rows: it was not written by --json`);
  const unknown = {
    node: '',
    cpu: '',
    date: '',
    revision: '',
    quick: false,
    suites: [],
    missing: [],
    growth: [],
    rows: [],
  };
  return { ...unknown, ...result };
}

/** Groups rows by suite, subject, peer and metric, in their order. */
export function groups(rows: readonly Row[]): Row[][] {
  const found = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.suite, row.subject, row.peer, row.metric]);
    found.set(key, [...(found.get(key) ?? []), row]);
  }
  return [...found.values()];
}

/** Returns one line for each pair of subjects of each suite, and another for their processor times if they have any. */
export function summaries(rows: readonly Row[]): Summary[] {
  return groups(rows).map((group) => {
    const worst = group.reduce((least, row) => (row.ratio < least.ratio ? row : least));
    const { suite, subject, peer, metric } = worst;
    const median = percentile(
      group.map(({ ratio }) => ratio),
      0.5,
    );
    return { suite, subject, peer, ...(metric && { metric }), cells: group.length, median, worst };
  });
}

/** How metrics are named in tables. */
export const METRIC_NAMES: Readonly<Record<Metric, string>> = {
  processor: 'processor time',
  p99: 'p99',
  'p99.9': 'p99.9',
};

/** Names the comparison: 'echo', or 'echo, processor time'. */
export function formatMetric({ suite, metric }: Pick<Row, 'suite' | 'metric'>): string {
  return metric === undefined ? suite : `${suite}, ${METRIC_NAMES[metric]}`;
}

/** Tells whether a row compares with the limit of its suite. Its ratio is then a share of the limit, and below 1 is no loss. */
export function isShare({ suites }: Pick<Result, 'suites'>, { suite, peer }: Pick<Row, 'suite' | 'peer'>): boolean {
  return suites.some(({ name, limit }) => name === suite && limit === peer);
}

/** Formats a ratio with two or three digits: '12', '3.4', '0.56'. */
export function formatRatio(ratio: number): string {
  return ratio < 1 ? ratio.toFixed(2) : ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0);
}

/** Formats a cost with its unit: '12.3 ns/message', '1.2 µs/message', '840 bytes/connection'. */
export function formatCost(cost: number, unit: string): string {
  const [what = '', per] = unit.split('/');
  const suffix = per === undefined ? '' : `/${per}`;
  if (what !== 'ns') return `${cost.toFixed(Math.abs(cost) < 10 ? 2 : 0)} ${unit}`;
  if (cost < 1e3) return `${cost.toFixed(cost < 100 ? 1 : 0)} ns${suffix}`;
  return cost < 1e6 ? `${(cost / 1e3).toFixed(1)} µs${suffix}` : `${(cost / 1e6).toFixed(1)} ms${suffix}`;
}
