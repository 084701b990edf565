/** One target for some time, in a process of its own: that may hang or die, and is then ended or begun again. */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT, type TargetFile } from './files.ts';
import type { Finding } from './finding.ts';

/** What a process is to do. */
export interface Task {
  readonly target: TargetFile;
  /** In milliseconds. */
  readonly time: number;
  /** How many executions at most. */
  readonly runs: number;
  readonly seed: number;
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

/** An input that takes longer, in milliseconds, never ends; nor does a process begin that takes so much longer. */
const PATIENCE = 10_000;
const PATIENCE_AT_FIRST = 6 * PATIENCE;

/** What is instrumented: ours, pako, and the references, so that there is guidance also for what is not. */
const PARTS = ['/core/src/', '/deflate/src/', '/pako/dist/', '/core/test/reference.ts', '/naive-inflate.ts'];

// What the process loads before its program, in this order.
const FOLLOW = new URL('../../packages/tools/follow.js', import.meta.url).href;
const INSTRUMENT = new URL('instrument.js', import.meta.url).href;
const COVERAGE = new URL('coverage.ts', import.meta.url).href;
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));

/**
 * Runs a session to its end, or until `stop`.
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
  const done: Progress = { executions: 0, seconds: 0, branches: 0, of: 0, corpus: 0 };
  let total = done;
  let kept: readonly string[] = [];
  // A process that ended in the middle of an input has left it behind; the next one goes on with another seed.
  for (let seed = task.seed; ; seed++) {
    const before = total;
    const rest = { time: task.time - 1000 * before.seconds, runs: task.runs - before.executions };
    const ended = await runProcess({ ...task, ...rest, seed, current });
    if (ended === undefined || stop.aborted) break;
    const input = readCurrent(current);
    if (input === undefined) throw new Error(`the process of ${task.target.name} could not be started`);
    add({ target: task.target.name, invariant: ended, input, found: input, transcript: `input: ${input}\n` });
    if (1000 * total.seconds >= task.time - 1000 || findings.length > 5) break;

    function runProcess(part: Task): Promise<string | undefined> {
      return new Promise((resolve) => {
        const child = fork(CHILD, [JSON.stringify(part)], {
          cwd: ROOT,
          execArgv: [FOLLOW, INSTRUMENT, 'tsx', COVERAGE].flatMap((module) => ['--import', module]),
          env: { ...process.env, SOCKLESS_INSTRUMENT: [...PARTS, ...instrument].join(',') },
        });
        let reason: string | undefined = 'an input ends the process';
        const end = (): boolean => child.connected && child.send('stop');
        stop.addEventListener('abort', end);
        const kill = (): void => {
          reason = `an input takes longer than ${PATIENCE / 1000} seconds`;
          child.kill('SIGKILL');
        };
        let watchdog = setTimeout(kill, PATIENCE_AT_FIRST);
        child.on('message', (report: Report) => {
          clearTimeout(watchdog);
          watchdog = setTimeout(kill, PATIENCE);
          if (report.type === 'finding') add(report.finding);
          else if (report.type === 'progress') {
            total = {
              ...report,
              executions: before.executions + report.executions,
              seconds: before.seconds + report.seconds,
            };
            watcher.progress(total, findings.length);
          } else {
            kept = report.kept;
            reason = undefined;
          }
        });
        child.once('exit', () => {
          clearTimeout(watchdog);
          stop.removeEventListener('abort', end);
          resolve(reason);
        });
      });
    }
  }
  rmSync(folder, { recursive: true, force: true });
  return { ...total, findings, kept };

  function add(finding: Finding): void {
    findings.push(finding);
    watcher.finding(finding);
  }
}

/** The input that a process was executing, in hexadecimal digits. */
function readCurrent(path: string): string | undefined {
  try {
    const record = readFileSync(path);
    return record.toString('hex', 4, 4 + record.readUInt32BE(0));
  } catch {
    return undefined;
  }
}
