// Runs the programs of the README files in a project that has installed the packed packages, on Node, Deno and Bun.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import tsBlankSpace from 'ts-blank-space';
import { BUN, DENO, DENO_ENV, findProgram } from './native.js';
import { Failure } from './workspace.js';

/** How long a program may take until it has printed what it should, in seconds. */
const PATIENCE = 30;

/**
 * @typedef {object} Runtime
 * @property {string} name
 * @property {string} program
 * @property {string[]} args before the path of the script
 */

/**
 * The runtimes that are there. Bun comes with packages/runtimes, where the platform has one.
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

/** What the programs print; the address is the server's own. */
const ALONE =
  /^(client received: hello from the server\nserver received: hello from the client|100000 characters came as \d+ bytes)$/;
const LISTENING = /^listening on (ws:\S+)$/;
const DONE = 'closed the connection with 1000 "done", and the closing handshake was completed';
const CLIENT = new RegExp(`^welcome\nhello\nthis endpoint ${DONE}$`);
const SERVER = new RegExp(`^listening on \\S+\nthe peer ${DONE}$`);

/**
 * Runs the first programs of a README: one of core alone, and a server with a client that talks to it, as far as it has them.
 * packages/docs tests the other ones.
 * @param {import('./project.js').Project} project
 * @param {string} readme its path
 * @param {Runtime} runtime
 * @returns {Promise<string[]>} what was run
 * @throws {Failure} when one does not print what it should, or none runs
 */
export async function tryReadme(project, readme, runtime) {
  const programs = [...readFileSync(readme, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const write = (/** @type {string} */ name, /** @type {string} */ text) =>
    project.write(`${name}.js`, tsBlankSpace(text));
  const say = (/** @type {string[]} */ lines, /** @type {RegExp} */ expected) => {
    if (expected.test(lines.join('\n'))) return;
    throw new Failure(`${readme} on ${runtime.name} prints\n${lines.join('\n')}\nand not ${expected}`);
  };
  const find = (/** @type {string} */ words) => programs.find((text) => text.includes(words));
  const [alone, server, client] = [
    find('Connection.client('),
    find('= serve(') ?? find('await serve('),
    find('= connect('),
  ];
  const done = [];
  if (alone !== undefined) {
    say((await start(project, runtime, write('alone', alone)).ended()).sort(), ALONE);
    done.push('core alone');
  }
  if (server !== undefined && client !== undefined) {
    if (server.includes("'@sockless/deno'") && runtime.name !== 'Deno') return done;
    const serving = start(project, runtime, write('server', server.replace('port: 8081', 'port: 0')));
    try {
      const listening = await serving.lines(1);
      say(listening, LISTENING);
      const url = String(LISTENING.exec(listening.join())?.[1]);
      say(await start(project, runtime, write('client', client.replace('ws://localhost:8081/', url))).ended(), CLIENT);
      say(await serving.lines(2), SERVER);
    } finally {
      serving.kill();
    }
    done.push('server', 'client');
  }
  if (programs.length > 0 && done.length === 0) throw new Failure(`${readme}: none of its programs ran`);
  return done;
}

/**
 * @param {import('./project.js').Project} project
 * @param {Runtime} runtime
 * @param {string} script
 */
function start({ folder }, { program, args }, script) {
  const child = spawn(program, [...args, script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...DENO_ENV },
  });
  const closed = once(child, 'close');
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE * 1000);
  void closed.then(() => clearTimeout(late));
  let text = '';
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    complaints += chunk;
  });
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  return {
    kill: () => child.kill('SIGKILL'),
    /** Resolves with all that it has printed when it has ended, and with its complaints where it failed. */
    async ended() {
      const [code, signal] = await closed;
      if (code !== 0) return [...text.trimEnd().split('\n'), `(it ended with ${signal ?? code})`, complaints];
      return text.trimEnd().split('\n');
    },
    /**
     * Resolves with its first lines, or with those that there are when it has ended.
     * @param {number} count
     */
    async lines(count) {
      const ended = closed.then(() => true);
      while (true) {
        const lines = text.split('\n').slice(0, -1);
        if (lines.length >= count) return lines.slice(0, count);
        const data = once(child.stdout, 'data').then(
          () => false,
          () => true,
        );
        if (await Promise.race([data, ended])) return [...text.trimEnd().split('\n'), complaints];
      }
    },
  };
}
