// A copy of a package without its types, in which one mutant after the other is put to the tests.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import blankTypes from 'ts-blank-space';
import { mutate } from './mutants.js';
import { Failure, files } from './workspace.js';

const CHILD = fileURLToPath(new URL('mutation-child.js', import.meta.url));

/** The tests that this file names run in a process without WebAssembly as well. */
const WITHOUT = 'test/without-webassembly.test.ts';

/**
 * How long a test may take with a mutant: as long as it took without, so many times, and some milliseconds. Loading is not
 * measured, and on a busy machine it takes long: to lose patience there would be to see mutants killed that are not.
 */
const PATIENCE = { factor: 20, more: 10_000, loading: 120_000 };
/** Tests that take longer than this are left until all others have passed, or left out, in milliseconds. */
const SLOW = 100;
const TOO_SLOW = 4000;

/** @typedef {import('./mutants.js').Mutant} Mutant */
/** @typedef {{ title: string, file: string, kernel: boolean, index: number, name: string, time: number, reached: Set<Mutant | undefined> }} MeasuredTest */
/** @typedef {{ tests: MeasuredTest[], loading: Map<string, Set<Mutant | undefined>>, left: string[] }} Measured */
/**
 * What a child reports (mutation-child.js).
 * @typedef {object} Line
 * @property {Record<string, number[]>} [loaded] what was reached by loading a file
 * @property {number | string} [begun] the test that begins
 * @property {string} [name] of a test that has been measured
 * @property {number} [index]
 * @property {number} [time] in milliseconds
 * @property {string} [failure]
 * @property {Record<string, number[]>} [reached]
 * @property {true} [done] all have been measured
 * @property {string} [killed] by which test
 * @property {true} [survived]
 * @property {string} [invalid] why the mutant could not be loaded at all
 */
/** @typedef {{ by: string } | { by: undefined, reached: boolean }} Verdict whom a mutant was killed by */

/**
 * @param {string} root of the workspace
 * @param {string} folder of the package
 * @param {string[]} sources other folders of TypeScript that its tests import from
 */
export function createTree(root, folder, sources) {
  const tree = mkdtempSync(join(tmpdir(), 'sockless-mutation-'));
  const cwd = join(tree, folder);
  for (const path of [`${folder}/src`, `${folder}/test`, ...sources].flatMap((from) => files(root, from))) {
    const target = join(tree, path);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, path), target);
    if (path.endsWith('.ts')) writeFileSync(scriptName(target), blank(readFileSync(target, 'utf8')));
  }
  for (const path of new Set([folder, ...sources.map((from) => dirname(from))])) {
    for (const name of ['package.json', 'node_modules']) {
      if (existsSync(join(root, path, name))) symlinkSync(join(root, path, name), join(tree, path, name));
    }
  }
  if (!existsSync(join(tree, 'packages/tools')))
    symlinkSync(join(root, 'packages/tools'), join(tree, 'packages/tools'));
  writeUvu(root, tree);
  return { measure, put, remove: () => rmSync(tree, { recursive: true, force: true }) };

  /**
   * Runs every test once, without a mutant.
   * @param {readonly Mutant[]} mutants
   * @param {readonly string[]} parts only the files whose path contains one of these
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
    const testFiles = files(tree, `${folder}/test`).map((path) => path.slice(folder.length + 1));
    const whole = testFiles.filter((path) => path.endsWith('.test.ts') && path !== WITHOUT);
    const environments = [...whole.map((path) => ({ path, kernel: true })), ...withoutKernel(cwd)].filter(
      ({ path }) => parts.length === 0 || parts.some((part) => path.includes(part)),
    );
    for (const [at, { path, kernel }] of environments.entries()) {
      const file = scriptName(path);
      const title = kernel ? file : `${file} (without WebAssembly)`;
      progress(`${at + 1}/${environments.length} ${title}`);
      let complete = false;
      const patience = () => PATIENCE.loading;
      await run(
        { file, places, kernel },
        patience,
        ({ done, loaded, reached, name = '', index = 0, time = 0, failure }) => {
          if (done) complete = true;
          else if (loaded) measured.loading.set(title, reachedBy(loaded));
          else if (failure) measured.left.push(`${title}: ${name}: ${failure}`);
          else if (time > TOO_SLOW) measured.left.push(`${title}: ${name}: ${time} ms`);
          else if (reached)
            measured.tests.push({ title, file, kernel, index, name, time, reached: reachedBy(reached) });
        },
      );
      if (!complete) measured.left.push(`${title}: it ended its process`);
    }
    return measured;
  }

  /**
   * Puts a mutant to all tests that reach it, the quick ones first, until one fails.
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
   * @param {boolean} kernel whether there is WebAssembly
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
    const child = spawn(process.execPath, ['--max-old-space-size=1024', CHILD], {
      cwd,
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
      env: { ...process.env, SOCKLESS_TEST_ALL: '1', RUNS: '0.1', SEED: '1', NODE_V8_COVERAGE: undefined },
    });
    const [stdin, , , reports] = child.stdio;
    stdin?.end(JSON.stringify(task));
    let late = false;
    let watchdog = setTimeout(expire, PATIENCE.loading);
    const closed = once(child, 'close');
    for await (const text of createInterface({ input: /** @type {import('node:stream').Readable} */ (reports) })) {
      /** @type {Line} */
      const line = JSON.parse(text);
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

/** What Node loads in the place of a source in TypeScript. @param {string} path */
function scriptName(path) {
  return path.replace(/\.ts$/, '.js');
}

/** The source without its types, each character in its place. @param {string} source */
function blank(source) {
  return blankTypes(source).replace(/(\bfrom |\bimport |\bimport\()'([^'\n]*)\.ts'/g, "$1'$2.js'");
}

/**
 * What else is to be run without WebAssembly, as the package says itself.
 * @param {string} cwd of the package
 */
function withoutKernel(cwd) {
  const path = join(cwd, WITHOUT);
  const source = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return [...source.matchAll(/'([\w/-]+\.test\.ts)'/g)].map(([, name]) => ({ path: `test/${name}`, kernel: false }));
}

/**
 * uvu in the tree is what mutation-child.js makes of it; its assertions are its own.
 * @param {string} root
 * @param {string} tree
 */
function writeUvu(root, tree) {
  const uvu = join(tree, 'node_modules/uvu');
  const names = readdirSync(join(root, 'node_modules')).filter((name) => name !== 'uvu' && !name.startsWith('.'));
  mkdirSync(uvu, { recursive: true });
  for (const name of names) symlinkSync(join(root, 'node_modules', name), join(tree, 'node_modules', name));
  const assert = pathToFileURL(join(root, 'node_modules/uvu/assert/index.mjs')).href;
  const exports = { '.': './index.js', './assert': './assert.js' };
  writeFileSync(join(uvu, 'package.json'), JSON.stringify({ name: 'uvu', type: 'module', exports }));
  writeFileSync(join(uvu, 'index.js'), `export * from '${pathToFileURL(CHILD).href}';`);
  writeFileSync(join(uvu, 'assert.js'), `export * from '${assert}';`);
}

/**
 * Groups tests by their files, the file with the least to do first.
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
