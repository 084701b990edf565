/** Everything that the suite is run against here: sockless, and the peers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CERTIFICATE, KEY } from '../../../node/test/certificate.ts';
import { BUN, DENO, DENO_ENV, findProgram } from '../../../tools/native.js';
import {
  type Result,
  type Role,
  type RunOptions,
  runCase,
  runCases,
  runServerCases,
  serveClientCases,
  serverTarget,
} from '../../src/index.ts';
import { coreTarget } from '../core-target.ts';

/** An implementation in one role, over one transport. */
export interface Subject {
  readonly name: string;
  readonly role: Role;
  readonly over: 'memory' | 'TCP' | 'TLS';
  /** `undefined` if something that it needs is not installed. */
  run?(options: RunOptions): Promise<Result[]>;
  readonly version?: string | undefined;
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const RUNTIMES = {
  node: { program: process.execPath, args: ['--import', 'tsx'] },
  deno: {
    program:
      findProgram(import.meta.url, DENO) ??
      findProgram(new URL('../../../tools/package.json', import.meta.url).href, DENO),
    args: ['run', '--quiet', '--no-prompt', '--allow-all'],
  },
  bun: { program: findProgram(new URL('../../../runtimes/package.json', import.meta.url).href, BUN), args: ['run'] },
} as const;
type RuntimeName = keyof typeof RUNTIMES;

function launch(runtime: RuntimeName, program: string, env: Record<string, string>): ChildProcess {
  const { program: path, args } = RUNTIMES[runtime];
  if (path === undefined) throw new Error(`${runtime} is not installed`);
  const child = spawn(path, [...args, here(`../programs/${program}.ts`)], {
    env: { ...process.env, ...DENO_ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return child;
}

/** How long a server may take to listen, in milliseconds. */
const PATIENCE = 30_000;

/** A server in a process of its own, which is started again on its port when it crashes. */
class Served {
  url = '';
  crashes = 0;
  complaints = '';
  #child: ChildProcess | undefined;
  #isOver = false;

  async start(runtime: RuntimeName, program: string, secure: boolean): Promise<void> {
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const child = launch(runtime, program, { ROLE: 'server', SECURE: secure ? '1' : '0', PORT: port });
    this.#child = child;
    child.stderr?.on('data', (text) => {
      this.complaints += text;
    });
    this.url = await new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${program} does not listen: ${this.complaints}`)), PATIENCE);
      child.stdout?.on('data', (text) => {
        const found = /listening on (\S+)/.exec(String(text))?.[1];
        clearTimeout(late);
        if (found !== undefined) resolve(found);
      });
      child.once('exit', () => reject(new Error(`${program} ended: ${this.complaints}`)));
    });
    child.once('exit', () => {
      if (this.#isOver) return;
      this.crashes++;
      void this.start(runtime, program, secure).catch(() => undefined);
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#child?.kill('SIGKILL');
  }
}

function server(name: string, runtime: RuntimeName, program: string, secure = false): Subject {
  const run = async (options: RunOptions): Promise<Result[]> => {
    const served = new Served();
    try {
      await served.start(runtime, program, secure);
      const address = { url: served.url, insecure: secure };
      const results = await runServerCases(address, options);
      if (served.crashes === 0) return results;
      console.log(`${name} crashed ${served.crashes} times: ${served.complaints.slice(0, 300)}`);
      // A crash takes other cases with it: each that failed is played again, alone.
      const target = serverTarget(address);
      for (const [i, result] of results.entries()) {
        if (!result.findings.some(({ text }) => LOST.test(text))) continue;
        const before = served.crashes;
        const again = await runCase(result.case, target, options);
        await delay(served.crashes > before || again.milliseconds === 0 ? 1500 : 0);
        results[i] = served.crashes > before ? crashed(again) : again;
      }
      return results;
    } finally {
      served.stop();
    }
  };
  return {
    name,
    role: 'server',
    over: secure ? 'TLS' : 'TCP',
    ...(RUNTIMES[runtime].program === undefined ? {} : { run }),
  };
}

/** What a case says when the process has ended below it. */
const LOST = /could not be played|ended the connection|did not answer|no other connection|ended without/;

function crashed(result: Result): Result {
  const findings = [{ severity: 'must' as const, section: result.case.section, text: 'its process ends' }];
  return { ...result, verdict: 'fail', findings };
}

function client(name: string, runtime: RuntimeName, program: string, secure = false): Subject {
  const run = async (options: RunOptions): Promise<Result[]> => {
    const tls = secure ? { host: 'localhost', tls: { cert: CERTIFICATE, key: KEY } } : {};
    const serving = await serveClientCases({ ...options, ...tls });
    const { url, results } = serving.server;
    const total = serving.cases.length;
    // A client that crashes goes on behind the case that it did not survive.
    const fatal = new Set<number>();
    for (let next = 1, tries = 0; next <= total && tries < MOST_CRASHES; tries++) {
      const env = {
        SOCKLESS_CONFORMANCE_URL: url,
        SOCKLESS_CONFORMANCE_CASES: String(total),
        NEXT: String(next),
        PARALLEL: String(options.parallel ?? 8),
      };
      const child = launch(runtime, program, { ROLE: 'client', SECURE: secure ? '1' : '0', ...env });
      let complaints = '';
      child.stderr?.on('data', (text) => {
        complaints += text;
      });
      const late = setTimeout(() => child.kill('SIGKILL'), 240_000);
      const code = await new Promise((resolve) => child.once('exit', (status, signal) => resolve(signal ?? status)));
      clearTimeout(late);
      await serving.server.settled();
      if (code === 0) break;
      if (tries === 0) console.log(`${name} ended with ${code}: ${complaints.slice(0, 300)}`);
      const missing = serving.cases.findIndex((_, i) => i + 1 >= next && !results.has(i + 1));
      const first = missing < 0 ? total + 1 : missing + 1;
      if (first === next) fatal.add(next++);
      else next = first;
    }
    const all = await serving.finish();
    return all.map((result, i) => (fatal.has(i + 1) ? crashed(result) : result));
  };
  return {
    name,
    role: 'client',
    over: secure ? 'TLS' : 'TCP',
    ...(RUNTIMES[runtime].program === undefined ? {} : { run }),
  };
}

/** How often a client is started again. */
const MOST_CRASHES = 100;

function memory(role: Role): Subject {
  return {
    name: 'core',
    role,
    over: 'memory',
    run: (options) => runCases(coreTarget(role), { ...options, parallel: 1 }),
  };
}

/** sockless in both roles, in memory and over sockets. */
export const OURS: readonly Subject[] = [
  memory('server'),
  memory('client'),
  server('node', 'node', 'sockless'),
  client('node', 'node', 'sockless'),
  server('node', 'node', 'sockless', true),
  client('node', 'node', 'sockless', true),
  server('deno', 'deno', 'sockless'),
  client('deno', 'deno', 'sockless'),
  server('deno', 'deno', 'sockless', true),
  client('deno', 'deno', 'sockless', true),
];

/** The peers. */
export const PEERS: readonly Subject[] = [
  { ...server('ws', 'node', 'ws'), version: versionOf('ws') },
  { ...client('ws', 'node', 'ws'), version: versionOf('ws') },
  { ...server('websocket', 'node', 'websocket-node'), version: versionOf('websocket') },
  { ...client('websocket', 'node', 'websocket-node'), version: versionOf('websocket') },
  { ...server('websocket-driver', 'node', 'websocket-driver'), version: versionOf('websocket-driver') },
  { ...client('websocket-driver', 'node', 'websocket-driver'), version: versionOf('websocket-driver') },
  { ...client('undici', 'node', 'undici'), version: versionOf('undici') },
  { ...server('Deno itself', 'deno', 'own'), version: '2.9.6' },
  { ...client('Deno itself', 'deno', 'own'), version: '2.9.6' },
  { ...server('Bun', 'bun', 'own'), version: '1.4.5' },
  { ...client('Bun', 'bun', 'own'), version: '1.4.5' },
];

function versionOf(name: string): string {
  for (
    let folder = new URL('.', `file://${createRequire(import.meta.url).resolve(name)}`);
    folder.pathname !== '/';
    folder = new URL('..', folder)
  ) {
    try {
      const manifest = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'));
      if (manifest.name === name) return manifest.version;
    } catch {
      // It is further up.
    }
  }
  return 'unknown';
}
