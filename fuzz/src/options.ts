/** The command line of the fuzzer. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findTarget, ownTargets, ROOT, type TargetFile } from './files.ts';

/** The text that `--help` prints. */
export const HELP = readFileSync(new URL('../help.txt', import.meta.url), 'utf8').trimEnd();

/** The choices of one run. */
export interface Options {
  readonly targets: readonly TargetFile[];
  /** In seconds, for each target. */
  readonly time: number;
  readonly runs: number;
  /** In seconds, for each input. */
  readonly timeout: number;
  readonly seed: number;
  readonly keep: boolean;
  readonly replay: string | undefined;
  readonly instrument: readonly string[];
  /** The number of schedules to simulate; 0 to fuzz. */
  readonly simulate: number;
  /** The adapter to simulate, by name, or the path of a module that exports a subject. */
  readonly simulateAdapter: string | undefined;
  /** The number of streams and handshakes to compare with other implementations; 0 to fuzz. */
  readonly differential: number;
  readonly findings: string;
  readonly json: string | undefined;
  readonly list: boolean;
  readonly help: boolean;
}

/** A mistake on the command line. Its message is all that is printed. */
export class UsageError extends Error {}

/** @throws {UsageError} when an option or a target does not exist */
export function parseOptions(args: readonly string[]): Options {
  const values = parse(args);
  const targets = (values.target ?? []).map((name) => {
    const target = findTarget(name);
    if (target !== undefined) return target;
    const names = ownTargets().map((own) => own.name);
    throw new UsageError(
      `There is no target "${name}". The targets are: ${names.join(', ')}. The path of a module works too.`,
    );
  });
  if (values.replay !== undefined && targets.length !== 1) throw new UsageError('--replay FILE needs one --target.');
  return {
    targets: targets.length > 0 ? targets : ownTargets(),
    // With --runs, only the number of executions ends a run.
    time: number('time', values.time, values.runs === undefined ? 60 : 86_400),
    runs: number('runs', values.runs, Number.MAX_SAFE_INTEGER),
    timeout: number('timeout', values.timeout, 10),
    seed: number('seed', values.seed, Math.floor(Math.random() * 2 ** 31)),
    keep: values.keep === true,
    replay: values.replay,
    instrument: values.instrument ?? [],
    simulate: number('simulate', values.simulate, values['simulate-adapter'] === undefined ? 0 : 1000),
    simulateAdapter: values['simulate-adapter'],
    differential: number('differential', values.differential, 0),
    findings: values.findings ?? join(ROOT, 'fuzz/findings'),
    json: values.json,
    list: values.list === true,
    help: values.help === true,
  };
}

function number(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (value >= 0) return value;
  throw new UsageError(`--${name} takes a number, not ${text}.`);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        target: { type: 'string', multiple: true },
        time: { type: 'string' },
        runs: { type: 'string' },
        timeout: { type: 'string' },
        seed: { type: 'string' },
        keep: { type: 'boolean' },
        replay: { type: 'string' },
        instrument: { type: 'string', multiple: true },
        simulate: { type: 'string' },
        'simulate-adapter': { type: 'string' },
        differential: { type: 'string' },
        findings: { type: 'string' },
        json: { type: 'string' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${HELP}`, { cause: error });
  }
}
