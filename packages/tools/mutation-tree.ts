/** A copy of the packages without types, in which tests run against one mutant after the other. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import blankTypes from 'ts-blank-space';
import { type Mutant, mutate } from './mutants.ts';
import { DENO, DENO_ENV, findProgram } from './native.js';
import { Failure, files, packages } from './workspace.js';

/** The packages whose tests run against the mutants of a package. */
export const TESTED_BY: Readonly<Record<string, readonly string[]>> = {
  core: ['core'],
  adapter: ['adapter', 'node'],
  node: ['node'],
  deno: ['deno', 'node'],
};

/** The tests that run on Deno: those that use `Deno.test`, and those of Node's adapter listed in this file. */
const ON_DENO = { own: 'packages/deno/test/on-deno', shared: 'packages/deno/test/node-behaviour.test.ts' };

/** The tests named in this file also run in a process without WebAssembly. */
const WITHOUT = 'test/without-webassembly.test.ts';

const CHILD = fileURLToPath(new URL('mutation-child.js', import.meta.url));

/**
 * How long a test may take with a mutant: a multiple of its time without one, plus some milliseconds. Loading has a limit of its own,
 * because it takes long on a busy machine, and a limit that is too short would count mutants as killed that are not.
 */
const PATIENCE = { factor: 20, more: 10_000, loading: 120_000 };

/** Slower tests run after all others have passed, or not at all, in milliseconds. */
const SLOW = 100;
const TOO_SLOW = 4000;

/** A test, and what it reaches. */
export interface MeasuredTest {
  readonly file: string;
  readonly kernel: boolean;
  readonly index: number;
  readonly name: string;
  readonly time: number;
  readonly reached: ReadonlySet<Mutant | undefined>;
}

export interface Measured {
  readonly tests: MeasuredTest[];
  /** Those that are too slow, or fail without a mutant. */
  readonly left: string[];
}

/** The test that killed a mutant, if any. */
export type Verdict = { readonly by: string } | { readonly by: undefined; readonly reached: boolean };

/** A report of mutation-child.js. */
interface Line {
  /** The test that begins. */
  readonly begun?: string;
  /** The places reached, by loading a file or by one of its tests. */
  readonly loaded?: Reached;
  readonly reached?: Reached;
  readonly name?: string;
  readonly index?: number;
  readonly time?: number;
  readonly failure?: string;
  /** All tests have been measured, or have passed. */
  readonly done?: true;
  readonly killed?: string;
  /** Why the mutant could not be loaded. */
  readonly invalid?: string;
}
type Reached = Readonly<Record<string, readonly number[]>>;

export interface Tree {
  /** Runs every test once without a mutant: of the files whose path contains one of these parts, or of all. */
  measure(mutants: readonly Mutant[], parts: readonly string[], progress: (line: string) => void): Promise<Measured>;
  /** Runs the tests that reach a mutant, the quick ones first, until one fails. */
  put(mutant: Mutant, measured: Measured): Promise<Verdict>;
  remove(): void;
}

/** Makes the copy for the mutants of a package. */
export function createTree(
  root: string,
  name: string,
  testedBy: readonly string[] = TESTED_BY[name] ?? [],
  patience = PATIENCE,
): Tree {
  const tree = mkdtempSync(join(tmpdir(), 'sockless-mutation-'));
  const cwd = join(tree, 'packages', name);
  const onDeno = name === 'deno';
  const imports = copy(root, tree, onDeno);
  const [program = '', ...args] = onDeno ? denoWith(tree, imports) : [process.execPath, '--max-old-space-size=1024'];
  const sourceOf = ({ file }: Mutant): string => join(cwd, 'src', file);
  return { measure, put, remove: () => rmSync(tree, { recursive: true, force: true }) };

  async function measure(mutants: readonly Mutant[], parts: readonly string[], progress: (line: string) => void) {
    const byUrl: Record<string, Mutant[]> = {};
    for (const mutant of mutants) {
      const url = urlOf(scriptName(sourceOf(mutant)));
      byUrl[url] = [...(byUrl[url] ?? []), mutant];
    }
    const places = Object.fromEntries(Object.entries(byUrl).map(([url, all]) => [url, all.map(({ start }) => start)]));
    const reachedBy = (found: Reached) =>
      Object.entries(found).flatMap(([url, indexes]) => indexes.map((index) => byUrl[url]?.[index]));
    const measured: Measured = { tests: [], left: [] };
    const all = testFiles(root, testedBy, onDeno).map((path) => relative(cwd, join(tree, path)));
    const environments = [
      ...all.filter((path) => path !== WITHOUT).map((path) => ({ path, kernel: true })),
      ...withoutKernel(cwd).map((path) => ({ path, kernel: false })),
    ].filter(({ path }) => parts.length === 0 || parts.some((part) => path.includes(part)));
    for (const [at, { path, kernel }] of environments.entries()) {
      const file = scriptName(path);
      const title = kernel ? file : `${file} (without WebAssembly)`;
      progress(`${at + 1}/${environments.length} ${title}`);
      let problem: string | undefined = 'it ended its process';
      let byLoading: (Mutant | undefined)[] = [];
      await run(
        { file, places, kernel },
        () => patience.loading,
        (line) => {
          const { done, killed, loaded, reached, name: test = '', index = 0, time = 0, failure } = line;
          if (done) problem = undefined;
          if (killed) problem = killed;
          if (loaded) byLoading = reachedBy(loaded);
          if (failure || time > TOO_SLOW) measured.left.push(`${title}: ${test}: ${failure || `${time} ms`}`);
          else if (reached) {
            const both = new Set([...byLoading, ...reachedBy(reached)]);
            measured.tests.push({ file, kernel, index, name: test, time, reached: both });
          }
        },
      );
      if (problem !== undefined) measured.left.push(`${title}: ${problem}`);
    }
    return measured;
  }

  async function put(mutant: Mutant, { tests }: Measured): Promise<Verdict> {
    const able = tests.filter(({ reached }) => reached.has(mutant));
    const path = sourceOf(mutant);
    const source = blankTypes(readFileSync(path, 'utf8'));
    writeFileSync(scriptName(path), withScriptNames(mutate(source, mutant)));
    try {
      for (const kernel of [true, false]) {
        const by = await untilFailure(
          able.filter((test) => test.kernel === kernel),
          kernel,
          mutant,
        );
        if (by !== undefined) return { by };
      }
      return { by: undefined, reached: able.length > 0 };
    } finally {
      writeFileSync(scriptName(path), withScriptNames(source));
    }
  }

  async function untilFailure(tests: readonly MeasuredTest[], kernel: boolean, mutant: Mutant) {
    if (tests.length === 0) return undefined;
    const isSlow = ({ time }: MeasuredTest): boolean => time > SLOW;
    const selection = [...inFiles(tests.filter((test) => !isSlow(test))), ...inFiles(tests.filter(isSlow))];
    const times = new Map(tests.map(({ file, name: test, time }) => [`${file}: ${test}`, time]));
    const limit = ({ begun = '' }: Line): number => {
      const time = times.get(begun);
      return time === undefined ? patience.loading : patience.more + patience.factor * time;
    };
    let current = '';
    let by: string | undefined = 'the end of the process';
    const late = await run({ selection, kernel }, limit, ({ invalid, begun, killed, done }) => {
      if (invalid) throw new Failure(`${mutant.file}:${mutant.line} ${mutant.change}: ${invalid}`);
      current = begun ?? current;
      if (killed) by = killed;
      if (done) by = undefined;
    });
    return late ? `${current} (it did not end)` : by;
  }

  /** Runs a child, and returns whether it was silent for too long: `limit` says for how many milliseconds it may be, after a line. */
  async function run(task: object, limit: (line: Line) => number, each: (line: Line) => void): Promise<boolean> {
    const path = join(tree, 'task.json');
    writeFileSync(path, JSON.stringify({ ...task, imports }));
    const child = spawn(program, [...args, CHILD, path], {
      cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...DENO_ENV, SOCKLESS_TEST_ALL: '1', RUNS: '0.1', SEED: '1', NODE_V8_COVERAGE: undefined },
    });
    let late = false;
    const expire = (): void => {
      late = true;
      child.kill('SIGKILL');
    };
    let watchdog = setTimeout(expire, patience.loading);
    const closed = once(child, 'close');
    for await (const text of createInterface({ input: child.stdout })) {
      // A NUL precedes each report, since tests print too.
      const [, report] = text.split('\0');
      if (report === undefined) continue;
      const line: Line = JSON.parse(report);
      clearTimeout(watchdog);
      watchdog = setTimeout(expire, limit(line));
      each(line);
    }
    await closed;
    clearTimeout(watchdog);
    return late;
  }
}

/** Copies all packages, and returns what their names are to be imported as. */
function copy(root: string, tree: string, onDeno: boolean): Record<string, string> {
  const imports: Record<string, string> = {
    'uvu/assert': urlOf(realpathSync(join(root, 'node_modules/uvu/assert/index.mjs'))),
  };
  if (!onDeno) imports.uvu = urlOf(CHILD);
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'), 'junction');
  // Tests compare its tables.
  if (existsSync(join(root, 'ARCHITECTURE.md'))) cpSync(join(root, 'ARCHITECTURE.md'), join(tree, 'ARCHITECTURE.md'));
  for (const { name, folder } of packages(root).filter((each) => each.folder.startsWith('packages/'))) {
    for (const path of files(root, folder)) {
      const target = join(tree, path);
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(root, path), target);
      if (path.endsWith('.ts')) writeFileSync(scriptName(target), script(path, readFileSync(target, 'utf8')));
    }
    const installed = join(folder, 'node_modules');
    if (existsSync(join(root, installed))) symlinkSync(join(root, installed), join(tree, installed), 'junction');
    const { exports = {} } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    for (const [subpath, entry] of Object.entries<string | { default: string }>(exports)) {
      const path = typeof entry === 'string' ? entry : entry.default;
      imports[name + subpath.slice(1)] = urlOf(join(tree, folder, scriptName(path.replace('./dist/', './src/'))));
    }
  }
  return imports;
}

/** Takes the types out: of what may be mutated so that positions stay, and of tests together with syntax that Node 20 does not know. */
function script(path: string, source: string): string {
  if (path.includes('/src/')) return withScriptNames(blankTypes(source));
  return withScriptNames(transformSync(source, { loader: 'ts', target: 'es2022' }).code);
}

const scriptName = (path: string): string => path.replace(/\.ts$/, '.js');

const withScriptNames = (source: string): string =>
  source.replace(/(\bfrom |\bimport |\bimport\()(['"])([^'"\n]*)\.ts\2/g, '$1$2$3.js$2');

const urlOf = (path: string): string => pathToFileURL(path).href;

/** Returns the program and its arguments that run tests on Deno: what they import of Node's adapter is Deno's. */
function denoWith(tree: string, imports: Record<string, string>): string[] {
  const program = findProgram(import.meta.url, DENO);
  if (program === undefined) throw new Failure(`deno: none of ${DENO.packages.join(', ')} is installed.`);
  const map = join(tree, ON_DENO.own, 'import-map.json');
  const own = Object.entries<string>(JSON.parse(readFileSync(map, 'utf8')).imports);
  const scripts = Object.fromEntries(own.map(([from, to]) => [scriptName(from), scriptName(to)]));
  writeFileSync(map, JSON.stringify({ imports: { ...imports, ...scripts } }));
  const options = ['--allow-all', '--no-check', '--quiet', '--v8-flags=--max-old-space-size=1024'];
  return [program, 'run', ...options, '--import-map', map];
}

/** Returns the test files of these packages. */
export function testFiles(root: string, names: readonly string[], onDeno: boolean): string[] {
  const all = names.flatMap((name) => files(root, `packages/${name}/test`));
  if (!onDeno) return all.filter((path) => path.endsWith('.test.ts'));
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const own = all.filter((path) => path.startsWith(ON_DENO.own) && /(?<!\/leak|\/uvu)\.ts$/.test(path));
  const shared = [...read(ON_DENO.shared).matchAll(/^ {2}'([\w-]+)',$/gm)];
  return [
    ...own.filter((path) => read(path).includes('Deno.test')),
    ...shared.map(([, name]) => `packages/node/test/${name}.test.ts`),
  ];
}

/** Returns the tests that also run without WebAssembly, as the package lists them. */
function withoutKernel(cwd: string): string[] {
  const path = join(cwd, WITHOUT);
  const source = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return [...source.matchAll(/'([\w/-]+\.test\.ts)'/g)].map(([, name]) => `test/${name}`);
}

/** Groups tests by their files, the quickest file first. */
function inFiles(tests: readonly MeasuredTest[]): [file: string, indexes: number[]][] {
  const groups = new Map<string, { time: number; indexes: number[] }>();
  for (const { file, index, time } of tests) {
    const group = groups.get(file) ?? { time: 0, indexes: [] };
    group.time += time;
    group.indexes.push(index);
    groups.set(file, group);
  }
  return [...groups].sort(([, a], [, b]) => a.time - b.time).map(([file, { indexes }]) => [file, indexes]);
}
