/** The output of a run: a table row for each case and, on a terminal, the current progress. */
import { isWide, type Missing, type Plan, type Watcher, WIDE } from './method.ts';
import { formatCost, formatMetric, formatRatio, isShare, METRIC_NAMES, type Result, summaries } from './result.ts';
import type { Metric, Row } from './suite.ts';

const CELL = 22;
const COST = 21;
/** The heads of the lines below that of a case. */
const METRICS = Object.entries(METRIC_NAMES).map(([metric, name]) => [metric as Metric, `  ${name}`] as const);
const OF_PEERS = ' of the peers';
const ERASE = '\r\u001b[2K';

/** Prints tables to `out`, and progress to `progress` if that is a terminal. */
export class Terminal implements Watcher {
  readonly #out: NodeJS.WritableStream;
  readonly #progress: NodeJS.WriteStream | undefined;

  constructor(out: NodeJS.WritableStream, progress: NodeJS.WriteStream) {
    this.#out = out;
    this.#progress = progress.isTTY ? progress : undefined;
  }

  /** Prints a line. */
  line(text: string): void {
    this.#progress?.write(ERASE);
    this.#out.write(`${text}\n`);
  }

  /** Shows progress until the next output. */
  progress(text: string): void {
    this.#progress?.write(ERASE + text);
  }

  /** Prints the head of the table of a suite. */
  begin(plan: Plan): void {
    this.line(`\n${plan.suite.name}: ${plan.suite.title}`);
    const peers = plan.peers.map(({ name }) => cell(`: ${name}`)).join('');
    this.line(`${'case'.padEnd(width(plan))} ${'cost of ours'.padStart(COST)}  ${peers}`.trimEnd());
  }

  turn({ suite, cases, pace }: Plan, name: string, subject: string, turn: number): void {
    const at = 1 + cases.findIndex((each) => each.name === name);
    const which = turn < 0 ? 'warming up' : `turn ${turn + 1} of ${pace.turns}`;
    this.progress(`${suite.name} ${at}/${cases.length}: ${name}: ${which}: ${subject}`);
  }

  row(plan: Plan, name: string, rows: readonly Row[]): void {
    const unit = plan.suite.unit;
    for (const { name: subject, variant } of plan.ours) {
      const own = rows.filter((row) => row.subject === subject);
      // This build does not know the variant.
      if (variant && own.length === 0) continue;
      const times = own.filter(({ metric }) => metric === undefined);
      this.#cells(plan, label(plan, name, subject), times, formatRow, times[0] && formatCost(times[0].cost, unit));
      for (const [metric, head] of METRICS) {
        const more = own.filter((row) => row.metric === metric);
        if (more[0]) this.#cells(plan, head, more, formatRow, formatCost(more[0].cost, unit));
      }
    }
    for (const [metric, head] of METRICS) {
      const more = rows.filter((row) => row.metric === metric);
      if (more.length > 0) this.#cells(plan, head + OF_PEERS, more, ({ peerCost }) => formatCost(peerCost, unit));
    }
  }

  /** Prints a line with a cell for each peer. */
  #cells(plan: Plan, head: string, rows: readonly Row[], format: (row: Row) => string, cost = ''): void {
    const cells = plan.peers.map((peer) => {
      const row = rows.find((each) => each.peer === peer.name);
      return cell(row === undefined ? '–' : format(row));
    });
    this.line(`${head.padEnd(width(plan))} ${cost.padStart(COST)}  ${cells.join('')}`.trimEnd());
  }

  missing({ subject, case: name, reason }: Missing): void {
    this.line(`not measured: ${subject}${name === undefined ? '' : `, ${name}`}: ${reason}`);
  }

  /** Prints the summary of a run: one line for each pair of each suite. */
  summary({ rows, missing, suites }: Pick<Result, 'rows' | 'missing' | 'suites'>): void {
    const lines = summaries(rows);
    if (lines.length > 0) this.line('\nratio = cost of the peer / cost of ours; above 1 ours is faster (or smaller)');
    const pairs = lines.map(({ subject, peer, worst }) => {
      const share = isShare({ suites }, worst) ? ' (the limit: 1 is reached)' : '';
      return `${formatMetric(worst)}: ${subject} : ${peer}${share}`;
    });
    const longest = Math.max(...pairs.map(({ length }) => length));
    for (const [at, { cells, median, worst }] of lines.entries()) {
      const pair = (pairs[at] as string).padEnd(longest);
      const rest = cells === 1 ? '' : `   worst of ${cells}: ${formatRow(worst)}  ${worst.case}`;
      this.line(`${pair} median ${formatRatio(median).padStart(5)} ×${rest}`);
    }
    const wide = rows.filter(isWide).length;
    if (wide > 0) {
      this.line(`~ marks ${wide} of ${rows.length} ratios: from turn to turn they differ by more than ${WIDE} times`);
    }
    for (const { suite, subject, case: name, reason } of missing) {
      const [first] = reason.split('\n');
      this.line(`not measured: ${suite}: ${subject}${name === undefined ? '' : `, ${name}`}: ${first}`);
    }
  }
}

/** Formats a row: '3.4 × (3.1–3.6)', with ~ when it is wide. */
export function formatRow(row: Row): string {
  return `${formatRatio(row.ratio)} × (${formatRatio(row.low)}–${formatRatio(row.high)})${isWide(row) ? '~' : ''}`;
}

const cell = (text: string): string => text.padEnd(CELL);

/** The name of the case, followed by the subject if ours has several. */
const label = ({ ours }: Plan, name: string, subject: string): string =>
  ours.length > 1 ? `${name}: ${subject}` : name;

const width = (plan: Plan): number =>
  Math.max(
    ...METRICS.map(([, head]) => head.length + OF_PEERS.length),
    ...plan.cases.flatMap(({ name }) => plan.ours.map((ours) => label(plan, name, ours.name).length)),
  );
