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
 * @property {string} run its path, and arguments before those of the user
 * @property {string} [deno] the same for a program that is then run on Deno
 * @property {string} [needs] the package that has to be built, with its dependencies
 * @property {string} help what it does, or the path of a text that says it
 */

/** @type {Record<string, Program>} */
export const PROGRAMS = {
  bench: { run: 'benchmarks/src/run.ts', needs: 'benchmarks', help: 'benchmarks/help.txt' },
  conformance: {
    run: 'packages/conformance/test/ours/run.ts',
    needs: 'conformance',
    help: 'packages/conformance/help.txt',
  },
  docs: { run: 'packages/site/src/run.ts', needs: 'site', help: 'packages/site/help.txt' },
  fuzz: { run: 'fuzz/ours/run.ts', help: 'fuzz/help.txt' },
  hostile: { run: 'packages/hostile/src/run.ts', needs: 'hostile', help: 'packages/hostile/help.txt' },
  mutation: { run: 'packages/tools/mutation.ts', help: 'packages/tools/mutation.txt' },
  runtimes: { run: 'packages/runtimes/src/run.ts', needs: 'runtimes', help: 'packages/runtimes/help.txt' },
  soak: { run: 'packages/soak/src/run.ts', needs: 'soak', help: 'packages/soak/help.txt' },
  compliance: {
    run: 'packages/conformance/test/ours/write-compliance.ts',
    help: 'Writes packages/conformance/COMPLIANCE.md: every MUST and MUST NOT, its cases, and the line of core that keeps it.',
  },
  lifecycle: {
    run: 'packages/node/test/lifecycle/document.ts --write',
    help: 'Writes the tables of packages/node/test/lifecycle, every event in every state of a socket, into packages/adapter/LIFECYCLE.md.',
  },
  model: {
    run: 'packages/core/test/model/table.ts --write',
    help: 'Writes the transitions of packages/core/test/model/model.ts into ARCHITECTURE.md.',
  },
  picture: {
    run: 'packages/demo/test/picture.ts',
    needs: 'demo',
    help: 'Starts the demo, chats with it in Chromium, and writes packages/demo/inspector.webp, which the README shows.',
  },
  recording: {
    run: 'packages/node/test/recording/main.ts --write',
    deno: '--import-map packages/deno/test/on-deno/import-map.json packages/deno/test/on-deno/recording/main.ts --write',
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
  const { run, deno, needs } = /** @type {Program} */ (PROGRAMS[name]);
  install(ROOT, 'all');
  if (needs !== undefined) build(ROOT, [`@sockless/${needs}`]);
  // Ctrl-C is for the program, which then prints what it has found.
  process.on('SIGINT', () => undefined);
  const start = (/** @type {string} */ program, /** @type {string} */ args, env = {}) => {
    const options = /** @type {const} */ ({ cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
    return spawnSync(program, [...args.split(' '), ...given], options).status ?? 1;
  };
  const code = start(process.execPath, `--import tsx ${run}`);
  const other = deno && findProgram(import.meta.url, DENO);
  return other ? Math.max(code, start(other, `run --allow-all --no-check ${deno}`, DENO_ENV)) : code;
}
