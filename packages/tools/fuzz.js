// Installs and runs the fuzzer, on the source files.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = readFileSync(new URL('../../fuzz/help.txt', import.meta.url), 'utf8').trimEnd();

/**
 * @param {string[]} args are passed to the fuzzer
 * @returns {Promise<number>} the exit code
 */
export async function command(args) {
  install(ROOT, 'all');
  const run = ['--import', 'tsx', 'fuzz/src/run.ts', ...args];
  const child = spawn(process.execPath, run, { cwd: ROOT, stdio: 'inherit' });
  // Ctrl-C goes to the fuzzer, which then prints its results.
  process.on('SIGINT', () => undefined);
  const [code] = await once(child, 'exit');
  return code ?? 1;
}
