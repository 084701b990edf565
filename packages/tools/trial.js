// Runs the programs of the README files in a project that has installed the packed packages, on Node, Deno and Bun.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import tsBlankSpace from 'ts-blank-space';
import { BUN, DENO, DENO_ENV, findProgram } from './native.js';
import { Failure } from './workspace.js';

/** How long a program may take to print its expected output, in seconds. */
const PATIENCE = 30;

/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {string} program
 * @property {string[]} args before the path of the script
 */

/**
 * Returns the available runtimes. Bun comes with packages/runtimes, if there is one for the platform.
 * @param {string} root
 * @returns {Runtime[]}
 */
export function runtimes(root) {
  const deno = findProgram(import.meta.url, DENO);
  const bun = findProgram(pathToFileURL(join(root, 'packages/runtimes/package.json')).href, BUN);
  return [
    { name: 'Node', program: process.execPath, args: [] },
    ...(deno ? [{ name: 'Deno', program: deno, args: ['run', '--no-lock', '--allow-all'] }] : []),
    ...(bun ? [{ name: 'Bun', program: bun, args: ['run'] }] : []),
  ];
}

/** The expected output; the address is the server's. */
const ALONE =
  /^(client received: hello from the server\nserver received: hello from the client|100000 characters came as \d+ bytes)$/;
const LISTENING = /^listening on (ws:\S+)$/;
const DONE = 'closed the connection with 1000 "done", and the closing handshake was completed';
const CLIENT = new RegExp(`^welcome\nhello\nthis endpoint ${DONE}$`);
const SERVER = new RegExp(`^the peer ${DONE}$`);

/**
 * Runs the first programs of a README, if it has them: one that uses only core, and a server with its client.
 * packages/docs tests the others.
 * @param {import('./project.js').Project} project
 * @param {string} readme its path
 * @param {Runtime} runtime
 * @returns {Promise<string[]>} the names of the programs that were run
 * @throws {Failure} when one does not print the expected output, or none runs
 */
export async function tryReadme(project, readme, runtime) {
  const programs = [...readFileSync(readme, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const env = { ...process.env, ...DENO_ENV };
  const options = /** @type {const} */ ({ cwd: project.folder, env, encoding: 'utf8', timeout: 1000 * PATIENCE });
  const write = (/** @type {string} */ name, /** @type {string} */ text) =>
    project.write(`${name}.js`, tsBlankSpace(text));
  const say = (/** @type {string} */ said, /** @type {RegExp} */ expected) => {
    if (!expected.test(said)) throw new Failure(`${readme} on ${runtime.name} prints\n${said}\nand not ${expected}`);
  };
  const find = (/** @type {string} */ words) => programs.find((text) => text.includes(words));
  const [alone, server, client] = [
    find('Connection.client('),
    find('= serve(') ?? find('await serve('),
    find('= connect('),
  ];
  const done = [];
  if (alone !== undefined) {
    say(run(write('alone', alone)).split('\n').sort().join('\n'), ALONE);
    done.push('core alone');
  }
  if (server !== undefined && client !== undefined) {
    if (server.includes("'@sockless/deno'") && runtime.name !== 'Deno') return done;
    const args = [...runtime.args, write('server', server.replace('port: 8081', 'port: 0'))];
    const serving = spawn(runtime.program, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: serving.stdout })[Symbol.asyncIterator]();
    try {
      const listening = String((await lines.next()).value);
      say(listening, LISTENING);
      const url = String(LISTENING.exec(listening)?.[1]);
      say(run(write('client', client.replace('ws://localhost:8081/', url))), CLIENT);
      say(String((await lines.next()).value), SERVER);
    } finally {
      serving.kill('SIGKILL');
    }
    done.push('server', 'client');
  }
  if (programs.length > 0 && done.length === 0) throw new Failure(`${readme}: none of its programs ran`);
  return done;

  /** Returns all that a program prints until it ends, and its complaints where it fails. @param {string} script */
  function run(script) {
    const { status, signal, stdout, stderr } = spawnSync(runtime.program, [...runtime.args, script], options);
    return status === 0 ? stdout.trimEnd() : `${stdout}(it ended with ${signal ?? status})\n${stderr}`;
  }
}
