// Writes the transitions of core's model into ARCHITECTURE.md.
import { spawnSync } from 'node:child_process';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `node packages/tools/run.js model

Writes the transitions of packages/core/test/model/model.ts into ARCHITECTURE.md.`;

/** @returns {number} the exit code */
export function command() {
  install(ROOT, 'all');
  const run = ['--import', 'tsx', 'packages/core/test/model/table.ts', '--write'];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
