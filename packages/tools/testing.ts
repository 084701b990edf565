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
  if (missing === undefined) return { test: (suite) => suite };
  const fails = isFailure(missing);
  console.log(`${name} is missing (${missing}): tests that need it are ${fails ? 'failed' : 'skipped'}`);
  const fail = (): never => {
    throw new Error(`${name} is missing: ${missing}`);
  };
  return {
    test: (suite) => (title, body) => {
      if (fails) suite(title, fail);
      else suite.skip(`${title}${SKIPPED}${name} is missing (${missing})`, body);
    },
  };
}

export { delay };

/** Waits for a promise, up to a time limit. */
export function within<T>(milliseconds: number, what: string, promise: T): Promise<Awaited<T>> {
  const timer = new AbortController();
  const late = delay(milliseconds, undefined, timer).then(() => {
    throw new Error(`took more than ${milliseconds} ms: ${what}`);
  });
  return Promise.race([promise, late]).finally(() => timer.abort());
}

/** Waits until a condition holds; the timeout of the test limits it. */
export async function until(condition: () => unknown): Promise<void> {
  while (!(await condition())) await delay(2);
}

/** A promise, and the functions that settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

/** Returns a promise that is settled from outside; Promise.withResolvers came with Node 22. */
export function deferred<T>(): Deferred<T> {
  const settlers = {} as { resolve: Deferred<T>['resolve'] };
  const promise = new Promise<T>((resolve) => Object.assign(settlers, { resolve }));
  return { promise, ...settlers };
}
