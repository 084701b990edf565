// Installs, builds, and opens and ends many connections for a while.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `npm run soak [-- [--seconds N] [--connections N] [--runtime node|deno]… [--seed N] [--json PATH]]

Runs a server and its clients in one process, on real sockets, with a network between them that cuts chunks, delays, resets,
ends, drops and stalls. Both sides send messages of up to 1 MiB, whole and in fragments, half of them over compressed connections.
Both sides also close, terminate, lose their sockets, throw, pause, and read slowly or not at all.

It fails when
  - a message that was accepted does not arrive once and in order, and the end of the connection does not say why;
  - a connection does not end, or ends twice;
  - an error reaches the process;
  - memory, file descriptors, timers, handles or connections are left behind.

  --seconds N      how long new connections are opened (default: 60)
  --connections N  how many are open at a time (default: 200)
  --runtime NAME   run only on this host: node, deno
  --seed N         the seed of the random choices (default: a new one each time)
  --json PATH      write the figures to PATH

It stays on this machine: all sockets are on the loopback interface.`;

/**
 * @param {string[]} args are passed to the program
 * @returns {number} the exit code
 */
export function command(args) {
  install(ROOT, 'all');
  build(ROOT, ['@sockless/soak']);
  const run = ['--import', 'tsx', 'packages/soak/src/run.ts', ...args];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
