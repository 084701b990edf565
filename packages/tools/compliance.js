// Writes the table of RFC sentences, cases and lines of code.
import { spawnSync } from 'node:child_process';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `node packages/tools/run.js compliance

Writes packages/conformance/COMPLIANCE.md: every MUST and MUST NOT, its cases, and the line of core that keeps it.`;

/** @returns {number} the exit code */
export function command() {
  install(ROOT, 'all');
  const run = ['--import', 'tsx', 'packages/conformance/test/ours/write-compliance.ts'];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
