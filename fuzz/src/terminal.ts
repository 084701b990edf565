/** The output of a run: on a terminal a line that is rewritten, elsewhere a line now and then. */
import type { Outcome, Progress } from './session.ts';

const ERASE = '\r\u001b[2K';
const SELDOM = 10_000; // milliseconds

/** Prints lines to `out`, and progress between them. */
export class Terminal {
  readonly #out: NodeJS.WriteStream;
  #last = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  /** Prints a line that stays. */
  line(text: string): void {
    this.#out.write(this.#out.isTTY ? `${ERASE}${text}\n` : `${text}\n`);
    this.#last = Date.now();
  }

  /** Shows progress until the next output. */
  progress(text: string): void {
    if (this.#out.isTTY) this.#out.write(ERASE + text.slice(0, this.#out.columns));
    else if (Date.now() - this.#last >= SELDOM) this.line(text);
  }
}

/** Formats the progress of a target. */
export function formatProgress(name: string, progress: Progress, findings: number): string {
  const { seconds, executions, branches, of, corpus } = progress;
  return `${name}: ${seconds.toFixed(0)} s, ${executions} executions (${rate(progress)}/s), ${branches} of ${of} branches, corpus ${corpus}, findings ${findings}`;
}

/** Formats the results of all targets. */
export function formatTable(outcomes: readonly (readonly [name: string, Outcome])[]): string[] {
  const head = ['target', 'seconds', 'executions', 'per second', 'branches', 'corpus', 'findings'];
  const rows = outcomes.map(([name, outcome]) => [
    ...[name, outcome.seconds.toFixed(1), String(outcome.executions), String(rate(outcome))],
    ...[`${outcome.branches}/${outcome.of}`, String(outcome.corpus), String(outcome.findings.length)],
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
  );
}

const rate = ({ executions, seconds }: Progress): number => Math.round(executions / Math.max(seconds, 0.001));

/** Handles Ctrl-C: the first one finishes the run, the second ends the process at once. */
export function stopOnSignal(terminal: Terminal): AbortSignal {
  const stop = new AbortController();
  process.on('SIGINT', () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
    terminal.line('stopping');
  });
  return stop.signal;
}
