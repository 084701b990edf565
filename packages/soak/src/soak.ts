/** One run: a network, and the process under test on a host behind it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { DENO, DENO_ENV, findProgram } from '../../tools/native.js';
import { startNetwork } from './network.ts';
import { leaksOf, type Result, type Settings, type Tally, type Told } from './report.ts';

export const RUNTIMES = ['node', 'deno'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CHILD = fileURLToPath(new URL('child/main.ts', import.meta.url));

/** How long the process may run beyond its time, in seconds: longer than the time that each connection has to end. */
const PATIENCE = 240;

/** How a host runs the sources, and allows garbage collection. */
const ARGS: Readonly<Record<RuntimeName, readonly string[]>> = {
  node: ['--expose-gc', '--import', 'ts-blank-space/register'],
  deno: ['run', '--allow-all', '--no-check', '--quiet', '--v8-flags=--expose-gc'],
};

/** Returns the path of a host's program; `undefined` if it is not installed. */
export function programOf(runtime: RuntimeName): string | undefined {
  if (runtime === 'node') return process.execPath;
  return findProgram(new URL('../../tools/native.js', import.meta.url).href, DENO);
}

/** The result of a run. */
export interface Outcome extends Partial<Result> {
  /** The faults found. */
  readonly faults: readonly string[];
}

/**
 * Runs connections until the time is over and all have ended.
 *
 * @param report called about every second
 */
export async function soak(
  runtime: RuntimeName,
  settings: Omit<Settings, 'network'>,
  report: (tally: Tally) => void,
): Promise<Outcome> {
  const program = programOf(runtime);
  if (program === undefined) throw new Error(`${runtime} is not installed`);
  const network = await startNetwork(settings.seed);
  try {
    const task = JSON.stringify({ ...settings, network: network.port } satisfies Settings);
    const child = spawn(program, [...ARGS[runtime], CHILD, task], {
      cwd: ROOT,
      env: { ...process.env, ...DENO_ENV },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const late = setTimeout(() => child.kill('SIGKILL'), 1000 * (settings.seconds + PATIENCE));
    const closed = once(child, 'close');
    const errors = text(child.stderr);
    let result: Result | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      const told = JSON.parse(line) as Told;
      network.target = told.listening ?? network.target;
      if (told.progress !== undefined) report(told.progress);
      result ??= told.result;
    }
    const [code, signal] = await closed;
    clearTimeout(late);
    const faults = [...(result?.tally.faults ?? [])];
    if (code !== 0) faults.push(`the process ended with ${signal ?? `exit code ${code}`}`);
    const printed = await errors;
    if (printed !== '') faults.push(`it printed: ${printed.slice(0, 2000)}`);
    if (result !== undefined) faults.push(...leaksOf(result.before, result.after, runtime));
    return { ...result, faults };
  } finally {
    network.close();
  }
}
