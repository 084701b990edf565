// Starts the processes that run test files (test-child.js), some at a time, and adds up their reports.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('test-child.js', import.meta.url));
const FOLLOW = new URL('follow.js', import.meta.url).href;
/** A process with a larger heap, in bytes, is replaced by a new one, because collecting garbage would slow it down. */
const FULL = 100 * 2 ** 20;
/** @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {Counts & { seconds: number, heap: number }} Report the report of a child about a file */
/** @typedef {{ path: string, seconds: number }} Time */
/** @typedef {{ name: string, folder: string, paths: string[] }} Group the test files of a package */

/**
 * @typedef {object} How
 * @property {string} program the Node that runs the tests
 * @property {number} timeout for each file, in seconds
 * @property {number} workers how many processes run at a time
 * @property {Record<string, string>} env
 * @property {(folder: string) => { loader: string, env: Record<string, string> } | undefined} measure
 */

/**
 * Runs test files. A process takes files of one package until none is left. It takes those of a package that no other process
 * has, if there is one, since each process of a package loads and compiles that package anew. The output of a file is printed
 * when it has ended. A file that ends its process fails, and another process continues.
 * @param {string} root
 * @param {Group[]} groups
 * @param {How} how
 * @returns {Promise<Counts & { times: Time[] }>}
 */
export async function runTests(root, groups, how) {
  const total = { passed: 0, failed: 0, skipped: 0, times: /** @type {Time[]} */ ([]) };
  const left = groups.map(({ folder, paths }) => ({ folder, paths: [...paths], processes: 0 }));
  const outputs = mkdtempSync(join(tmpdir(), 'sockless-test-'));
  /** @type {Set<() => void>} */
  const running = new Set();
  const interrupt = (/** @type {NodeJS.Signals} */ signal) => {
    for (const end of running) end();
    rmSync(outputs, { recursive: true, force: true });
    process.exit(128 + constants.signals[signal]);
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  try {
    await Promise.all(Array.from({ length: how.workers }, (_, index) => work(join(outputs, String(index)))));
  } finally {
    for (const signal of SIGNALS) process.off(signal, interrupt);
    rmSync(outputs, { recursive: true, force: true });
  }
  return total;

  /** @param {string} output the file that its processes write to */
  async function work(output) {
    for (let group = next(); group !== undefined; group = next()) {
      group.processes++;
      await runProcess(root, group, output, how, total, running);
      group.processes--;
    }
  }

  function next() {
    const unfinished = left.filter(({ paths }) => paths.length > 0);
    return unfinished.find(({ processes }) => processes === 0) ?? unfinished[0];
  }
}

/**
 * Runs files of a package in a process of its own, until none is left, its heap is full, or a file has ended it.
 * @param {string} root
 * @param {{ folder: string, paths: string[] }} group the files are taken from here
 * @param {string} output
 * @param {How} how
 * @param {Counts & { times: Time[] }} total receives the counts
 * @param {Set<() => void>} running
 */
async function runProcess(root, { folder, paths }, output, how, total, running) {
  const measure = how.measure(folder);
  const imports = ['--import', FOLLOW, '--import', measure?.loader ?? 'tsx'];
  // A file rather than a pipe: its contents are complete when the report arrives, whichever process wrote them.
  const written = openSync(output, 'w+');
  const child = spawn(how.program, [...imports, CHILD, root], {
    cwd: join(root, folder),
    detached: true, // its own group, so that processes started by its tests can be ended with it
    stdio: ['ignore', written, written, 'ipc'],
    env: { ...process.env, ...how.env, ...measure?.env },
  });
  let printed = 0;
  let started = performance.now();
  /** @type {string | undefined} */
  let file;
  let late = false;
  let full = false;

  const watchdog = setTimeout(() => {
    late = true;
    endGroup();
  }, how.timeout * 1000);
  const take = () => {
    file = full ? undefined : paths.shift();
    started = performance.now();
    watchdog.refresh();
    child.send(file ?? '', () => undefined); // if this fails, the exit event reports it
  };
  child.on('message', (/** @type {Report} */ { passed, failed, skipped, seconds, heap }) => {
    full = heap > FULL;
    count({ passed, failed, skipped });
    total.times.push({ path: String(file), seconds });
    print();
    take();
  });
  running.add(endGroup);
  take();

  const [[code, signal]] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')]);
  clearTimeout(watchdog);
  endGroup();
  running.delete(endGroup);
  print();
  closeSync(written);

  let problem = '';
  if (file !== undefined) {
    total.times.push({ path: file, seconds: (performance.now() - started) / 1000 });
    problem = late
      ? `${file} did not end within ${how.timeout} seconds; its process was killed`
      : `${file} ended its process (${signal ?? code}) before its tests had ended`;
  } else if (code !== 0) {
    problem = `${folder}: the process failed (${signal ?? code}) after its last test`;
  }
  if (problem) {
    count({ passed: 0, failed: 1, skipped: 0 });
    console.log(`\n  FAIL  ${problem}`);
  }

  /** @param {Counts} more */
  function count({ passed, failed, skipped }) {
    total.passed += passed;
    total.failed += failed;
    total.skipped += skipped;
  }

  function print() {
    const chunk = Buffer.alloc(65_536);
    for (let size = read(); size > 0; size = read()) {
      process.stdout.write(Uint8Array.from(chunk.subarray(0, size)));
      printed += size;
    }
    function read() {
      return readSync(written, chunk, 0, chunk.length, printed);
    }
  }

  function endGroup() {
    try {
      process.kill(-Number(child.pid), 'SIGKILL');
    } catch {} // the group no longer exists
  }
}
