// Records what real sockets do, for the simulated ones to be compared with.
import { spawnSync } from 'node:child_process';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `node packages/tools/run.js recording

Plays the situations of packages/node/test/recording with sockets of the Node that runs it, and writes what was to be seen into
recording.json there (recording-since-22.json has what is otherwise on Node 22 and later); then those of
packages/deno/test/on-deno/recording with connections of Deno's.`;

/** @returns {number} the exit code */
export function command() {
  install(ROOT, 'all');
  const run = ['--import', 'tsx', 'packages/node/test/recording/main.ts', '--write'];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
