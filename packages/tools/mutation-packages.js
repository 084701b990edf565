// The packages that `npm run mutation` can break, the tests that may notice, and the copy of the workspace in which it happens.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import blankTypes from 'ts-blank-space';
import ts from 'typescript';
import { DENO, findProgram } from './native.js';
import { Failure, files, packages } from './workspace.js';

/**
 * @typedef {object} Mutated
 * @property {string} folder of the package whose sources are broken
 * @property {string[]} tests the folders whose tests run against the mutants
 * @property {string[]} sources other folders that those tests import from
 * @property {boolean} [onDeno] whether the tests run on Deno
 */

/** The folders of other packages that the tests of adapters import from. */
const SHARED = [
  'packages/adapter/src/testing',
  'packages/core/src',
  'packages/core/test',
  'packages/deflate/src',
  'packages/deflate/test',
  'packages/tools',
];

/** @type {Record<string, Mutated>} */
export const MUTATED = {
  core: {
    folder: 'packages/core',
    tests: ['packages/core/test'],
    sources: ['packages/adapter/src/testing', 'packages/deflate/src', 'packages/tools'],
  },
  adapter: {
    folder: 'packages/adapter',
    tests: ['packages/adapter/test', 'packages/node/test'],
    sources: ['packages/node/src', ...SHARED],
  },
  node: { folder: 'packages/node', tests: ['packages/node/test'], sources: SHARED },
  deno: {
    folder: 'packages/deno',
    tests: ['packages/deno/test', 'packages/node/test'],
    sources: SHARED,
    onDeno: true,
  },
};

/** The tests that run on Deno: those that use `Deno.test`, and those of Node's adapter listed in this file. */
const ON_DENO = { own: 'packages/deno/test/on-deno/', shared: 'packages/deno/test/node-behaviour.test.ts' };

/**
 * Copies the sources and their tests to a folder of their own, with types replaced by spaces so that positions stay. Packages of
 * the workspace resolve to the copy if there is one, otherwise to their build.
 * @param {string} root
 * @param {Mutated} mutated
 * @param {string} uvu the module that stands in for uvu
 * @returns {string} the folder
 */
export function layOut(root, { folder, tests, sources, onDeno = false }, uvu) {
  const tree = mkdtempSync(join(tmpdir(), 'sockless-mutation-'));
  const copied = [`${folder}/src`, ...tests, ...sources].flatMap((from) => files(root, from));
  for (const path of copied) {
    const target = join(tree, path);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, path), target);
    if (path.endsWith('.ts')) writeFileSync(scriptName(target), asScript(readFileSync(target, 'utf8'), onDeno));
  }
  for (const each of packages(root)) {
    if (copied.some((path) => path.startsWith(`${each.folder}/`))) linkPackage(root, tree, each.folder);
  }
  link(root, tree, 'node_modules', (name) => name !== 'uvu');
  writeUvu(root, join(tree, 'node_modules/uvu'), uvu);
  return tree;
}

/** Returns the name of the script made from a TypeScript source. @param {string} path */
export function scriptName(path) {
  return path.replace(/\.ts$/, '.js');
}

/**
 * Compiles tests that use syntax newer than Node 20.
 * @param {string} source
 * @param {boolean} onDeno
 */
function asScript(source, onDeno) {
  if (onDeno || !/^\s*(await )?using /m.test(source)) return blank(source);
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return withScriptNames(ts.transpileModule(source, { compilerOptions }).outputText);
}

/** @param {string} source */
function withScriptNames(source) {
  return source.replace(/(\bfrom |\bimport |\bimport\()'([^'\n]*)\.ts'/g, "$1'$2.js'");
}

/** Returns the source with its types replaced by spaces. @param {string} source */
export function blank(source) {
  return withScriptNames(blankTypes(source));
}

/**
 * Makes a package whose sources are in the tree export them.
 * @param {string} root
 * @param {string} tree
 * @param {string} folder
 */
function linkPackage(root, tree, folder) {
  const manifest = readFileSync(join(root, folder, 'package.json'), 'utf8');
  const isWhole = existsSync(join(tree, folder, 'src/index.js'));
  writeFileSync(join(tree, folder, 'package.json'), isWhole ? manifest.replaceAll('./dist/', './src/') : manifest);
  link(root, tree, `${folder}/node_modules`);
}

/**
 * Links installed packages into the tree. Packages whose sources are in the tree link to the tree.
 * @param {string} root
 * @param {string} tree
 * @param {string} folder
 * @param {(name: string) => boolean} [wanted]
 */
function link(root, tree, folder, wanted = () => true) {
  if (!existsSync(join(root, folder))) return;
  mkdirSync(join(tree, folder), { recursive: true });
  for (const name of readdirSync(join(root, folder)).filter((it) => !it.startsWith('.') && wanted(it))) {
    if (name.startsWith('@')) link(root, tree, `${folder}/${name}`);
    else {
      const real = realpathSync(join(root, folder, name));
      const inTree = real.startsWith(root) ? join(tree, real.slice(root.length)) : '';
      const isCopied = !real.includes('node_modules') && existsSync(join(inTree, 'src/index.js'));
      symlinkSync(isCopied ? inTree : real, join(tree, folder, name));
    }
  }
}

/**
 * Replaces uvu in the tree by mutation-child.js, except for uvu's assertions.
 * @param {string} root
 * @param {string} folder
 * @param {string} uvu
 */
function writeUvu(root, folder, uvu) {
  mkdirSync(folder, { recursive: true });
  const assert = pathToFileURL(realpathSync(join(root, 'node_modules/uvu/assert/index.mjs'))).href;
  const exports = { '.': './index.js', './assert': './assert.js' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'uvu', type: 'module', exports }));
  writeFileSync(join(folder, 'index.js'), `export * from '${uvu}';`);
  writeFileSync(join(folder, 'assert.js'), `export * from '${assert}';`);
}

/**
 * Returns the test files in the tree, relative to it.
 * @param {string} tree
 * @param {Mutated} mutated
 */
export function testFilesOf(tree, { tests, onDeno }) {
  const all = tests.flatMap((folder) => files(tree, folder));
  if (!onDeno) return all.filter((path) => path.endsWith('.test.ts'));
  const read = (/** @type {string} */ path) => readFileSync(join(tree, path), 'utf8');
  const shared = [...read(ON_DENO.shared).matchAll(/^ {2}'([\w-]+)',$/gm)].map(
    ([, name]) => `packages/node/test/${name}.test.ts`,
  );
  const isOwn = (/** @type {string} */ path) =>
    path.startsWith(ON_DENO.own) && path.endsWith('.ts') && !path.endsWith('leak.ts') && !path.endsWith('uvu.ts');
  return [...all.filter((path) => isOwn(path) && read(path).includes('Deno.test')), ...shared];
}

/**
 * Maps the exports of the workspace's packages to files for Deno, in the tree if they are there.
 * @param {string} root
 * @param {string} tree
 * @returns {Record<string, string>}
 */
function workspaceImports(root, tree) {
  const found = packages(root).flatMap(({ folder }) => {
    const path = join(root, folder, 'deno.json');
    if (!existsSync(path)) return [];
    const { name, exports } = JSON.parse(readFileSync(path, 'utf8'));
    const entries = typeof exports === 'string' ? { '.': exports } : exports;
    return Object.entries(entries).map(([subpath, file]) => {
      const script = join(tree, folder, scriptName(String(file)));
      const from = existsSync(script) ? script : join(root, folder, String(file));
      return [name + subpath.slice(1), pathToFileURL(from).href];
    });
  });
  return Object.fromEntries(found);
}

/**
 * Returns the program that runs the tests, and its arguments.
 * @param {string} root
 * @param {string} tree
 * @param {Mutated} mutated
 * @returns {string[]}
 */
export function hostOf(root, tree, { onDeno }) {
  if (!onDeno) return [process.execPath, '--max-old-space-size=1024'];
  const program = findProgram(import.meta.url, DENO);
  if (program === undefined) throw new Failure(`deno: none of ${DENO.packages.join(', ')} is installed.`);
  const map = join(tree, ON_DENO.own, 'import-map.json');
  const url = (/** @type {string} */ path) => pathToFileURL(join(tree, path)).href;
  const { imports } = JSON.parse(readFileSync(map, 'utf8'));
  const scripts = Object.entries(imports).map(([from, to]) => [scriptName(from), scriptName(String(to))]);
  const all = {
    ...Object.fromEntries(scripts),
    ...workspaceImports(root, tree),
    'uvu/assert': url('node_modules/uvu/assert.js'),
  };
  writeFileSync(map, JSON.stringify({ imports: all }));
  return [
    program,
    'run',
    '--allow-all',
    '--no-check',
    '--quiet',
    '--import-map',
    map,
    '--v8-flags=--max-old-space-size=1024',
  ];
}

/** The entry point of the processes that run tests. */
export const CHILD = fileURLToPath(new URL('mutation-child.js', import.meta.url));
