// How many bytes the packages add to an application's bundle, by size-limit: .size-limit.js has the budgets.
import { join } from 'node:path';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT, runNode } from './workspace.js';

export const help = `npm run size

Bundles every subpath of the published packages with its dependencies (except Node's own modules), and prints its size in
bytes, minified and gzipped. Fails when one exceeds its budget in packages/tools/.size-limit.js.`;

/** @returns {number} the exit code */
export function command() {
  install(ROOT, 'all');
  build(ROOT);
  return runNode(['node_modules/size-limit/bin.js'], join(ROOT, 'packages/tools')) ? 0 : 1;
}
