/** The servers that are attacked, each a process of its own: the program of a README, variants of it, and the demo. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { edit, type ProgramFolder, programFolder, programIn } from '@sockless/docs/programs';
import { CERTIFICATE, KEY } from '../../node/test/certificate.ts';
import { DENO, DENO_ENV, findProgram, NEWEST_NODE } from '../../tools/native.js';
import type { Kind } from './clients.ts';
import type { Address } from './wire.ts';

export const RUNTIMES = ['node', 'node-newest', 'deno'] as const;
export const TARGETS = ['readme', 'demo'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];
export type Target = (typeof TARGETS)[number];

/** Returns the path of a runtime's program; `undefined` where it is not installed. */
export function runtimeProgram(name: RuntimeName): string | undefined {
  if (name === 'node') return process.execPath;
  return findProgram(import.meta.url, name === 'deno' ? DENO : NEWEST_NODE);
}

const ROOT = new URL('../../../', import.meta.url);

/** How long a server may take to begin to listen, in milliseconds. */
const PATIENCE = 30_000;

/** What the variants of a README's server say instead of its port and its message handler. */
const VARIANTS: Readonly<Record<Exclude<Kind, 'demo'>, (deno: boolean) => { port: string; message?: string }>> = {
  plain: () => ({ port: 'port: 0' }),
  tls(deno) {
    const files = `cert: ${JSON.stringify(CERTIFICATE)}, key: ${JSON.stringify(KEY)}`;
    return { port: `port: 0, ${deno ? files : `tls: { ${files} }`}` };
  },
  faulty: () => ({
    port: 'port: 0',
    message: `message(ws, data) {
      if (data === 'throw') throw new Error('thrown by a handler');
      if (data === 'reject') return Promise.reject(new Error('rejected by a handler'));
      return ws.send(data);
    },`,
  }),
};

/** The line that answers messages in a README's server. */
const MESSAGE = /^ *message: .*$/m;

/** Returns the program of a README's server as it is, or a variant. */
export function readmeServer(kind: Exclude<Kind, 'demo'>, deno: boolean): string {
  const program = programIn(new URL(deno ? 'packages/deno/README.md' : 'README.md', ROOT), 'port: 8081');
  const { port, message } = VARIANTS[kind](deno);
  const [handler] = MESSAGE.exec(program) ?? [];
  if (handler === undefined) throw new Error(`the server has no message handler:\n${program}`);
  return edit(program, { 'port: 8081': port, ...(message === undefined ? {} : { [handler]: message }) });
}

/** A server under attack. */
export interface Server {
  readonly kind: Kind;
  readonly address: Address;
  /** What it has printed: how each connection ended, line by line. */
  readonly ends: string[];
  /** What it has printed as errors. */
  errors(): string;
  /** How its process ended; `undefined` while it lives. */
  died(): string | undefined;
  /** The memory that it has now, in bytes; `undefined` where the system does not tell. */
  memory(): number | undefined;
  /** Asks the process to end, and returns its exit code, or the name of the signal that ended it. */
  stop(): Promise<number | string | null>;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Starts the servers of a target, and removes its files when they have ended. */
export async function startServers(target: Target, runtime: RuntimeName): Promise<Server[]> {
  const program = runtimeProgram(runtime);
  if (program === undefined) throw new Error(`${runtime} is not installed`);
  if (target === 'demo') {
    const path = fileURLToPath(new URL('packages/demo/dist/server.js', ROOT));
    // LOG makes it say how each connection ends.
    const child = launch(program, [path], { PORT: '0', LOG: '1' });
    return [await listening(child, 'demo')];
  }
  const isDeno = runtime === 'deno';
  const folder = programFolder(new URL(isDeno ? 'packages/deno/' : 'packages/docs/', ROOT));
  const kinds = ['plain', 'tls', 'faulty'] as const;
  try {
    return await Promise.all(kinds.map((kind) => startReadme(program, folder, kind, isDeno)));
  } finally {
    folder.remove();
  }
}

function startReadme(program: string, folder: ProgramFolder, kind: Exclude<Kind, 'demo'>, isDeno: boolean) {
  const path = folder.write(kind, readmeServer(kind, isDeno), isDeno ? 'ts' : 'mjs');
  return listening(launch(program, isDeno ? ['run', '--no-prompt', '--allow-net', path] : [path], {}), kind);
}

function launch(program: string, args: string[], env: NodeJS.ProcessEnv): Child {
  return spawn(program, args, { env: { ...process.env, ...DENO_ENV, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Waits until a server says where it listens, and collects what it prints from then on. */
async function listening(child: Child, kind: Kind): Promise<Server> {
  const ends: string[] = [];
  let [rest, errors, ended] = ['', '', undefined as string | undefined];
  let url: URL | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [found] = /\b(wss?|http):\/\/\S+/.exec(line) ?? [];
      if (url === undefined && found !== undefined) url = new URL(found);
      else if (line !== '') ends.push(line);
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    // The beginning says what it was; a flood of errors is not to fill our memory.
    if (errors.length < 65_536) errors += text;
  });
  child.once('exit', (code, signal) => (ended = signal ?? `exit code ${code}`));
  const closed = once(child, 'close');
  for (const late = Date.now() + PATIENCE; url === undefined; await delay(10)) {
    if (ended !== undefined) await closed;
    if (ended !== undefined || Date.now() > late) {
      child.kill('SIGKILL');
      throw new Error(`a server does not listen: ${ended ?? 'waited in vain'}\n${errors}`);
    }
  }
  return {
    kind,
    address: { port: Number(url.port), secure: url.protocol === 'wss:', path: kind === 'demo' ? '/chat' : '/' },
    ends,
    errors: () => errors,
    died: () => ended,
    memory: () => residentBytes(child.pid),
    async stop() {
      if (ended !== undefined) return ended;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      await closed;
      clearTimeout(timer);
      return child.exitCode ?? child.signalCode;
    },
  };
}

/** The resident set of a process: Linux tells it. */
function residentBytes(pid = 0): number | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(path, 'latin1')) ?? [];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
