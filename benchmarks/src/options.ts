/** The command line of the benchmarks. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Suite } from './suite.ts';

/** The text that `--help` prints. */
export const HELP = readFileSync(new URL('../help.txt', import.meta.url), 'utf8').trimEnd();

/** The choices of one run. */
export interface Options {
  /** The suites to run, in their own order. */
  readonly suites: readonly Suite[];
  /** Whether to measure how costs grow. */
  readonly growth: boolean;
  /** Text that the names of the cases must contain; empty for all. */
  readonly case: string;
  /** Names of the peers; empty for all. */
  readonly peers: readonly string[];
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly markdown: string | undefined;
  readonly from: readonly string[];
  /** Whether to write the documents of this repository. */
  readonly write: boolean;
  readonly against: string | undefined;
  /** Whether to compare that other commit with itself as well. */
  readonly aa: boolean;
  readonly list: boolean;
  readonly help: boolean;
}

/** The name that selects growth.ts on the command line. It is not a suite, since it compares sizes, not subjects. */
export const GROWTH = 'growth';

/** A mistake on the command line. Its message is all that is printed. */
export class UsageError extends Error {}

/** What must be known before the suites are: which Node to use, and whose contestants take part. */
export interface Preparations {
  /** The version of the Node that runs the subjects; by default the current one. */
  readonly node: string | undefined;
  /** The paths of contestants' files. */
  readonly contestants: readonly string[];
}

/**
 * Reads the part of the command line that does not depend on the suites.
 *
 * @throws {UsageError} as {@link parseOptions}, but only for options that do not exist
 */
export function parsePreparations(args: readonly string[]): Preparations {
  const { node, contestant = [], help, from } = parse(args).values;
  const isIdle = help === true || from !== undefined;
  return isIdle ? { node: undefined, contestants: [] } : { node, contestants: contestant };
}

/**
 * Reads the command line.
 *
 * @param all every suite, with contestants among its peers
 * @throws {UsageError} when an option, suite, case or peer does not exist, or when options contradict each other
 */
export function parseOptions(args: readonly string[], all: readonly Suite[]): Options {
  const { values, positionals } = parse(args);
  const names = [...positionals, ...(values.suite ?? []).flatMap((list) => list.split(','))].filter(Boolean);
  for (const name of names) {
    const known = [...all.map((suite) => suite.name), GROWTH];
    if (!known.includes(name))
      throw new UsageError(`There is no suite "${name}". The suites are: ${known.join(', ')}.`);
  }
  const contestants = [...new Set(all.flatMap(contestantsOf))];
  // Without names, the suites in which the contestants take part.
  const isAsked = (suite: Suite): boolean =>
    names.length > 0 ? names.includes(suite.name) : contestants.length === 0 || contestantsOf(suite).length > 0;
  const suites = all.filter(isAsked);
  for (const name of contestants) {
    if (suites.some((suite) => contestantsOf(suite).includes(name))) continue;
    const able = all.filter((suite) => contestantsOf(suite).includes(name)).map((suite) => suite.name);
    throw new UsageError(`The contestant "${name}" takes part in ${able.join(', ')}, not in ${names.join(', ')}.`);
  }
  const narrowed =
    values.case !== undefined || values.peer !== undefined || values.against !== undefined || contestants.length > 0;
  if (names.includes(GROWTH) && narrowed) {
    throw new UsageError(
      `${GROWTH} has neither cases nor peers: leave out --case, --peer, --against and --contestant.`,
    );
  }
  const peers = values.peer ?? [];
  for (const name of peers) {
    const known = [...new Set(suites.flatMap((suite) => suite.peers.map((peer) => peer.name)))];
    if (!known.includes(name)) throw new UsageError(`There is no peer "${name}". The peers are: ${known.join(', ')}.`);
  }
  const part = values.case ?? '';
  if (values.case !== undefined && !suites.some((suite) => suite.cases.some(({ name }) => name.includes(part)))) {
    throw new UsageError(
      `No case contains "${part}" in ${suites.map(({ name }) => name).join(', ')}: --list prints the cases.`,
    );
  }
  if (values.against !== undefined && peers.length > 0) {
    throw new UsageError('--against compares with another revision, --peer with a peer: use one of them.');
  }
  if (values.against !== undefined && contestants.length > 0) {
    throw new UsageError('--against compares with another revision, --contestant with your own file: use one of them.');
  }
  if (values.aa === true && values.against === undefined) {
    throw new UsageError('--aa compares the commit of --against with itself: it needs --against REV.');
  }
  const isReport = values.html !== undefined || values.markdown !== undefined || values.write === true;
  if (values.from !== undefined && !isReport) {
    throw new UsageError('--from FILE makes a report: it needs --html FILE, --markdown FILE or --write.');
  }
  if (values.write === true && values.from === undefined) {
    throw new UsageError('--write makes documents of whole runs: it needs --from FILE, which --json has written.');
  }
  return {
    suites,
    growth: names.length === 0 ? !narrowed : names.includes(GROWTH),
    case: part,
    peers,
    quick: values.quick === true,
    json: optionalPath(values.json),
    html: optionalPath(values.html),
    markdown: optionalPath(values.markdown),
    from: (values.from ?? []).map(pathOf),
    write: values.write === true,
    against: values.against,
    aa: values.aa === true,
    list: values.list === true,
    help: values.help === true,
  };
}

/** Resolves a path from the folder in which the command was given; npm runs it in that of the repository. */
export function pathOf(path: string): string {
  return resolve(process.env.INIT_CWD ?? '.', path);
}

function optionalPath(path: string | undefined): string | undefined {
  return path === undefined ? undefined : pathOf(path);
}

/** Returns the names of the contestants in a suite. */
function contestantsOf({ peers }: Suite): string[] {
  return peers.filter(({ isContestant }) => isContestant).map(({ name }) => name);
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        suite: { type: 'string', multiple: true },
        case: { type: 'string' },
        peer: { type: 'string', multiple: true },
        quick: { type: 'boolean' },
        json: { type: 'string' },
        html: { type: 'string' },
        markdown: { type: 'string' },
        from: { type: 'string', multiple: true },
        write: { type: 'boolean' },
        against: { type: 'string' },
        aa: { type: 'boolean' },
        node: { type: 'string' },
        contestant: { type: 'string', multiple: true },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${HELP}`, { cause: error });
  }
}
