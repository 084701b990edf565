// Builds the site: reference, pages, rules, limits, playground.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `npm run docs

Builds the site into packages/site/dist/site: TypeDoc's reference of every public entry, the documents of this repository, a
page for each rule with bytes that break it, a table of limits and defaults, and a playground that decodes bytes in the browser.
It needs no server: open index.html. Fails on an export without documentation, a dead link, or an example that breaks no rule.`;

/** @returns {number} the exit code */
export function command() {
  install(ROOT, 'all');
  build(ROOT, ['@sockless/site']);
  const run = ['--import', 'tsx', 'packages/site/src/run.ts'];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
