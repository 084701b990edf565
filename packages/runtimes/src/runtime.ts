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
  run(): Promise<Result>;
}

/** Why a program cannot be run, if its path is not known. */
export const whyMissing = (path: string | undefined): string | undefined =>
  path === undefined ? `npm has no build for ${process.platform}-${process.arch}, or it is not installed` : undefined;
