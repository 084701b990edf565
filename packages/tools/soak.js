// Installs, builds, and lets many connections live and die for a while.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `npm run soak [-- [--seconds N] [--connections N] [--runtime node|deno]… [--seed N] [--json PATH]]

Runs a server and its clients in one process, on real sockets and with a network between them that cuts anew, delays, resets,
ends, drops and stands still. Messages of up to 1 MiB go both ways, whole and in fragments, half of the connections compress;
ends of connections close, terminate, lose their sockets, throw, pause, read slowly or not at all.
Fails when a message that was accepted does not arrive, in order and once, and the end of the connection does not explain that;
when a connection does not end or ends twice; when an error reaches the process; and when memory, file descriptors, timers,
handles or connections are left behind.

  --seconds N      how long new connections are made (default: 60)
  --connections N  how many there are at a time (default: 200)
  --runtime NAME   only this host: node, deno
  --seed N         what is drawn for each connection (default: another each time)
  --json PATH      write the figures

It stays on this machine: all sockets are on the loopback interface.`;

/**
 * @param {string[]} args are passed on
 * @returns {number} the exit code
 */
export function command(args) {
  install(ROOT, 'all');
  build(ROOT, ['@sockless/soak']);
  const run = ['--import', 'tsx', 'packages/soak/src/run.ts', ...args];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
