/** What a runtime of the matrix is. */
import type { Report } from './inside.ts';

/** How long one may take, in milliseconds. */
export const TIMEOUT = 110_000;

/** What came of running in it. */
export interface Result {
  readonly version: string;
  readonly reports: readonly Report[];
}

/** A row of the matrix. */
export interface Runtime {
  readonly name: string;
  /** Why it cannot be run, if it cannot. */
  readonly missing: string | undefined;
  /** Also with nothing but ECMAScript, if `bare`; what offers nothing more has that alone. */
  run(bare: boolean): Promise<Result>;
}

/** The script that runs what {@link bundleExpectations} gives. */
export const reports = (bare: boolean): string => `await run(globalThis${bare ? ', {}' : ''})`;

/** Why a program cannot be run, if its path is not known. */
export const whyMissing = (path: string | undefined): string | undefined =>
  path === undefined ? `npm has no build for ${process.platform}-${process.arch}, or it is not installed` : undefined;
