/** Everything that the suite is run against here: sockless, and the peers. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CERTIFICATE, KEY } from '../../../node/test/certificate.ts';
import { BUN, DENO, DENO_ENV, findProgram } from '../../../tools/native.js';
import {
  type Result,
  type Role,
  type RunOptions,
  runCases,
  runServerCases,
  serveClientCases,
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

function server(name: string, runtime: RuntimeName, program: string, secure = false): Subject {
  const run = async (options: RunOptions): Promise<Result[]> => {
    const child = launch(runtime, program, { ROLE: 'server', SECURE: secure ? '1' : '0' });
    let complaints = '';
    child.stderr?.on('data', (text) => (complaints += text));
    try {
      const url = await new Promise<string>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`${name} does not listen: ${complaints}`)), PATIENCE);
        child.stdout?.on('data', (text) => {
          const found = /listening on (\S+)/.exec(String(text))?.[1];
          clearTimeout(late);
          if (found !== undefined) resolve(found);
        });
        child.once('exit', () => reject(new Error(`${name} ended: ${complaints}`)));
      });
      const results = await runServerCases({ url, insecure: secure }, options);
      if (child.exitCode !== null)
        throw new Error(`${name} ended with ${child.exitCode}: ${complaints.slice(0, 2000)}`);
      return results;
    } finally {
      child.kill('SIGKILL');
    }
  };
  return {
    name,
    role: 'server',
    over: secure ? 'TLS' : 'TCP',
    ...(RUNTIMES[runtime].program === undefined ? {} : { run }),
  };
}

function client(name: string, runtime: RuntimeName, program: string, secure = false): Subject {
  const run = async (options: RunOptions): Promise<Result[]> => {
    const tls = secure ? { host: 'localhost', tls: { cert: CERTIFICATE, key: KEY } } : {};
    const serving = await serveClientCases({ ...options, ...tls });
    const child = launch(runtime, program, {
      ROLE: 'client',
      SECURE: secure ? '1' : '0',
      SOCKLESS_CONFORMANCE_URL: serving.server.url,
      SOCKLESS_CONFORMANCE_CASES: String(serving.cases.length),
    });
    let complaints = '';
    child.stderr?.on('data', (text) => (complaints += text));
    const late = setTimeout(() => child.kill('SIGKILL'), 240_000);
    const code = await new Promise((resolve) => child.once('exit', (status, signal) => resolve(signal ?? status)));
    clearTimeout(late);
    if (code !== 0) console.error(`${name} ended with ${code}: ${complaints.slice(0, 2000)}`);
    return serving.finish();
  };
  return {
    name,
    role: 'client',
    over: secure ? 'TLS' : 'TCP',
    ...(RUNTIMES[runtime].program === undefined ? {} : { run }),
  };
}

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
