// Other versions of Node that run the tests. packages/nodes depends on them; only one command installs that package.
import { join } from 'node:path';
import { findProgram, NEWEST_NODE } from './native.js';
import { Failure, ROOT } from './workspace.js';

/** Their major versions. */
export const NODES = ['22', '24', '26'];

/**
 * @param {string} major
 * @returns {string} the path of its program
 */
export function findNode(major) {
  const packages = NEWEST_NODE.packages.map((name) => name.replace('node-', `node-${major}-`));
  const program = findProgram(join(ROOT, 'packages/nodes/package.json'), { ...NEWEST_NODE, packages });
  if (program === undefined) throw new Failure(`${packages.join(' or ')} of packages/nodes is not installed.`);
  return program;
}
