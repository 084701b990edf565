/** The programs of `programs`, in processes of their own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CHROMIUM } from '../../../tools/chromium.ts';
import { PYTHON, whyMissing } from '../../../tools/debian.ts';
import { BUN, DENO, DENO_ENV, findProgram, NEWEST_NODE } from '../../../tools/native.js';

interface Runtime {
  /** The path of its program; `undefined` if it is not installed. */
  readonly program: string | undefined;
  readonly args: readonly string[];
  /** Why it is not there, if not because npm has none for this platform. */
  readonly missing?: string | undefined;
  /** The arguments that print its version. */
  readonly version?: readonly string[];
}

const from = (folder: string): string => new URL(`../../../${folder}/package.json`, import.meta.url).href;
const TSX = ['--import', 'tsx'];
const python = (name: 'websockets' | 'wsproto'): Runtime => ({
  program: PYTHON,
  args: ['-B'], // leaves no compiled files behind
  missing: whyMissing(`python3-${name}`),
  version: ['-c', `from importlib.metadata import version; print(version("${name}"))`],
});

/** What runs a program. Python and Chromium stand for the libraries and the browser that they bring. */
export const RUNTIMES = {
  node: { program: process.execPath, args: TSX },
  'newest node': { program: findProgram(from('runtimes'), NEWEST_NODE), args: TSX },
  deno: {
    program: findProgram(import.meta.url, DENO) ?? findProgram(from('tools'), DENO),
    args: ['run', '--quiet', '--no-prompt', '--allow-all'],
    version: ['--version'],
  },
  bun: { program: findProgram(from('runtimes'), BUN), args: ['run'], version: ['--version'] },
  'python websockets': python('websockets'),
  'python wsproto': python('wsproto'),
  chromium: { program: process.execPath, args: TSX, missing: whyMissing('chromium') },
} satisfies Record<string, Runtime>;
export type RuntimeName = keyof typeof RUNTIMES;

/** Returns why a runtime cannot be used, or `undefined` if it can. */
export function whyNot(name: RuntimeName): string | undefined {
  const { program, missing }: Runtime = RUNTIMES[name];
  return missing ?? (program === undefined ? 'npm has no package of it for this platform' : undefined);
}

/** Returns the version that a runtime prints. */
export function versionOfRuntime(name: RuntimeName): string {
  const { program = '', version = [] }: Runtime = RUNTIMES[name];
  const [path, args] = name === 'chromium' ? [CHROMIUM, ['--version']] : [program, version];
  const { stdout } = spawnSync(path, args, { encoding: 'utf8', env: { ...process.env, ...DENO_ENV }, timeout: 30_000 });
  return /\d+(\.\d+)+/.exec(stdout ?? '')?.[0] ?? 'unknown';
}

/** Starts a program: the name of a file in `programs`, or a URL. */
export function launch(runtime: RuntimeName, program: string, env: Record<string, string>): ChildProcess {
  const { program: path, args }: Runtime = RUNTIMES[runtime];
  if (path === undefined) throw new Error(`${runtime} is not installed`);
  const file = fileURLToPath(new URL(program, new URL('../programs/', import.meta.url)));
  return spawn(path, [...args, file], {
    env: { ...process.env, ...DENO_ENV, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** How long a server may take to listen, in milliseconds. */
const PATIENCE = 30_000;

/** A server in a process of its own, which is started again on its port when it crashes. */
export class Served {
  url = '';
  /** What it wrote to its standard error. */
  complaints = '';
  /** When its process ended without being asked to, in the milliseconds of `performance.now()`. */
  readonly crashes: number[] = [];
  /** Settles when it listens, again after a crash. */
  ready: Promise<void>;
  readonly #start: () => Promise<void>;
  #child: ChildProcess | undefined;
  #isOver = false;

  constructor(runtime: RuntimeName, program: string, secure: boolean) {
    this.#start = async () => {
      const port = this.url === '' ? '0' : new URL(this.url).port;
      const child = launch(runtime, program, { ROLE: 'server', SECURE: secure ? '1' : '0', PORT: port });
      this.#child = child;
      this.url = await this.#listening(child, program);
      child.once('exit', () => {
        if (this.#isOver) return;
        this.crashes.push(performance.now());
        this.#begin();
      });
    };
    this.ready = this.#start();
  }

  stop(): void {
    this.#isOver = true;
    this.#child?.kill('SIGKILL');
  }

  #begin(): void {
    this.ready = this.#start();
    // Whoever waits for it learns why it does not start.
    this.ready.catch(() => undefined);
  }

  #listening(child: ChildProcess, program: string): Promise<string> {
    child.stderr?.on('data', (text) => {
      this.complaints += text;
    });
    return new Promise<string>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${program} does not listen: ${this.complaints}`)), PATIENCE);
      const settle = (settled: () => void): void => {
        clearTimeout(late);
        settled();
      };
      child.stdout?.on('data', (text) => {
        const found = /listening on (\S+)/.exec(String(text))?.[1];
        if (found !== undefined) settle(() => resolve(found));
      });
      child.once('error', (error) => settle(() => reject(error)));
      child.once('exit', () => settle(() => reject(new Error(`${program} ended: ${this.complaints}`))));
    });
  }
}
