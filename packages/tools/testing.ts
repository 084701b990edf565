// Helpers for tests of all packages.
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'uvu';
import { type DebianPackage, isFailure, whyMissing } from './debian.ts';

/** A tool that some tests need and not every machine has, such as Chromium. */
export interface SystemTool {
  /**
   * Registers tests that need it: `python.test(suite)('echoes a message', async () => { … })`. If it is missing, they
   * are skipped, with the reason after their titles. If CI is set they fail instead, so that they are not silently left
   * out.
   */
  test<T>(suite: Test<T>): (name: string, body: Parameters<Test<T>>[1]) => void;
}

/** Separates the title of a skipped test from the reason. */
export const SKIPPED = ' – skipped: ';

/** Returns a Debian package. */
export const debianTool = (name: DebianPackage): SystemTool => systemTool(name, whyMissing(name));

/** Returns a tool by its name, with the reason why it is missing, if it is. */
export function systemTool(name: string, missing: string | undefined): SystemTool {
  const fails = missing !== undefined && isFailure(missing);
  if (missing !== undefined) {
    console.log(`${name} is missing (${missing}): tests that need it are ${fails ? 'failed' : 'skipped'}`);
  }
  return {
    test: (suite) => (title, body) => {
      if (missing === undefined) {
        suite(title, body);
      } else if (fails) {
        suite(title, () => {
          throw new Error(`${name} is missing: ${missing}`);
        });
      } else {
        suite.skip(`${title}${SKIPPED}${name} is missing (${missing})`, body);
      }
    },
  };
}

export { delay };

/** Waits for a promise, up to a time limit. */
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

/** Counts the listeners added to a signal from now on and not removed. */
export function countListeners(signal: AbortSignal): { readonly count: number } {
  const listeners = { count: 0 };
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>): void => {
    listeners.count++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>): void => {
    listeners.count--;
    removeEventListener.apply(signal, args);
  };
  return listeners;
}

/** A promise, and the functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

/** Returns a promise that is settled from outside. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
