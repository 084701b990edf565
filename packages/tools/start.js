// Runs the demo and forwards the signals that end it.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { build } from './build.js';
import { install } from './install.js';
import { ROOT } from './workspace.js';

const DEMO = '@sockless/demo';
/** @type {NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const TWICE = 500; // milliseconds

export const help = `npm start

Installs and builds what the demo needs, and serves it on http://127.0.0.1:8080 (PORT=… for another port).
Ctrl-C ends it.`;

/** @returns {Promise<number>} the exit code of the demo */
export function command() {
  install(ROOT, DEMO);
  build(ROOT, [DEMO]);
  return run(join(ROOT, 'packages/demo/dist/server.js'));
}

/**
 * A single Ctrl-C reaches this process twice: from the terminal, and from npm, which passes it on. So the program runs in its
 * own process group and gets each signal once, from here.
 * @param {string} program
 * @returns {Promise<number>} its exit code
 */
function run(program) {
  const follow = new URL('follow.js', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', follow, program], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let last = 0;
  const pass = (/** @type {NodeJS.Signals} */ signal) => {
    if (Date.now() - last > TWICE) {
      child.kill(signal);
    }
    last = Date.now();
    clearInterval(watch);
  };
  for (const signal of SIGNALS) {
    process.on(signal, pass);
  }
  // A SIGTERM to npm only reaches the shell between npm and this process, which then exits.
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && pass('SIGTERM'), TWICE);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      resolve(signal ? 128 + constants.signals[signal] : Number(code));
    });
  });
}
