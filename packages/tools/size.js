// Measures how many bytes the packages add to an application's bundle, and fails when one exceeds its budget.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from './build.js';
import { install } from './install.js';
import { Failure, ROOT } from './workspace.js';

export const help = `npm run size

Bundles every subpath of the published packages with its dependencies (except Node's own modules), and prints its size in
bytes, minified and gzipped. Fails when a gzipped size exceeds its budget in packages/tools/size.js.`;

/**
 * Bytes, minified and gzipped. A commit that raises a budget says why.
 * @type {Record<string, number>}
 */
const BUDGETS = {
  '@sockless/core': 32_000,
  '@sockless/core/frame': 6_460,
  '@sockless/core/handshake': 12_600,
  '@sockless/core/deflate': 6_000,
  '@sockless/deflate': 12_700,
  '@sockless/deflate/zlib': 13_700,
  '@sockless/adapter': 44_000,
  '@sockless/node': 61_800,
  '@sockless/deno': 60_500,
};

/** The subpaths that applications import. */
export const SUBPATHS = Object.keys(BUDGETS);

/**
 * @typedef {object} Size
 * @property {string} subpath as it is imported
 * @property {number} minified bytes
 * @property {number} gzipped bytes
 * @property {number} budget gzipped bytes
 */

/** @returns {Promise<number>} the exit code */
export async function command() {
  install(ROOT, 'all');
  build(ROOT);
  const sizes = await Promise.all(SUBPATHS.map(measure));
  console.log(table(sizes));
  const over = excesses(sizes);
  if (over.length > 0) throw new Failure(over.join('\n'));
  return 0;
}

/**
 * @param {string} subpath
 * @returns {Promise<Size>}
 */
export async function measure(subpath) {
  const [, name = '', entry = '.'] = /^@sockless\/(\w+)(?:\/(.+))?$/.exec(subpath) ?? [];
  const folder = join(ROOT, 'packages', name);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const { default: file } = exports[entry === '.' ? entry : `./${entry}`];
  const esbuild = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(folder, file)],
    bundle: true,
    minify: true,
    format: 'esm',
    external: ['node:*'],
    write: false,
    logLevel: 'error',
  });
  const contents = /** @type {import('esbuild').OutputFile} */ (outputFiles[0]).contents;
  return {
    subpath,
    minified: contents.length,
    gzipped: gzipSync(contents, { level: 9 }).length,
    budget: BUDGETS[subpath] ?? Number.POSITIVE_INFINITY,
  };
}

/**
 * @param {Size[]} sizes
 * @returns {string[]} a message for each subpath over its budget
 */
export function excesses(sizes) {
  return sizes
    .filter(({ gzipped, budget }) => gzipped > budget)
    .map(
      ({ subpath, gzipped, budget }) =>
        `${subpath} is ${gzipped - budget} bytes over its budget: make it smaller, or raise the budget and say why.`,
    );
}

/** @param {Size[]} sizes */
function table(sizes) {
  const head = ['', 'minified', 'gzipped', 'budget'];
  const rows = sizes.map(({ subpath, minified, gzipped, budget }) =>
    [subpath, minified, gzipped, budget].map((cell) => cell.toLocaleString('en')),
  );
  const line = (/** @type {string[]} */ cells) =>
    cells.map((cell, at) => (at === 0 ? cell.padEnd(26) : cell.padStart(10))).join('');
  return [head, ...rows].map(line).join('\n');
}
