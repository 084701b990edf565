// Runs the test files that test-process.js sends, one after the other, and reports the results of each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @typedef {() => Promise<[errors: string | true, passed: number, skipped: number, total: number]>} Run */

const [root = ''] = process.argv.slice(2);
const PATIENCE = 5000; // milliseconds

// The globals that uvu reads: whether it should leave running to us, and where run() registers a suite.
/** @type {Run[][]} */
const queues = [];
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: queues });

for (let path = await nextFile(); path !== ''; path = await nextFile()) {
  console.log(`\n${path}`);
  /** @type {Run[]} */
  const queue = [];
  Object.assign(globalThis, { UVU_INDEX: queues.push(queue) - 1 });
  const started = performance.now();
  const counts = await runFile(path, queue);
  const seconds = (performance.now() - started) / 1000;
  process.send?.({ ...counts, seconds, heap: process.memoryUsage().heapUsed });
}

setTimeout(() => {
  console.log(`\nStill open after the last test: ${process.getActiveResourcesInfo().join(', ')}`);
  process.exit(1);
}, PATIENCE).unref();

/**
 * Waits for the path of a file, or an empty one after the last. Only this wait keeps the process alive, so a test that can
 * no longer finish ends the process.
 * @returns {Promise<string>}
 */
function nextFile() {
  return new Promise((resolve) => {
    process.once('message', (path) => {
      process.channel?.unref();
      resolve(String(path));
    });
    process.channel?.ref();
  });
}

/**
 * @param {string} path
 * @param {Run[]} queue
 */
async function runFile(path, queue) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    await import(pathToFileURL(join(root, path)).href);
  } catch (error) {
    fail('could not be loaded:', error);
    return counts;
  }
  for (const run of queue) {
    try {
      const [errors, passed, skipped, total] = await run();
      counts.passed += passed;
      counts.failed += total - passed;
      counts.skipped += skipped;
      if (errors !== true) {
        console.log(`\n${errors}`);
      } else if (passed < total) {
        console.log('\n  FAIL  a before() threw (uvu does not say what)');
      }
    } catch (error) {
      fail('an after() threw:', error);
    }
  }
  const forgotten = suitesWithoutRun(readFileSync(join(root, path), 'utf8'));
  if (forgotten.length > 0) {
    fail(`never calls ${forgotten.map((name) => `${name}.run()`).join(', ')}, so that tests were left out`);
  } else if (queue.length === 0 || counts.passed + counts.failed + counts.skipped === 0) {
    fail('registered no test');
  }
  return counts;

  /** @param {unknown[]} reason */
  function fail(...reason) {
    counts.failed++;
    console.log(`\n  FAIL  ${path}`, ...reason);
  }
}

/**
 * uvu silently leaves out a suite whose run() is not called.
 * @param {string} source of a test file
 */
function suitesWithoutRun(source) {
  const names = [...source.matchAll(/\b(?:const|let)\s+(\w+)\s*=\s*suite\b/g)].map(([, name]) => name ?? '');
  if (/\bimport\s*\{[^}]*\btest\b[^}]*\}\s*from\s*['"]uvu['"]/.test(source)) {
    names.push('test');
  }
  return names.filter((name) => !new RegExp(`\\b${name}\\.run\\(`).test(source));
}
