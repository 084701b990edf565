// Starts the processes that run test files (test-child.js), watches them and counts what they report.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('test-child.js', import.meta.url));
const FOLLOW = new URL('follow.js', import.meta.url).href;
/** @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ begun: true } | { done: true } | Counts} Report */
/** @typedef {{ imports: string[], env: Record<string, string> }} Measure */

/**
 * @param {Counts} total
 * @param {Counts} more
 */
export function add(total, more) {
  total.passed += more.passed;
  total.failed += more.failed;
  total.skipped += more.skipped;
}

/**
 * Runs the test files of one package in one process. A file that ends the process fails; the rest goes on in another.
 * @param {string} root
 * @param {string} folder of the package, relative to the root
 * @param {string[]} paths of the files, relative to the root
 * @param {number} timeout for each file, in seconds
 * @param {Measure} [measure]
 * @returns {Promise<Counts>}
 */
export async function runTests(root, folder, paths, timeout, measure) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let rest = paths;
  while (rest.length > 0) {
    const { begun, done, late, code } = await runProcess(root, folder, rest, timeout, counts, measure);
    const file = rest[begun - 1];
    let problem = '';
    if (file === undefined) {
      problem = `${folder}: its tests could not be started`;
    } else if (late) {
      problem = `${file} did not end within ${timeout} seconds; its process was killed`;
    } else if (!done) {
      problem = `${file} ended its process (${code}) before its tests had ended`;
    } else if (code !== 0) {
      problem = `${folder}: the process failed (${code}) after its last test`;
    }
    if (problem) {
      counts.failed++;
      console.log(`\n  FAIL  ${problem}`);
    }
    rest = file === undefined ? [] : rest.slice(begun);
  }
  return counts;
}

/**
 * @param {string} root
 * @param {string} folder
 * @param {string[]} paths
 * @param {number} timeout
 * @param {Counts} counts is added to
 * @param {Measure} [measure]
 */
async function runProcess(root, folder, paths, timeout, counts, measure) {
  const imports = ['--import', FOLLOW, '--import', 'tsx', ...(measure?.imports ?? [])];
  const child = spawn(process.execPath, [...imports, CHILD, root, ...paths], {
    cwd: join(root, folder),
    detached: true, // a group of its own, so that whatever its tests have started can be ended with it
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...measure?.env },
  });
  let begun = 0;
  let done = false;
  let late = false;

  const watchdog = setTimeout(() => {
    late = true;
    endGroup();
  }, timeout * 1000);
  child.on('message', (/** @type {Report} */ report) => {
    if ('begun' in report) {
      begun++;
      watchdog.refresh();
    } else if ('done' in report) {
      done = true;
    } else {
      add(counts, report);
    }
  });
  for (const signal of SIGNALS) {
    process.on(signal, interrupt);
  }

  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  clearTimeout(watchdog);
  for (const name of SIGNALS) {
    process.off(name, interrupt);
  }
  endGroup();
  return { begun, done, late, code: signal ?? code };

  function endGroup() {
    try {
      process.kill(-Number(child.pid), 'SIGKILL');
    } catch {} // nothing is left of it
  }

  /** @param {NodeJS.Signals} name */
  function interrupt(name) {
    endGroup();
    process.exit(128 + constants.signals[name]);
  }
}
