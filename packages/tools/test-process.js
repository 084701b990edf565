// Runs a test file in a process of its own (test-child.js), and counts what uvu reports. uvu's own command runs all files in one
// process, one after the other and without a time limit, and it does not notice a suite that never runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const CHILD = fileURLToPath(new URL('test-child.js', import.meta.url));
const TOTALS = /Total: +(\d+)\n +Passed: +(\d+)\n +Skipped: +(\d+)/g;

/**
 * Ends what still runs: each process has a group of its own, which Ctrl-C does not reach.
 * @type {Set<() => void>}
 */
export const running = new Set();

/**
 * @typedef {object} How
 * @property {string} program the Node that runs the file
 * @property {string} loader
 * @property {NodeJS.ProcessEnv} env
 * @property {number} timeout in seconds
 * @property {string} output the path of a file for what the process prints
 */

/**
 * Runs a test file, and prints its output when its process has ended.
 * @param {string} root
 * @param {{ folder: string, path: string }} file
 * @param {How} how
 */
export async function runFile(root, { folder, path }, { program, loader, env, timeout, output }) {
  const started = performance.now();
  // A pipe would stay open as long as any process that the tests have started.
  const written = openSync(output, 'w');
  const child = spawn(program, ['--import', loader, CHILD, root, path], {
    cwd: join(root, folder),
    detached: true, // its own group, so that processes started by its tests can be ended with it
    stdio: ['ignore', written, written],
    env: { ...process.env, ...env },
    timeout: timeout * 1000,
    killSignal: 'SIGKILL',
  });
  closeSync(written);
  const end = () => {
    try {
      process.kill(-Number(child.pid), 'SIGKILL');
    } catch {} // the group no longer exists
  };
  running.add(end);
  const [code, signal] = await once(child, 'exit');
  end();
  running.delete(end);

  const text = readFileSync(output, 'utf8');
  const totals = [...stripVTControlCharacters(text).matchAll(TOTALS)].at(-1)?.map(Number);
  const [, total = 0, passed = 0, skipped = 0] = totals ?? [];
  const forgotten = suitesWithoutRun(readFileSync(join(root, path), 'utf8'));
  let problem = '';
  if (child.killed) problem = `did not end within ${timeout} seconds; its process was killed`;
  else if (totals === undefined) problem = `ended its process (${signal ?? code}) before its tests had ended`;
  else if (forgotten.length > 0) problem = `never calls ${forgotten.join(', ')}, so that tests were left out`;
  else if (total + skipped === 0) problem = 'registered no test';
  else if (passed < total && code === 0) problem = 'has a before() that threw (uvu does not say what)';
  else if (passed === total && code !== 0) problem = `ended its process (${signal ?? code}) after its last test`;
  process.stdout.write(`\n${text.trim()}\n${problem && `\n  FAIL  ${path} ${problem}\n`}`);
  const failed = Math.max(total - passed, problem ? 1 : 0);
  return { path, passed, failed, skipped, seconds: (performance.now() - started) / 1000 };
}

/**
 * uvu silently leaves out a suite whose run() is not called.
 * @param {string} source of a test file
 * @returns {string[]} the calls that are missing
 */
function suitesWithoutRun(source) {
  const names = [...source.matchAll(/\b(?:const|let)\s+(\w+)\s*=\s*suite\b/g)].map(([, name]) => name);
  if (/\bimport\s*\{[^}]*\btest\b[^}]*\}\s*from\s*['"]uvu['"]/.test(source)) names.push('test');
  return names.map((name) => `${name}.run()`).filter((call) => !source.includes(call));
}
