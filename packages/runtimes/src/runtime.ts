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
  /** With `bare`, whether it also runs with only ECMAScript; a runtime that offers nothing more runs only so. */
  run(bare: boolean): Promise<Result>;
}

/** Returns the script that runs the bundle of {@link bundleExpectations}. */
export const reports = (bare: boolean): string => `await run(globalThis${bare ? ', {}' : ''})`;

/** Returns why a program cannot be run, if its path is not known. */
export const whyMissing = (path: string | undefined): string | undefined =>
  path === undefined ? `npm has no build for ${process.platform}-${process.arch}, or it is not installed` : undefined;
