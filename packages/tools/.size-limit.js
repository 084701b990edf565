// What size-limit bundles, with its dependencies but without Node's own modules, and the budget of each.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Bytes, minified and gzipped. A commit that raises a budget says why. */
const BUDGETS = {
  '@sockless/core': 32_850,
  '@sockless/core/frame': 6_460,
  '@sockless/core/handshake': 12_650,
  '@sockless/core/deflate': 6_000,
  '@sockless/deflate': 12_700,
  '@sockless/deflate/zlib': 13_700,
  '@sockless/adapter': 45_700,
  '@sockless/node': 64_500,
  '@sockless/deno': 62_100,
};

export default Object.entries(BUDGETS).map(([name, budget]) => {
  const [, folder = '', subpath = ''] = /^@sockless\/(\w+)(.*)$/.exec(name) ?? [];
  const path = (/** @type {string} */ file) => fileURLToPath(new URL(`../${folder}/${file}`, import.meta.url));
  const { exports } = JSON.parse(readFileSync(path('package.json'), 'utf8'));
  return {
    name,
    path: path(exports[`.${subpath}`].default),
    limit: `${budget} B`,
    gzip: true,
    ignore: ['node:*'],
    modifyEsbuildConfig: (/** @type {object} */ config) => ({ ...config, format: 'esm' }),
  };
});
