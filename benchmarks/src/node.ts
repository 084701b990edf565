/** Which Node runs the subjects. The load generator and this process stay on the Node that runs the benchmarks. */
import { spawnSync } from 'node:child_process';
import { findProgram, NEWEST_NODE } from '../../packages/tools/native.js';
import { UsageError } from './options.ts';

/** An installed Node. */
export interface Node {
  /** The path of its program. */
  readonly path: string;
  /** In the form of `process.version`: `v20.20.2`. */
  readonly version: string;
}

/** The package that contains npm's newest Node. */
const RUNTIMES = new URL('../../packages/runtimes/package.json', import.meta.url).href;

const THIS: Node = { path: process.execPath, version: process.version };

let measured = THIS;

/** Returns the path of the Node that runs servers and codecs. */
export function measuredNode(): string {
  return measured.path;
}

/** Selects the Node for servers and codecs that are started from now on. */
export function measureWith(node: Node): void {
  measured = node;
}

/**
 * Finds a Node.
 *
 * @param wanted `newest`, or a version or its beginning: `26`
 * @throws {UsageError} when it is not installed
 */
export function findNode(wanted: string): Node {
  const fits = ({ version }: Node): boolean => `${version}.`.startsWith(`v${wanted.replace(/^v/, '')}.`);
  if (fits(THIS)) return THIS;
  const newest = newestNode();
  if (newest !== undefined && (wanted === 'newest' || fits(newest))) return newest;
  const versions = [THIS, ...(newest ? [newest] : [])].map(({ version }) => version).join(', ');
  const none = newest === undefined ? ` None of ${NEWEST_NODE.packages.join(', ')} is installed.` : '';
  throw new UsageError(`There is no Node "${wanted}". Installed are: ${versions}.${none}`);
}

/** Returns npm's newest Node, if its package is installed. */
export function newestNode(): Node | undefined {
  const path = findProgram(RUNTIMES, NEWEST_NODE);
  if (path === undefined) return undefined;
  return { path, version: spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim() };
}
