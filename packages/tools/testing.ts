// Helpers for tests of all packages.
import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'uvu';

/** Something of the system that some tests need, such as Chromium. */
export interface SystemTool {
  /** Whether it is there. */
  readonly available: boolean;
  /**
   * Registers tests that need it: `python.test(suite)('echoes a message', async () => { … })`. Where it is missing they
   * are skipped; but they fail where CI is set, so that they are not left out there in silence.
   */
  test<T>(suite: Test<T>): (name: string, body: Parameters<Test<T>>[1]) => void;
}

/**
 * Looks for a tool, and says so if it is missing.
 * @param name what to install: the name of Debian's package
 * @param probe whether the tool is there
 * @param remedy what to do where it is not
 */
export function systemTool(name: string, probe: () => boolean, remedy = `apt-get install ${name}`): SystemTool {
  const available = probe();
  if (!available) {
    console.log(`${name} is missing (${remedy}): tests that need it are ${process.env.CI ? 'failed' : 'skipped'}`);
  }
  return {
    available,
    test: (suite) => (title, body) => {
      if (available) {
        suite(title, body);
      } else if (process.env.CI) {
        suite(title, () => {
          throw new Error(`${name} is missing: ${remedy}`);
        });
      } else {
        suite.skip(title, body);
      }
    },
  };
}

/** Debian's python, which sees the packages that Debian has installed. */
export const PYTHON = '/usr/bin/python3';

/** Whether a command can be run and ends well: a probe for `systemTool`. */
export function runs(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 30_000 }).status === 0;
}

export { delay };

/** Waits for a promise, but not for ever. */
export async function within<T>(milliseconds: number, what: string, promise: T): Promise<Awaited<T>> {
  const timer = new AbortController();
  const late = delay(milliseconds, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error(`took more than ${milliseconds} ms: ${what}`)),
    () => undefined as never,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** Waits until a condition holds; the timeout of the test limits it. */
export async function until(condition: () => unknown): Promise<void> {
  while (!(await condition())) await delay(2);
}

/** A promise and the way to settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

/** Makes a promise to be settled from outside. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
