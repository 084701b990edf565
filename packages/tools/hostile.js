// Installs, builds, and attacks the servers of the documents with hostile clients.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `npm run hostile [-- [--seconds N] [--target readme|demo]… [--runtime node|node-newest|deno]… [--client TEXT]]

Starts the server of the README (unchanged, with TLS, and with handlers that throw or reject) and the demo, each in a process,
and attacks them with hostile clients. These do not read, or read a byte a second; they reset, flood pings, or never finish a
head; they stay silent before TLS, or leave connections half open. Meanwhile a well-behaved client must get each of its messages
back, in order. It fails when a process ends, its memory grows too far, the well-behaved client is not served, or an end is not
explained.

  --seconds N     how long to attack each server (default: 5)
  --target NAME   attack only this target: readme, demo
  --runtime NAME  use only this runtime: node (the current one), node-newest (npm's newest), deno (with the README of its adapter)
  --client TEXT   use only the hostile clients whose names contain TEXT: 'pings', 'does not read'

It stays on this machine: all sockets are on the loopback interface.`;

/**
 * @param {string[]} args are passed to the program
 * @returns {number} the exit code
 */
export function command(args) {
  install(ROOT, 'all');
  build(ROOT, ['@sockless/hostile']);
  const run = ['--import', 'tsx', 'packages/hostile/src/run.ts', ...args];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
