// Installs, builds, and puts hostile clients on the servers that the documents show.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `npm run hostile [-- [--seconds N] [--target readme|demo]… [--runtime node|node-newest|deno]… [--client TEXT]]

Starts the server of the README (as it is there, with TLS, and with handlers that throw or reject) and the demo, each as a
process, and puts hostile clients on them: some do not read, or a byte a second; some reset, flood pings, or never finish a
head; some are silent before TLS, or half open. Meanwhile a well-behaved client must get each of its messages back, in order.
Fails when a process ends, its memory grows too far, the well-behaved client is not served, or an end is not explained.

  --seconds N     how long to attack each of them (default: 5)
  --target NAME   only this target: readme, demo
  --runtime NAME  only this runtime: node (the one that runs this), node-newest (npm's newest), deno (its adapter's README)
  --client TEXT   only the hostile clients whose names contain this: 'pings', 'does not read'

It stays on this machine: all sockets are on the loopback interface.`;

/**
 * @param {string[]} args are passed on
 * @returns {number} the exit code
 */
export function command(args) {
  install(ROOT, 'all');
  build(ROOT, ['@sockless/hostile']);
  const run = ['--import', 'tsx', 'packages/hostile/src/run.ts', ...args];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
