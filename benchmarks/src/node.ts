/** Which Node runs the subjects. The load generator and this process stay on the Node that runs the benchmarks. */
import { spawnSync } from 'node:child_process';
import { install } from '../../packages/tools/install.js';
import { findProgram, NEWEST_NODE } from '../../packages/tools/native.js';
import { findNode as findInstalled, NODES } from '../../packages/tools/nodes.js';
import { ROOT } from '../../packages/tools/workspace.js';
import { messageOf } from './method.ts';
import { UsageError } from './options.ts';

/** An installed Node. */
export interface Node {
  /** The path of its program. */
  readonly path: string;
  /** In the form of `process.version`: `v20.20.2`. */
  readonly version: string;
}

/** The package that contains npm's newest Node, and is always installed. */
const RUNTIMES = new URL('../../packages/runtimes/package.json', import.meta.url).href;

const THIS: Node = { path: process.execPath, version: process.version };

let measured = THIS;

/** Returns the path of the Node that runs servers and codecs. */
export function measuredNode(): string {
  return measured.path;
}

/** Returns why a library cannot be measured: the Node that is measured is older than the version it needs. */
export function olderThan([major, minor]: readonly [major: number, minor: number]): string | undefined {
  const [itsMajor = 0, itsMinor = 0] = measured.version.slice(1).split('.').map(Number);
  const fits = itsMajor > major || (itsMajor === major && itsMinor >= minor);
  return fits ? undefined : `it needs Node ${major}.${minor} (--node), and this is ${measured.version.slice(1)}`;
}

/** Selects the Node for servers and codecs that are started from now on. */
export function measureWith(node: Node): void {
  measured = node;
}

/**
 * Finds a Node. Versions that are not always installed are installed now.
 *
 * @param wanted `newest`, or a version or its beginning: `26`
 * @param log receives a line before an installation
 * @throws {UsageError} when there is none
 */
export function findNode(wanted: string, log: (line: string) => void = () => undefined): Node {
  const fits = ({ version }: Node): boolean => `${version}.`.startsWith(`v${wanted.replace(/^v/, '')}.`);
  if (fits(THIS)) return THIS;
  const newest = newestNode();
  if (newest !== undefined && (wanted === 'newest' || fits(newest))) return newest;
  const [major = ''] = wanted.replace(/^v/, '').split('.');
  const other = NODES.includes(major) ? installed(major, log) : undefined;
  if (other !== undefined && fits(other)) return other;
  const versions = [THIS, newest, other].flatMap((node) => node?.version.slice(1) ?? []);
  throw new UsageError(
    `There is no Node "${wanted}". There are: ${[...new Set([...versions, ...NODES, 'newest'])].join(', ')}.`,
  );
}

function installed(major: string, log: (line: string) => void): Node {
  try {
    return nodeAt(findInstalled(major));
  } catch {
    log(`Node ${major} is installed once …`);
  }
  try {
    install(ROOT, 'nodes');
    return nodeAt(findInstalled(major));
  } catch (error) {
    throw new UsageError(`Node ${major} cannot be installed. ${messageOf(error)}`, { cause: error });
  }
}

/** Returns npm's newest Node, if its package is installed. */
export function newestNode(): Node | undefined {
  const path = findProgram(RUNTIMES, NEWEST_NODE);
  return path === undefined ? undefined : nodeAt(path);
}

function nodeAt(path: string): Node {
  return { path, version: spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim() };
}
