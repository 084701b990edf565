// Writes the table of a socket's whole life into ARCHITECTURE.md.
import { spawnSync } from 'node:child_process';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `node packages/tools/run.js lifecycle

Writes the table of packages/node/test/lifecycle, every event in every state of a socket, into ARCHITECTURE.md.`;

/** @returns {number} the exit code */
export function command() {
  install(ROOT, 'all');
  const run = ['--import', 'tsx', 'packages/node/test/lifecycle/architecture.ts', '--write'];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
