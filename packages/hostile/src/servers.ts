/** The servers under attack, each in its own process: the program of a README, its variants, and the demo. */
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

/** Returns the path of a runtime's program; `undefined` if it is not installed. */
export function runtimeProgram(name: RuntimeName): string | undefined {
  if (name === 'node') return process.execPath;
  return findProgram(import.meta.url, name === 'deno' ? DENO : NEWEST_NODE);
}

const ROOT = new URL('../../../', import.meta.url);

/** How long a server may take before it listens, in milliseconds. */
const PATIENCE = 30_000;

/** The port and message handler of each variant of a README's server. */
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

/** The line of a README's server that answers messages. */
const MESSAGE = /^ *message: .*$/m;

/** Returns the program of a README's server, unchanged or as a variant. */
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
  /** Its output, with a line for the end of each connection. */
  readonly ends: string[];
  /** Its errors. */
  errors(): string;
  /** How its process ended; `undefined` while it runs. */
  died(): string | undefined;
  /** Its current memory in bytes; `undefined` if the system does not report it. */
  memory(): number | undefined;
  /** Ends the process, and returns its exit code or the name of the signal that ended it. */
  stop(): Promise<number | string | null>;
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Starts the servers of a target, and removes their files when they have ended. */
export async function startServers(target: Target, runtime: RuntimeName): Promise<Server[]> {
  const program = runtimeProgram(runtime);
  if (program === undefined) throw new Error(`${runtime} is not installed`);
  if (target === 'demo') {
    const path = fileURLToPath(new URL('packages/demo/dist/server.js', ROOT));
    // With LOG it prints how each connection ends.
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

/** Waits until a server prints where it listens, and collects its output from then on. */
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
    // Keeps only the beginning, so that a flood of errors cannot fill our memory.
    if (errors.length < 65_536) errors += text;
  });
  child.once('exit', (code, signal) => (ended = signal ?? `exit code ${code}`));
  const closed = once(child, 'close');
  for (const late = Date.now() + PATIENCE; url === undefined; await delay(10)) {
    if (ended !== undefined) await closed;
    if (ended !== undefined || Date.now() > late) {
      child.kill('SIGKILL');
      throw new Error(`a server does not listen: ${ended ?? 'timed out'}\n${errors}`);
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

/** Returns the resident set of a process, which Linux reports. */
function residentBytes(pid = 0): number | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(path, 'latin1')) ?? [];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
