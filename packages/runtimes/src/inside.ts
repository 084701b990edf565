/**
 * The program for every runtime, from one bundle of the sources: runs each expectation by itself, and computes the digest.
 *
 * It runs twice, with the runtime's global object and with an empty one in its place, which shows that core needs
 * nothing but ECMAScript.
 */
import { host } from '../../core/src/host.ts';
import { kernel } from '../../core/src/kernel.ts';
import { type Expectation, failuresOf } from '../../core/test/runtimes/expectation.ts';
import { BARE, CORE, digest, transcript } from '../../core/test/runtimes/expectations.ts';
import { DEFLATE, deflateTranscript } from '../../deflate/test/runtimes/expectations.ts';

/** The results, as plain data that any runtime can pass on as JSON. */
export interface Report {
  readonly cases: number;
  /** The expectations that failed, and why. */
  readonly failures: readonly (readonly [name: string, reason: string])[];
  /** The features of the host that core has found. */
  readonly offers: readonly string[];
  /** SHA-256 of all transcripts. */
  readonly digest: string;
}

/** Runs all expectations, or those that are not slow, one after the other. */
export async function report(slow: boolean): Promise<Report> {
  const offers = Object.entries({ ...host, kernel: kernel(), webAssembly: undefined, allocate: undefined })
    .filter(([, capability]) => capability !== undefined)
    .map(([name]) => name);
  const all: Expectation[] = [...CORE, ...DEFLATE, ...(offers.length === 0 ? BARE : [])];
  const expectations = slow ? all : all.filter((expectation) => expectation.slow !== true);
  return {
    cases: expectations.length,
    failures: await failuresOf(expectations),
    offers,
    digest: digestOfAll(),
  };
}

/** The expected digest for every runtime. */
export function digestOfAll(): string {
  return digest(everything());
}

function* everything(): Generator<string | Uint8Array> {
  yield* transcript();
  yield* deflateTranscript();
}
