/** The command line of the benchmarks. */
import { readFileSync } from 'node:fs';
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
  readonly from: string | undefined;
  readonly against: string | undefined;
  /** Whether to compare that other commit with itself as well. */
  readonly aa: boolean;
  /** The version of the Node that runs the subjects; by default the current one. */
  readonly node: string | undefined;
  readonly list: boolean;
  readonly help: boolean;
}

/** The name that selects growth.ts on the command line. It is not a suite, since it compares sizes, not subjects. */
export const GROWTH = 'growth';

/** A mistake on the command line. Its message is all that is printed. */
export class UsageError extends Error {}

/**
 * Reads the command line.
 *
 * @param all every suite
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
  const suites = all.filter(({ name }) => names.length === 0 || names.includes(name));
  const narrowed = values.case !== undefined || values.peer !== undefined || values.against !== undefined;
  if (names.includes(GROWTH) && narrowed) {
    throw new UsageError(`${GROWTH} has neither cases nor peers: leave out --case, --peer and --against.`);
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
  if (values.aa === true && values.against === undefined) {
    throw new UsageError('--aa compares the commit of --against with itself: it needs --against REV.');
  }
  if (values.from !== undefined && values.html === undefined && values.markdown === undefined) {
    throw new UsageError('--from FILE makes a report: it needs --html FILE or --markdown FILE.');
  }
  return {
    suites,
    growth: names.length === 0 ? !narrowed : names.includes(GROWTH),
    case: part,
    peers,
    quick: values.quick === true,
    json: values.json,
    html: values.html,
    markdown: values.markdown,
    from: values.from,
    against: values.against,
    aa: values.aa === true,
    node: values.node,
    list: values.list === true,
    help: values.help === true,
  };
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
        from: { type: 'string' },
        against: { type: 'string' },
        aa: { type: 'boolean' },
        node: { type: 'string' },
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${HELP}`, { cause: error });
  }
}
