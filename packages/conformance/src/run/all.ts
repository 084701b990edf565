/** Plays many cases against one target. */
import type { Case, Severity } from '../case.ts';
import { allCases } from '../cases/index.ts';
import type { Link, Target } from './link.ts';
import { type PlayOptions, playCase } from './run.ts';
import type { Result } from './verdict.ts';

/** Which cases are run, and how. */
export interface RunOptions extends PlayOptions {
  /** Only cases whose id contains one of these; a whole id chooses no other case. Default: all. */
  readonly filter?: readonly string[] | undefined;
  /** Only cases of these severities. Default: all. */
  readonly severity?: readonly Severity[] | undefined;
  /** Whether cases are left out that take seconds or many bytes by their nature. Default: false. */
  readonly quick?: boolean | undefined;
  /** The number of cases at a time. Default: 8. */
  readonly parallel?: number | undefined;
  /** Called with each outcome. */
  readonly report?: ((result: Result, done: number, total: number) => void) | undefined;
}

/** Returns the cases of a role that the options choose. */
export function chooseCases(role: Case['role'], { filter = [], severity, quick = false }: RunOptions = {}): Case[] {
  const cases = allCases();
  const ids = new Set(cases.map(({ id }) => id));
  const [whole, parts] = [new Set(filter.filter((part) => ids.has(part))), filter.filter((part) => !ids.has(part))];
  return cases.filter(
    (item) =>
      item.role === role &&
      (filter.length === 0 || whole.has(item.id) || parts.some((part) => item.id.includes(part))) &&
      (severity === undefined || severity.includes(item.severity)) &&
      !(quick && item.slow),
  );
}

/** Plays the cases of a target, some at a time, and resolves with their outcomes in order. */
export async function runCases(target: Target, options: RunOptions = {}): Promise<Result[]> {
  const cases = chooseCases(target.role, options);
  const results = new Array<Result>(cases.length);
  let next = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < cases.length; i = next++) {
      const item = cases[i];
      if (item === undefined) return;
      const result = await runCase(item, target, options);
      results[i] = result;
      options.report?.(result, ++done, cases.length);
    }
  };
  await Promise.all(Array.from({ length: options.parallel ?? 8 }, worker));
  return results;
}

/** Plays one case over a connection of its own. */
export async function runCase(item: Case, target: Target, options: PlayOptions = {}): Promise<Result> {
  const connect = (): Promise<Link> => target.connect(options.patience);
  try {
    return await playCase(item, await connect(), target, connect, options);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const findings = [
      { severity: item.severity, section: item.section, text: `the case could not be played: ${text}` },
    ];
    return { case: item, verdict: 'fail', findings, wire: [], milliseconds: 0 };
  }
}
