/** The command line of the fuzzer. */
import { parseArgs } from 'node:util';
import { findTarget, ownTargets, type TargetFile } from './files.ts';

/** The text that `--help` prints. */
export const HELP = `sockless-fuzz --target MODULE [OPTION…]

Searches for inputs that break an invariant of a target, guided by the coverage of what the target imports. The README explains what
a target is: a few lines between your implementation and receiveTarget().

  --target MODULE   the module of a target, in JavaScript or TypeScript (may be repeated)
  --time SECONDS    how long each target runs (default: 60)
  --runs N          end after N executions instead
  --timeout SECONDS how long one input may take (default: 10)
  --seed N          the seed of the random numbers (default: a new one each time, which is printed)
  --instrument PART be guided only by modules whose paths contain PART (may be repeated; default: all that the target imports)
  --blind           go on when nothing of the target can guide
  --keep            keep the inputs that were found, minimised, in a corpus beside the target: NAME.corpus.txt
  --replay FILE     execute one input of a target and print its transcript
  --findings FOLDER where findings are written (default: findings)
  --json FILE       write the results to FILE
  --help            print this

Ctrl-C ends the run and prints its results; a second Ctrl-C ends it at once. The exit status is 1 when there are findings, and 2 when
there was nothing to run.`;

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
  readonly blind: boolean;
  readonly findings: string | undefined;
  readonly json: string | undefined;
  readonly list: boolean;
  readonly help: boolean;
  /** The values of further options, which not everybody has. */
  readonly more: Readonly<Record<string, string | undefined>>;
}

/** A mistake on the command line. Its message is all that is printed. */
export class UsageError extends Error {}

/**
 * Reads the arguments.
 *
 * @param more the names of further options, each with a value
 * @throws {UsageError} when an option or a target does not exist
 */
export function parseOptions(args: readonly string[], more: readonly string[] = []): Options {
  const values = parse(args, more);
  const list = (name: string): string[] => (values[name] ?? []) as string[];
  const text = (name: string): string | undefined => values[name] as string | undefined;
  const own = ownTargets();
  const targets = list('target').map((name) => {
    const target = findTarget(name);
    if (target !== undefined) return target;
    const names = own.length > 0 ? `The targets are: ${own.map((each) => each.name).join(', ')}. ` : '';
    throw new UsageError(
      `There is no target "${name}". ${names}The path of a module works${names === '' ? '' : ' too'}.`,
    );
  });
  if (values.replay !== undefined && targets.length !== 1) throw new UsageError('--replay FILE needs one --target.');
  if (targets.length === 0 && own.length === 0 && values.help !== true)
    throw new UsageError('--target MODULE is missing. Try --help.');
  return {
    targets: targets.length > 0 ? targets : own,
    // With --runs, only the number of executions ends a run.
    time: number('time', text('time'), values.runs === undefined ? 60 : 86_400),
    runs: number('runs', text('runs'), Number.MAX_SAFE_INTEGER),
    timeout: number('timeout', text('timeout'), 10),
    seed: number('seed', text('seed'), Math.floor(Math.random() * 2 ** 31)),
    keep: values.keep === true,
    replay: text('replay'),
    instrument: list('instrument'),
    blind: values.blind === true,
    findings: text('findings'),
    json: text('json'),
    list: values.list === true,
    help: values.help === true,
    more: Object.fromEntries(more.map((name) => [name, text(name)])),
  };
}

/** @throws {UsageError} when the text is not a number */
export function number(name: string, text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (value >= 0) return value;
  throw new UsageError(`--${name} takes a number, not ${text}.`);
}

function parse(args: readonly string[], more: readonly string[]): Record<string, unknown> {
  const string = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        target: { type: 'string', multiple: true },
        instrument: { type: 'string', multiple: true },
        ...Object.fromEntries(
          ['time', 'runs', 'timeout', 'seed', 'replay', 'findings', 'json', ...more].map((name) => [name, string]),
        ),
        keep: { type: 'boolean' },
        blind: { type: 'boolean' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\nTry --help.`, { cause: error });
  }
}
