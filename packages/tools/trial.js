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
const GREETINGS = ['client received: hello from the server', 'server received: hello from the client'];
const LISTENING = /^listening on (ws:\S+)$/;
const DONE = 'closed the connection with 1000 "done", and the closing handshake was completed';

/**
 * Runs the programs of a README: the one of core alone, or a server, and a client that talks to it.
 * @param {import('./project.js').Project} project
 * @param {string} readme its path
 * @param {Runtime} runtime
 * @returns {Promise<string[]>} what was run
 * @throws {Failure} when one does not print what it should
 */
export async function tryReadme(project, readme, runtime) {
  const programs = [...readFileSync(readme, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const write = (/** @type {string} */ name, /** @type {string} */ text) =>
    project.write(`${name}.js`, tsBlankSpace(text));
  const [core, server, client] = ['Connection.client(', 'serve(', 'connect('].map((words) => {
    return programs.find((text) => text.includes(words) && !(words === 'connect(' && text.includes('serve(')));
  });
  const done = [];
  if (core !== undefined) {
    const program = start(project, runtime, write('core', core));
    expect(readme, runtime, (await program.ended()).sort(), GREETINGS);
    done.push('core alone');
  }
  if (server !== undefined && client !== undefined) {
    const serving = start(project, runtime, write('server', server.replace('port: 8081', 'port: 0')));
    try {
      const [listening = ''] = await serving.lines(1);
      const url = LISTENING.exec(listening)?.[1];
      if (url === undefined) throw new Failure(`${readme} on ${runtime.name}: the server says ${listening}`);
      const talking = start(project, runtime, write('client', client.replace('ws://localhost:8081/', url)));
      expect(readme, runtime, await talking.ended(), ['welcome', 'hello', `this endpoint ${DONE}`]);
      expect(readme, runtime, (await serving.lines(2)).slice(1), [`the peer ${DONE}`]);
    } finally {
      serving.kill();
    }
    done.push('server', 'client');
  }
  return done;
}

/** @type {(readme: string, runtime: Runtime, lines: string[], expected: string[]) => void} */
function expect(readme, { name }, lines, expected) {
  if (lines.join('\n') === expected.join('\n')) return;
  throw new Failure(`${readme} on ${name} prints\n${lines.join('\n')}\nand not\n${expected.join('\n')}`);
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
