/**
 * Runs one contestant of one suite in its own process, so that it shares neither inline caches nor a heap with the others and
 * can have its own environment.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { measuredNode } from '../node.ts';
import type { Runner } from '../suite.ts';

/** Asks to measure this case for about this long. */
export interface Question {
  readonly name: string;
  readonly milliseconds: number;
}

/** Messages from the process: one when it is ready, then one answer for each question. */
export type Answer = { readonly ready: true } | { readonly cost: number } | { readonly error: string };

/** How much longer than requested a measurement may take before the process is given up, in milliseconds. */
const PATIENCE = 60_000;

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const BENCHMARKS = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Starts the process of a contestant.
 *
 * @param suite the suite's name, for error messages
 * @param file the module that exports the suite's contestants
 * @param own the path of the contestant's file, if it is none of the suite's
 * @throws {Error} when the process ends before it is ready
 */
export async function inChild(
  suite: string,
  file: string,
  contestant: string,
  env: Readonly<Record<string, string>>,
  own?: string,
): Promise<Runner> {
  const child = fork(CHILD, [file, contestant, ...(own === undefined ? [] : [own])], {
    cwd: BENCHMARKS, // tsx is resolved from here
    env: { ...process.env, ...env },
    execPath: measuredNode(),
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced', // JSON has no NaN
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-4000);
  });
  const who = `${suite}: ${contestant}`;
  await answer(child, `${who} could not be started`, PATIENCE, () => output);
  return {
    async measure(name, milliseconds) {
      const where = `${who}: ${name}`;
      if (!child.connected) throw new Error(`${where}: its process has ended`);
      child.send({ name, milliseconds } satisfies Question);
      const result = await answer(child, where, milliseconds + PATIENCE, () => output);
      if ('cost' in result) return result;
      throw new Error(`${where}: ${'error' in result ? result.error : 'no answer'}`);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      if (child.connected) child.disconnect();
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000);
      await exit;
      clearTimeout(timer);
    },
  };
}

/** Returns the next message of a process; rejects when the process ends or is silent for too long. */
async function answer(child: ChildProcess, where: string, milliseconds: number, output: () => string): Promise<Answer> {
  const stopped = new AbortController();
  const { signal } = stopped;
  const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
  try {
    return await Promise.race([
      once(child, 'message', { signal }).then(([message]) => message as Answer),
      // Not 'exit': messages written before the process ended must be read first.
      once(child, 'close', { signal }).then(([code, by]) => {
        const reason =
          by === 'SIGKILL' ? `gave no answer within ${milliseconds} ms` : `its process ended (${by ?? code})`;
        throw new Error(`${where}: ${reason}\n${output()}`.trimEnd());
      }),
    ]);
  } finally {
    clearTimeout(timer);
    stopped.abort();
  }
}
