// Runs single tests in the tree of mutation-tree.ts, on Node and on Deno. It stands in for uvu, which runs whole suites, and for
// `Deno.test`. It reports in lines of JSON behind a NUL: each test that begins, and what came of it.
import { readFileSync, writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import module from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** @typedef {(state: object) => unknown} Hook */
/** @typedef {{ begun: boolean, before: Hook[], beforeEach: Hook[], afterEach: Hook[] }} Hooks */
/** @typedef {{ name: string, body: Hook, state: object, hooks: Hooks }} Test */

/** The tests of the file that is being loaded. @type {Test[]} */
let registered = [];

/** Like uvu's: a suite is a function that registers tests. What it does after all tests is left out, as the process ends. */
export function suite() {
  const state = {};
  /** @type {Hooks} */
  const hooks = { begun: false, before: [], beforeEach: [], afterEach: [] };
  /** @type {Test[]} */
  const tests = [];
  const add = (/** @type {string} */ name, /** @type {Hook} */ body) => tests.push({ name, body, state, hooks });
  const hook = (/** @type {Hook[]} */ all, /** @type {Hook[]} */ each) =>
    Object.assign((/** @type {Hook} */ body) => all.push(body), {
      each: (/** @type {Hook} */ body) => each.push(body),
    });
  return Object.assign(add, {
    before: hook(hooks.before, hooks.beforeEach),
    after: hook([], hooks.afterEach),
    skip: () => undefined,
    run: () => registered.push(...tests.splice(0)),
  });
}

/** Like uvu's. */
export const test = suite();

/** Like Deno's: a test is a name and a body, or an object. */
function addDenoTest(/** @type {any} */ first, /** @type {Hook} */ body = first.fn) {
  if (first.ignore) return;
  denoTests(first.name ?? first, () => body({}));
  denoTests.run();
}
const denoTests = suite();

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

function end(/** @type {object} */ line) {
  report(line);
  process.exit(0);
}

/** @param {string} file @returns {Promise<Test[]>} */
async function load(file) {
  registered = [];
  await import(pathToFileURL(resolve(file)).href);
  return registered;
}

/** @param {Test} test */
async function runTest({ body, state, hooks }) {
  const all = [...(hooks.begun ? [] : hooks.before), ...hooks.beforeEach];
  hooks.begun = true;
  try {
    for (const hook of [...all, body]) await hook(state);
  } finally {
    for (const hook of hooks.afterEach) await hook(state);
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
    const started = performance.now();
    const failure = await runTest(test).then(
      () => '',
      (error) => String(error).slice(0, 200),
    );
    const time = Math.ceil(performance.now() - started);
    report({ name: test.name, index, time, failure, reached: await reached(session, places) });
  }
}

/**
 * @param {Session} session
 * @param {Record<string, number[]>} places
 */
async function reached(session, places) {
  /** @type {import('node:inspector').Profiler.ScriptCoverage[]} */
  const scripts = await new Promise((resolve, reject) => {
    session.post('Profiler.takePreciseCoverage', (error, taken) => (error ? reject(error) : resolve(taken.result)));
  });
  const found = /** @type {Record<string, number[]>} */ ({});
  for (const { url, functions } of scripts.filter((script) => places[script.url] !== undefined)) {
    // The inner ranges decide: they are written over the outer ones.
    const ranges = functions.flatMap(({ ranges }) => ranges);
    ranges.sort((a, b) => b.endOffset - b.startOffset - (a.endOffset - a.startOffset));
    const counts = new Uint8Array(Math.max(0, ...ranges.map(({ endOffset }) => endOffset)));
    for (const { startOffset, endOffset, count } of ranges) counts.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    found[url] = (places[url] ?? []).flatMap((place, index) => (counts[place] === 1 ? [index] : []));
  }
  return found;
}

/**
 * Runs tests until one fails.
 * @param {[file: string, indexes: number[]][]} selection tests, in this order
 */
async function kill(selection) {
  const loaded = /** @type {Record<string, Test[]>} */ ({});
  for (const [file, indexes] of selection) {
    report({ begun: `${file}: loading` });
    try {
      loaded[file] ??= await load(file);
    } catch (error) {
      end(error instanceof SyntaxError ? { invalid: String(error) } : { killed: `${file}: loading` });
    }
    for (const index of indexes) {
      const test = loaded[file]?.[index];
      const name = `${file}: ${test?.name}`;
      report({ begun: name });
      try {
        // A test that no longer exists counts as failed.
        if (test === undefined) throw new Error('missing');
        await runTest(test);
      } catch {
        end({ killed: name });
      }
    }
  }
}

// A test that expects such an exception has a listener of its own.
process.on('uncaughtException', (error) => {
  if (process.listenerCount('uncaughtException') === 1) end({ killed: `an exception that no test caught, ${error}` });
});
const { file, places, selection, kernel, imports } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const { Deno } = /** @type {any} */ (globalThis);
if (Deno !== undefined) {
  Deno.test = Object.assign(addDenoTest, { beforeAll: denoTests.before, afterAll: denoTests.after });
} else {
  // Deno has an import map for this.
  const hooks = `const imports = ${JSON.stringify(imports)};
export const resolve = (name, context, next) => (imports[name] ? { url: imports[name], shortCircuit: true } : next(name, context));`;
  module.register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}
if (!kernel) Reflect.deleteProperty(globalThis, 'WebAssembly');
// Not awaited, because the tests import this module and would wait for it.
(places === undefined ? kill(selection) : measure(file, places)).then(
  () => end({ done: true }),
  (error) =>
    process.nextTick(() => {
      throw error;
    }),
);
