/** The parts of the matrix of runtimes. */
import type { Report } from './inside.ts';

/** How long a runtime may take, in milliseconds. */
export const TIMEOUT = 110_000;

/** The result of a run. */
export interface Result {
  readonly version: string;
  readonly reports: readonly Report[];
}

/** A row of the matrix. */
export interface Runtime {
  readonly name: string;
  /** Why it cannot be run. */
  readonly missing: string | undefined;
  /**
   * Runs all expectations. With `whole`, they also run with only ECMAScript in place of the runtime's global object. QuickJS,
   * which has nothing else, leaves out the slow expectations without `whole`.
   */
  run(whole: boolean): Promise<Result>;
}

/** Returns the script that runs the bundle of {@link bundleExpectations}. */
export const reports = (bare: boolean): string => `await run(globalThis${bare ? ', {}' : ''})`;

/** Returns why a program cannot be run, if its path is not known. */
export const whyMissing = (path: string | undefined): string | undefined =>
  path === undefined ? `npm has no build for ${process.platform}-${process.arch}, or it is not installed` : undefined;
