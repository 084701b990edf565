// Takes the picture of the demo's inspector that the README shows.
import { spawnSync } from 'node:child_process';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

export const help = `node packages/tools/run.js picture

Starts the demo, chats with it in Chromium, and writes packages/demo/inspector.webp, which the README shows.`;

/** @returns {number} the exit code */
export function command() {
  install(ROOT, 'all');
  build(ROOT, ['@sockless/demo']);
  const run = ['--import', 'tsx', 'packages/demo/test/picture.ts'];
  return spawnSync(process.execPath, run, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}
