// The commands that install, build what they need, and run a program of the workspace; it says itself what it takes.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.js';
import { install } from './install.js';
import { DENO, DENO_ENV, findProgram } from './native.js';
import { ROOT } from './workspace.js';

/**
 * @typedef {object} Program
 * @property {string} run its path
 * @property {string[]} [args] before those of the user
 * @property {string} [needs] the package that has to be built, with its dependencies
 * @property {string} help what it does, or the path of a text that says it
 * @property {string} [deno] the path of the program that is then run on Deno, with the same arguments
 */

/** @type {Record<string, Program>} */
export const PROGRAMS = {
  bench: { run: 'benchmarks/src/run.ts', needs: '@sockless/benchmarks', help: 'benchmarks/help.txt' },
  conformance: {
    run: 'packages/conformance/test/ours/run.ts',
    needs: '@sockless/conformance',
    help: 'packages/conformance/help.txt',
  },
  docs: { run: 'packages/site/src/run.ts', needs: '@sockless/site', help: 'packages/site/help.txt' },
  fuzz: { run: 'fuzz/ours/run.ts', help: 'fuzz/help.txt' },
  hostile: { run: 'packages/hostile/src/run.ts', needs: '@sockless/hostile', help: 'packages/hostile/help.txt' },
  mutation: { run: 'packages/tools/mutation.ts', help: 'packages/tools/mutation.txt' },
  runtimes: { run: 'packages/runtimes/src/run.ts', needs: '@sockless/runtimes', help: 'packages/runtimes/help.txt' },
  soak: { run: 'packages/soak/src/run.ts', needs: '@sockless/soak', help: 'packages/soak/help.txt' },
  compliance: {
    run: 'packages/conformance/test/ours/write-compliance.ts',
    help: 'Writes packages/conformance/COMPLIANCE.md: every MUST and MUST NOT, its cases, and the line of core that keeps it.',
  },
  lifecycle: {
    run: 'packages/node/test/lifecycle/document.ts',
    args: ['--write'],
    help: 'Writes the table of packages/node/test/lifecycle, every event in every state of a socket, into packages/adapter/LIFECYCLE.md.',
  },
  model: {
    run: 'packages/core/test/model/table.ts',
    args: ['--write'],
    help: 'Writes the transitions of packages/core/test/model/model.ts into ARCHITECTURE.md.',
  },
  picture: {
    run: 'packages/demo/test/picture.ts',
    needs: '@sockless/demo',
    help: 'Starts the demo, chats with it in Chromium, and writes packages/demo/inspector.webp, which the README shows.',
  },
  recording: {
    run: 'packages/node/test/recording/main.ts',
    args: ['--write'],
    deno: 'packages/deno/test/on-deno/recording/main.ts',
    help: 'Records in recording.json beside the situations of packages/node/test/recording, and of packages/deno, what real sockets do.',
  },
};

/**
 * @param {string} name
 * @returns {string}
 */
export function helpOf(name) {
  const { help = '' } = PROGRAMS[name] ?? {};
  return help.endsWith('.txt') ? readFileSync(join(ROOT, help), 'utf8').trimEnd() : help;
}

/**
 * @param {string} name
 * @param {string[]} given
 * @returns {number} the exit code
 */
export function runProgram(name, given) {
  const { run, args = [], needs, deno } = /** @type {Program} */ (PROGRAMS[name]);
  install(ROOT, 'all');
  if (needs !== undefined) build(ROOT, [needs]);
  // Ctrl-C is for the program, which then prints what it has found.
  process.on('SIGINT', () => undefined);
  const start = (/** @type {string} */ program, /** @type {string[]} */ before, env = {}) => {
    const all = [...before, ...args, ...given];
    return spawnSync(program, all, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1;
  };
  const code = start(process.execPath, ['--import', 'tsx', run]);
  const other = deno === undefined ? undefined : findProgram(import.meta.url, DENO);
  if (deno === undefined || other === undefined) return code;
  const map = ['--import-map', 'packages/deno/test/on-deno/import-map.json'];
  return Math.max(code, start(other, ['run', '--allow-all', '--no-check', ...map, deno], DENO_ENV));
}
