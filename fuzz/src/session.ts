/** One target for some time, in a process of its own, which may hang or die. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadTarget, ROOT, type TargetFile } from './files.ts';
import { type Finding, transcribe } from './finding.ts';

/** What a process is to do. */
export interface Task {
  readonly target: TargetFile;
  /** In milliseconds. */
  readonly time: number;
  /** How many executions at most. */
  readonly runs: number;
  readonly seed: number;
  /**
   * An input that takes longer, in seconds, never ends. Only seconds count that pass for the session as well: a machine
   * that was asleep, or a job that was stopped, is no input that hangs.
   */
  readonly timeout: number;
  /** The longest input, in bytes. */
  readonly maxLength: number;
  /** Whether to give back the corpus, minimised. */
  readonly keep: boolean;
  /** The file for the input that is being executed. */
  readonly current: string;
}

/** How far it is. */
export interface Progress {
  readonly executions: number;
  readonly seconds: number;
  /** Branches taken, of so many. */
  readonly branches: number;
  readonly of: number;
  /** Inputs in the corpus. */
  readonly corpus: number;
}

/** What a process tells. */
export type Report =
  | ({ readonly type: 'progress' } & Progress)
  | { readonly type: 'finding'; readonly finding: Finding }
  | { readonly type: 'done'; readonly kept: readonly string[] };

/** What came of a session. */
export interface Outcome extends Progress {
  readonly findings: readonly Finding[];
  /** The corpus, minimised, in hexadecimal digits; nothing where it was not asked for. */
  readonly kept: readonly string[];
}

/** A process that takes longer to load, in seconds, never begins. */
const PATIENCE_AT_FIRST = 60;

/** What is instrumented: ours, pako, and the references, so that there is guidance also for what is not. */
const PARTS = ['/core/src/', '/deflate/src/', '/pako/dist/', '/core/test/reference.ts', '/naive-inflate.ts'];

// What the process loads before its program, in this order.
const FOLLOW = new URL('../../packages/tools/follow.js', import.meta.url).href;
const INSTRUMENT = new URL('instrument.js', import.meta.url).href;
const COVERAGE = new URL('coverage.ts', import.meta.url).href;
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/**
 * Runs a session to its end, or until `stop`. An input that hangs or ends the process is its last.
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

/** The input that a process was executing; `undefined` when it had not come to any. */
function readCurrent(path: string): Uint8Array | undefined {
  try {
    const record = readFileSync(path);
    return Uint8Array.from(record.subarray(4, 4 + record.readUInt32BE(0)));
  } catch {
    return undefined;
  }
}
