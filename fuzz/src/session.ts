/** Runs one target for some time, in a separate process that may hang or die. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTarget, type TargetFile } from './files.ts';
import { type Finding, findingOf } from './finding.ts';
import { IS_SOURCE, ownModule } from './here.ts';
import type { Counted } from './loading.ts';
import { UsageError } from './options.ts';

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
  /** The modules that guide it. */
  readonly counted: Counted;
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
  | { readonly type: 'loaded'; readonly modules: number; readonly branches: number }
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

/** What guides our own targets: our sources, pako, and the references, so that rules we do not implement also guide. */
const PARTS = ['/core/src/', '/deflate/src/', '/pako/dist/', '/core/test/reference.ts', '/naive-inflate.ts'];

/** Returns the modules that guide a target: for one of ours these and those named, for others those named, or all that it loads. */
export function countedFor({ isOurs }: TargetFile, named: readonly string[]): Counted {
  return { parts: isOurs ? [...PARTS, ...named] : named };
}

/** What a session tells while it runs. */
export interface Watcher {
  /** Called once the target is loaded, with the modules and branches that guide it, without the fuzzer's own. */
  loaded(modules: number, branches: number): void;
  progress(progress: Progress, findings: number): void;
  finding(finding: Finding): void;
}

/**
 * Runs a session to its end, or until `stop`. An input that hangs or ends the process also ends the session.
 *
 * @throws {UsageError} when the target cannot be loaded, or nothing of it would guide the fuzzer and `isBlind` is not set
 */
export async function runSession(
  task: Omit<Task, 'current'>,
  isBlind: boolean,
  stop: AbortSignal,
  watcher: Watcher,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'sockless-fuzz-'));
  const current = join(folder, 'current');
  const findings: Finding[] = [];
  let total: Progress = { executions: 0, seconds: 0, branches: 0, of: 0, corpus: 0 };
  let kept: readonly string[] | undefined;
  let isLate = false;
  let isUnguided = false;
  let isLoaded = false;

  const child = fork(ownModule('child'), [JSON.stringify({ ...task, current } satisfies Task)], {
    // Node 26 prefers hooks that Node 20 does not have.
    execArgv: ['--disable-warning=DEP0205', ...(IS_SOURCE ? ['--import', 'tsx'] : [])],
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
    else if (report.type === 'loaded') {
      isLoaded = true;
      isUnguided = report.branches === 0 && !(isBlind || task.target.isOurs);
      if (isUnguided) child.kill('SIGKILL');
      else watcher.loaded(report.modules, report.branches);
    } else if (report.type === 'done') kept = report.kept;
    else {
      total = report;
      watcher.progress(total, findings.length);
    }
  });
  await once(child, 'exit');
  clearInterval(watchdog);
  stop.removeEventListener('abort', end);

  const input = kept === undefined ? readCurrent(current) : undefined;
  rmSync(folder, { recursive: true, force: true });
  if (isUnguided) throw new UsageError(unguided(task));
  if (kept === undefined && (input === undefined || !isLoaded)) {
    throw new UsageError(`The process of ${task.target.name} could not be started: see above.`);
  }
  if (input !== undefined) {
    const invariant = isLate ? `an input takes longer than ${task.timeout} seconds` : 'an input ends the process';
    const fault = { identity: invariant, invariant, rule: undefined, error: invariant };
    add(findingOf(task.target.name, await loadTarget(task.target), fault, input, input));
  }
  return { ...total, findings, kept: kept ?? [] };

  function add(finding: Finding): void {
    findings.push(finding);
    watcher.finding(finding);
  }
}

/** Says why nothing guides the fuzzer, and what to do. */
function unguided({ target, counted: { parts } }: Omit<Task, 'current'>): string {
  const why =
    parts.length === 0
      ? `${target.path} and the modules that it imports have no branches`
      : `no module that ${target.path} imports has a path with ${parts.map((part) => `"${part}"`).join(' or ')} and branches`;
  return [
    `Nothing would guide the fuzzer: ${why}.`,
    parts.length === 0
      ? 'Only JavaScript and TypeScript of the same process can be counted: let the target import the implementation itself.'
      : 'Leave out --instrument to count every module that the target imports.',
    'If the implementation runs in another process or runtime, --blind goes on, guided only by the reference that judges it.',
  ].join('\n');
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
