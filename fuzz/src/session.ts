/** Runs one target for some time, in a separate process that may hang or die. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTarget, ROOT, type TargetFile } from './files.ts';
import { type Finding, transcribe } from './finding.ts';

/** The task of a process. */
export interface Task {
  readonly target: TargetFile;
  /** In milliseconds. */
  readonly time: number;
  /** The most executions. */
  readonly runs: number;
  readonly seed: number;
  /**
   * An input that takes longer, in seconds, is taken never to end. Seconds count only while the session runs too, so a machine
   * that was asleep or a job that was stopped does not look like an input that hangs.
   */
  readonly timeout: number;
  /** The longest input, in bytes. */
  readonly maxLength: number;
  /** Whether to return the corpus, minimised. */
  readonly keep: boolean;
  /** The file for the input that is being executed. */
  readonly current: string;
}

/** The progress of a session. */
export interface Progress {
  readonly executions: number;
  readonly seconds: number;
  /** The number of branches taken, and of branches in all. */
  readonly branches: number;
  readonly of: number;
  /** Inputs in the corpus. */
  readonly corpus: number;
}

/** A message from the process. */
export type Report =
  | ({ readonly type: 'progress' } & Progress)
  | { readonly type: 'finding'; readonly finding: Finding }
  | { readonly type: 'done'; readonly kept: readonly string[] };

/** The result of a session. */
export interface Outcome extends Progress {
  readonly findings: readonly Finding[];
  /** The corpus, minimised, in hexadecimal digits; empty unless requested. */
  readonly kept: readonly string[];
}

/** A process that takes longer to load, in seconds, is taken never to begin. */
const PATIENCE_AT_FIRST = 60;

/** The instrumented sources: ours, pako, and the references, so that rules we do not implement also guide the fuzzer. */
const PARTS = ['/core/src/', '/deflate/src/', '/pako/dist/', '/core/test/reference.ts', '/naive-inflate.ts'];

// The modules that the process loads before its program, in this order.
const FOLLOW = new URL('../../packages/tools/follow.js', import.meta.url).href;
const INSTRUMENT = new URL('instrument.js', import.meta.url).href;
const COVERAGE = new URL('coverage.ts', import.meta.url).href;
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/**
 * Runs a session to its end, or until `stop`. An input that hangs or ends the process also ends the session.
 *
 * @param instrument parts of the paths of further sources to instrument
 */
export async function runSession(
  task: Omit<Task, 'current'>,
  instrument: readonly string[],
  stop: AbortSignal,
  watcher: { progress(progress: Progress, findings: number): void; finding(finding: Finding): void },
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-fuzz-'));
  const current = join(folder, 'current');
  const findings: Finding[] = [];
  let total: Progress = { executions: 0, seconds: 0, branches: 0, of: 0, corpus: 0 };
  let kept: readonly string[] | undefined;
  let isLate = false;

  const child = fork(CHILD, [JSON.stringify({ ...task, current } satisfies Task)], {
    cwd: ROOT,
    execArgv: [FOLLOW, INSTRUMENT, 'tsx', COVERAGE].flatMap((module) => ['--import', module]),
    env: { ...process.env, SOCKLESS_INSTRUMENT: [...PARTS, ...instrument].join(',') },
  });
  const end = (): boolean => child.connected && child.send('stop');
  stop.addEventListener('abort', end);
  let patience = PATIENCE_AT_FIRST;
  const watchdog = setInterval(() => {
    if (patience-- > 0) return;
    isLate = true;
    child.kill('SIGKILL');
  }, 1000);
  child.on('message', (report: Report) => {
    patience = task.timeout;
    if (report.type === 'finding') add(report.finding);
    else if (report.type === 'done') kept = report.kept;
    else {
      total = report;
      watcher.progress(total, findings.length);
    }
  });
  await once(child, 'exit');
  clearInterval(watchdog);
  stop.removeEventListener('abort', end);

  if (kept === undefined) {
    const input = readCurrent(current);
    if (input === undefined) throw new Error(`the process of ${task.target.name} could not be started`);
    const invariant = isLate ? `an input takes longer than ${task.timeout} seconds` : 'an input ends the process';
    const transcript = transcribe(await loadTarget(task.target), input, invariant);
    const digits = Buffer.from(input).toString('hex');
    add({ target: task.target.name, invariant, input: digits, found: digits, transcript });
  }
  rmSync(folder, { recursive: true, force: true });
  return { ...total, findings, kept: kept ?? [] };

  function add(finding: Finding): void {
    findings.push(finding);
    watcher.finding(finding);
  }
}

/** Returns the input that a process was executing, or `undefined` if it had not begun one. */
function readCurrent(path: string): Uint8Array | undefined {
  try {
    const record = readFileSync(path);
    return Uint8Array.from(record.subarray(4, 4 + record.readUInt32BE(0)));
  } catch {
    return undefined;
  }
}
