// Runs single tests in the tree made by mutation-tree.js, on Node and on Deno. It replaces uvu, which runs whole suites, and
// `Deno.test`. It reports in lines of JSON behind a NUL: each test that begins, and the final result.
import { readFileSync, writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @typedef {{ name: string, body: (state: object) => unknown, suite: Suite }} Test */
/** @typedef {{ state: object, begun: boolean, before: Hook[], beforeEach: Hook[], after: Hook[], afterEach: Hook[] }} Suite */
/** @typedef {(state: object) => unknown} Hook */

/** The tests of the file that is being loaded. @type {Test[]} */
let registered = [];

/** Like uvu's: a suite is a function that registers tests. */
export function suite() {
  /** @type {Suite} */
  const self = { state: {}, begun: false, before: [], beforeEach: [], after: [], afterEach: [] };
  /** @type {Test[]} */
  const tests = [];
  const add = (/** @type {string} */ name, /** @type {Hook} */ body) => tests.push({ name, body, suite: self });
  const hook = (/** @type {Hook[]} */ hooks, /** @type {Hook[]} */ each) =>
    Object.assign((/** @type {Hook} */ body) => hooks.push(body), {
      each: (/** @type {Hook} */ body) => each.push(body),
    });
  return Object.assign(add, {
    before: hook(self.before, self.beforeEach),
    after: hook(self.after, self.afterEach),
    self,
    skip: () => undefined,
    run: () => registered.push(...tests),
  });
}

/** Like uvu's. */
export const test = suite();

/** Like Deno's: a test is a name and a body, or an object. */
const denoTest = suite();
const addDenoTest = (/** @type {any} */ first, /** @type {Hook} */ body = first.fn) => {
  if (!first.ignore) registered.push({ name: first.name ?? first, body: () => body({}), suite: denoTest.self });
};

/** Writes a whole report even if the pipe is full and tests print as well. @param {object} line */
function report(line) {
  for (let rest = Buffer.from(`\n\0${JSON.stringify(line)}\n`); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
    }
  }
}
const end = (/** @type {object} */ line) => {
  report(line);
  process.exit(0);
};

/**
 * @param {string} file
 * @returns {Promise<Test[]>}
 */
async function load(file) {
  registered = [];
  await import(pathToFileURL(resolve(file)).href);
  return registered;
}

/** @param {Test} test */
async function runTest({ body, suite }) {
  const { state } = suite;
  if (!suite.begun) {
    suite.begun = true;
    for (const hook of suite.before) await hook(state);
  }
  try {
    for (const hook of suite.beforeEach) await hook(state);
    await body(state);
  } finally {
    for (const hook of suite.afterEach) await hook(state);
  }
}

/**
 * Runs all tests of a file, and reports for each how long it took and which places it reached.
 * @param {string} file
 * @param {Record<string, number[]>} places in the sources, by URL; reached places are reported by their index
 */
async function measure(file, places) {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const tests = await load(file);
  report({ loaded: await reached(session, places) });
  for (const [index, test] of tests.entries()) {
    report({ begun: index });
    const started = performance.now();
    let failure = '';
    try {
      await runTest(test);
    } catch (error) {
      failure = String(error).slice(0, 200);
    }
    const time = Math.ceil(performance.now() - started);
    report({ name: test.name, index, time, failure, reached: await reached(session, places) });
  }
  end({ done: true });
}

/**
 * @param {Session} session
 * @param {Record<string, number[]>} places
 * @returns {Promise<Record<string, number[]>>}
 */
async function reached(session, places) {
  /** @type {Record<string, number[]>} */
  const found = {};
  // Deno calls back asynchronously.
  const result = await new Promise((resolve, reject) => {
    session.post('Profiler.takePreciseCoverage', (error, taken) => (error ? reject(error) : resolve(taken.result)));
  });
  for (const { url, functions } of /** @type {import('node:inspector').Profiler.ScriptCoverage[]} */ (result)) {
    const wanted = places[url];
    if (wanted === undefined) continue;
    const ranges = functions.flatMap(({ ranges }) => ranges);
    ranges.sort((a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset));
    const counts = new Uint8Array(Math.max(0, ...ranges.map(({ endOffset }) => endOffset)));
    for (const { startOffset, endOffset, count } of ranges) counts.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    found[url] = wanted.flatMap((place, index) => (counts[place] === 1 ? [index] : []));
  }
  return found;
}

/**
 * Runs tests until one fails.
 * @param {[file: string, indexes: number[]][]} selection tests, in this order
 */
async function kill(selection) {
  /** @type {Map<string, Test[]>} */
  const files = new Map();
  for (const [file, indexes] of selection) {
    report({ begun: `${file}: loading` });
    let tests = files.get(file);
    try {
      tests ??= await load(file);
    } catch (error) {
      return end(error instanceof SyntaxError ? { invalid: String(error) } : { killed: `${file}: loading` });
    }
    files.set(file, tests);
    for (const index of indexes) {
      const test = tests[index];
      const name = `${file}: ${test?.name}`;
      report({ begun: name, index });
      try {
        // A test that no longer exists counts as failed.
        if (test === undefined) throw new Error('missing');
        await runTest(test);
      } catch {
        return end({ killed: name });
      }
    }
  }
  return end({ survived: true });
}

// A test that expects such an exception has a listener of its own.
process.on('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') === 1) end({ killed: `an exception that no test caught, ${error}` });
});
const { Deno } = /** @type {any} */ (globalThis);
if (Deno !== undefined) {
  Deno.test = Object.assign(addDenoTest, { beforeAll: denoTest.before, afterAll: denoTest.after });
}
const { file, places, selection, kernel } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
if (!kernel) Reflect.deleteProperty(globalThis, 'WebAssembly');
// Not awaited, because the tests import this module and would wait for it.
(places === undefined ? kill(selection) : measure(file, places)).catch((error) => {
  process.nextTick(() => {
    throw error;
  });
});
