// Installs, builds, and runs the conformance suite against sockless, or against its peers.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `npm run conformance [-- [--quick] [--filter TEXT]… [--subject TEXT]… [--peers [--write]] [--html PATH]]

Plays all cases of packages/conformance against core in memory, and against the servers and clients of the Node and Deno adapters over
TCP and TLS. It fails when a case of any severity fails, unless packages/conformance/test/ours/known.ts says that the runtime is to blame.

  --quick         without the cases that take seconds or many bytes
  --filter TEXT   only cases whose id contains TEXT
  --subject TEXT  only these, such as "node server", "TLS", "core"
  --peers         against ws, websocket, websocket-driver, undici, and what Deno and Bun have of their own; nothing fails
  --write         with --peers: write packages/conformance/PEERS.md
  --html PATH     write the last run as a page

It stays on this machine: all sockets are on the loopback interface.`;

/**
 * @param {string[]} args are passed to the program
 * @returns {number} the exit code
 */
export function command(args) {
  install(ROOT, 'all');
  build(ROOT, ['@sockless/conformance']);
  const run = ['--import', 'tsx', 'packages/conformance/test/ours/run.ts', ...args];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
