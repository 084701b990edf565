// A copy of a package without its types, in which the tests run against one mutant after the other.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { mutate } from './mutants.js';
import { blank, CHILD, hostOf, layOut, scriptName, testFilesOf } from './mutation-packages.js';
import { DENO_ENV } from './native.js';
import { Failure } from './workspace.js';

/** The tests named in this file also run in a process without WebAssembly. */
const WITHOUT = 'test/without-webassembly.test.ts';

/**
 * How long a test may take with a mutant: a multiple of its time without one, plus some milliseconds. Loading has a limit of its own,
 * because it takes long on a busy machine, and a limit that is too short would count mutants as killed that are not.
 */
const PATIENCE = { factor: 20, more: 10_000, loading: 120_000 };
/** Slower tests run after all others have passed, or not at all, in milliseconds. */
const SLOW = 100;
const TOO_SLOW = 4000;
/** Precedes each report of a child, since tests print too. */
const MARK = '\0';

/** @typedef {import('./mutants.js').Mutant} Mutant */
/** @typedef {{ title: string, file: string, kernel: boolean, index: number, name: string, time: number, reached: Set<Mutant | undefined> }} MeasuredTest */
/** @typedef {{ tests: MeasuredTest[], loading: Map<string, Set<Mutant | undefined>>, left: string[] }} Measured */
/**
 * A report of a child (mutation-child.js).
 * @typedef {object} Line
 * @property {Record<string, number[]>} [loaded] the places reached by loading a file
 * @property {number | string} [begun] the test that begins
 * @property {string} [name] the name of a test that has been measured
 * @property {number} [index]
 * @property {number} [time] in milliseconds
 * @property {string} [failure]
 * @property {Record<string, number[]>} [reached]
 * @property {true} [done] whether all tests have been measured
 * @property {string} [killed] the test that killed the mutant
 * @property {true} [survived]
 * @property {string} [invalid] the reason why the mutant could not be loaded
 */
/** @typedef {{ by: string } | { by: undefined, reached: boolean }} Verdict the test that killed a mutant, if any */

/**
 * @param {string} root of the workspace
 * @param {import('./mutation-packages.js').Mutated} mutated
 */
export function createTree(root, mutated) {
  const { folder } = mutated;
  const tree = layOut(root, mutated, pathToFileURL(CHILD).href);
  const cwd = join(tree, folder);
  const [program = '', ...args] = hostOf(root, tree, mutated);
  return { measure, put, remove: () => rmSync(tree, { recursive: true, force: true }) };

  /**
   * Runs every test once, without a mutant.
   * @param {readonly Mutant[]} mutants
   * @param {readonly string[]} parts run only files whose path contains one of these
   * @param {(line: string) => void} progress
   * @returns {Promise<Measured>}
   */
  async function measure(mutants, parts, progress) {
    /** @type {Record<string, Mutant[]>} */
    const byUrl = {};
    for (const mutant of mutants) {
      const url = pathToFileURL(scriptName(join(cwd, 'src', mutant.file))).href;
      byUrl[url] = [...(byUrl[url] ?? []), mutant];
    }
    const places = Object.fromEntries(Object.entries(byUrl).map(([url, all]) => [url, all.map(({ start }) => start)]));
    const reachedBy = (/** @type {Record<string, number[]>} */ found) =>
      new Set(Object.entries(found).flatMap(([url, indexes]) => indexes.map((index) => byUrl[url]?.[index])));
    /** @type {Measured} */
    const measured = { tests: [], loading: new Map(), left: [] };
    const testFiles = testFilesOf(tree, mutated).map((path) => relative(cwd, join(tree, path)));
    const whole = testFiles.filter((path) => path !== WITHOUT);
    const environments = [...whole.map((path) => ({ path, kernel: true })), ...withoutKernel(cwd)].filter(
      ({ path }) => parts.length === 0 || parts.some((part) => path.includes(part)),
    );
    for (const [at, { path, kernel }] of environments.entries()) {
      const file = scriptName(path);
      const title = kernel ? file : `${file} (without WebAssembly)`;
      progress(`${at + 1}/${environments.length} ${title}`);
      let complete = false;
      let why = '';
      const patience = () => PATIENCE.loading;
      await run(
        { file, places, kernel },
        patience,
        ({ done, killed = '', loaded, reached, name = '', index = 0, time = 0, failure }) => {
          why = killed;
          if (done) complete = true;
          else if (loaded) measured.loading.set(title, reachedBy(loaded));
          else if (failure) measured.left.push(`${title}: ${name}: ${failure}`);
          else if (time > TOO_SLOW) measured.left.push(`${title}: ${name}: ${time} ms`);
          else if (reached)
            measured.tests.push({ title, file, kernel, index, name, time, reached: reachedBy(reached) });
        },
      );
      if (!complete) measured.left.push(`${title}: it ended its process ${why}`);
    }
    return measured;
  }

  /**
   * Runs the tests that reach a mutant, the quick ones first, until one fails.
   * @param {Mutant} mutant
   * @param {Measured} measured
   * @returns {Promise<Verdict>}
   */
  async function put(mutant, { tests, loading }) {
    const able = tests.filter(({ title, reached }) => reached.has(mutant) || loading.get(title)?.has(mutant));
    const path = join(cwd, 'src', mutant.file);
    const source = blank(readFileSync(path, 'utf8'));
    writeFileSync(scriptName(path), mutate(source, mutant));
    try {
      for (const kernel of [true, false]) {
        const by = await runUntilFailure(
          able.filter((test) => test.kernel === kernel),
          kernel,
        );
        if (by !== undefined) return { by };
      }
      return { by: undefined, reached: able.length > 0 };
    } catch (error) {
      throw error instanceof SyntaxError
        ? new Failure(`${mutant.file}:${mutant.line} ${mutant.change}: ${error}`)
        : error;
    } finally {
      writeFileSync(scriptName(path), source);
    }
  }

  /**
   * @param {readonly MeasuredTest[]} tests
   * @param {boolean} kernel whether WebAssembly is available
   * @returns {Promise<string | undefined>} the name of the test that failed
   */
  async function runUntilFailure(tests, kernel) {
    if (tests.length === 0) return undefined;
    const isSlow = (/** @type {MeasuredTest} */ { time }) => time > SLOW;
    const selection = [...inFiles(tests.filter((test) => !isSlow(test))), ...inFiles(tests.filter(isSlow))];
    const times = new Map(tests.map(({ file, name, time }) => [`${file}: ${name}`, time]));
    const limit = (/** @type {Line} */ { begun }) => {
      const time = times.get(String(begun));
      return time === undefined ? PATIENCE.loading : PATIENCE.more + PATIENCE.factor * time;
    };
    let current = '';
    /** @type {string | undefined} */
    let by = 'the end of the process';
    const late = await run({ selection, kernel }, limit, ({ invalid, begun, killed, survived }) => {
      if (invalid) throw new SyntaxError(invalid);
      if (begun) current = String(begun);
      if (killed) by = killed;
      if (survived) by = undefined;
    });
    return late ? `${current} (it did not end)` : by;
  }

  /**
   * @param {object} task
   * @param {(line: Line) => number} limit how long the child may be silent after a line, in milliseconds
   * @param {(line: Line) => void} each
   * @returns {Promise<boolean>} whether it was silent for too long
   */
  async function run(task, limit, each) {
    const path = join(tree, 'task.json');
    writeFileSync(path, JSON.stringify(task));
    const child = spawn(program, [...args, CHILD, path], {
      cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...DENO_ENV, SOCKLESS_TEST_ALL: '1', RUNS: '0.1', SEED: '1', NODE_V8_COVERAGE: undefined },
    });
    let late = false;
    let watchdog = setTimeout(expire, PATIENCE.loading);
    const closed = once(child, 'close');
    for await (const text of createInterface({ input: child.stdout })) {
      const at = text.indexOf(MARK);
      if (at === -1) continue;
      /** @type {Line} */
      const line = JSON.parse(text.slice(at + 1));
      clearTimeout(watchdog);
      watchdog = setTimeout(expire, limit(line));
      each(line);
    }
    await closed;
    clearTimeout(watchdog);
    return late;

    function expire() {
      late = true;
      child.kill('SIGKILL');
    }
  }
}

/**
 * Returns the tests that also run without WebAssembly, as listed by the package.
 * @param {string} cwd of the package
 */
function withoutKernel(cwd) {
  const path = join(cwd, WITHOUT);
  const source = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return [...source.matchAll(/'([\w/-]+\.test\.ts)'/g)].map(([, name]) => ({ path: `test/${name}`, kernel: false }));
}

/**
 * Groups tests by their files, the quickest file first.
 * @param {readonly MeasuredTest[]} tests
 * @returns {[file: string, indexes: number[]][]}
 */
function inFiles(tests) {
  /** @type {Map<string, { time: number, indexes: number[] }>} */
  const groups = new Map();
  for (const { file, index, time } of tests) {
    const group = groups.get(file) ?? { time: 0, indexes: [] };
    group.time += time;
    group.indexes.push(index);
    groups.set(file, group);
  }
  return [...groups].sort(([, a], [, b]) => a.time - b.time).map(([file, { indexes }]) => [file, indexes]);
}
