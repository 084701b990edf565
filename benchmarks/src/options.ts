/** The command line of the benchmarks. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Suite } from './suite.ts';

/** What is printed for `--help`. */
export const HELP = readFileSync(new URL('../help.txt', import.meta.url), 'utf8').trimEnd();

/** What a run is asked to do. */
export interface Options {
  /** Which suites, in their own order. */
  readonly suites: readonly Suite[];
  /** Whether to see how costs grow. */
  readonly growth: boolean;
  /** A part of the names of the cases; empty for all. */
  readonly case: string;
  /** Which peers; none for all. */
  readonly peers: readonly string[];
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly from: string | undefined;
  readonly against: string | undefined;
  /** Whether to compare that other commit with itself as well. */
  readonly aa: boolean;
  /** Which Node runs what is measured; this one by default. */
  readonly node: string | undefined;
  readonly list: boolean;
  readonly help: boolean;
}

/** It is asked for like a suite, but is none: it compares sizes, not subjects (suites/growth.ts). */
export const GROWTH = 'growth';

/** A command line that cannot be followed; its message tells a person all there is to know. */
export class UsageError extends Error {}

/**
 * Reads the command line.
 *
 * @param all the suites that there are
 * @throws {UsageError} when it names an option, a suite, a case or a peer that there is not
 */
export function parseOptions(args: readonly string[], all: readonly Suite[]): Options {
  const { values, positionals } = parse(args);
  const names = [...positionals, ...(values.suite ?? []).flatMap((list) => list.split(','))].filter(Boolean);
  for (const name of names) {
    const known = [...all.map((suite) => suite.name), GROWTH];
    if (!known.includes(name)) throw new UsageError(`There is no suite "${name}". There are: ${known.join(', ')}.`);
  }
  const suites = all.filter(({ name }) => names.length === 0 || names.includes(name));
  const narrowed = values.case !== undefined || values.peer !== undefined || values.against !== undefined;
  if (names.includes(GROWTH) && narrowed) {
    throw new UsageError(`${GROWTH} has neither cases nor peers: --case, --peer and --against are not for it.`);
  }
  const peers = values.peer ?? [];
  for (const name of peers) {
    const known = [...new Set(suites.flatMap((suite) => suite.peers.map((peer) => peer.name)))];
    if (!known.includes(name)) throw new UsageError(`There is no peer "${name}". There are: ${known.join(', ')}.`);
  }
  const part = values.case ?? '';
  if (values.case !== undefined && !suites.some((suite) => suite.cases.some(({ name }) => name.includes(part)))) {
    throw new UsageError(`There is no case "${part}" in ${suites.map(({ name }) => name).join(', ')}: see --list.`);
  }
  if (values.against !== undefined && peers.length > 0) {
    throw new UsageError('--against compares with another revision, --peer with a peer: one of them at a time.');
  }
  if (values.aa === true && values.against === undefined) {
    throw new UsageError('--aa compares the commit of --against with itself as well: it needs --against REV.');
  }
  if (values.from !== undefined && values.html === undefined) {
    throw new UsageError('--from FILE makes a report: it needs --html FILE.');
  }
  return {
    suites,
    growth: names.length === 0 ? !narrowed : names.includes(GROWTH),
    case: part,
    peers,
    quick: values.quick === true,
    json: values.json,
    html: values.html,
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
