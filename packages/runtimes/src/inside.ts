/**
 * What runs inside of every runtime, from one bundle of the sources: all expectations, each by itself, and the digest.
 *
 * The bundle is evaluated twice, with the runtime's global object and with an empty one in its place: so everywhere core is
 * also seen to work with nothing but ECMAScript.
 */
import { host } from '../../core/src/host.ts';
import { kernel } from '../../core/src/kernel.ts';
import { failuresOf } from '../../core/test/runtimes/expectation.ts';
import { BARE, CORE, digest, transcript } from '../../core/test/runtimes/expectations.ts';
import { DEFLATE, deflateTranscript } from '../../deflate/test/runtimes/expectations.ts';

/** How it went: plain data, which leaves any runtime as JSON. */
export interface Report {
  readonly cases: number;
  /** What does not hold, and why. */
  readonly failures: readonly (readonly [name: string, reason: string])[];
  /** What core has found of the host. */
  readonly offers: readonly string[];
  /** SHA-256 of all transcripts. */
  readonly digest: string;
}

/** Runs everything, one after the other. */
export async function report(): Promise<Report> {
  const offers = Object.entries({ ...host, kernel: kernel(), webAssembly: undefined, allocate: undefined })
    .filter(([, capability]) => capability !== undefined)
    .map(([name]) => name);
  const expectations = [...CORE, ...DEFLATE, ...(offers.length === 0 ? BARE : [])];
  return {
    cases: expectations.length,
    failures: await failuresOf(expectations),
    offers,
    digest: digestOfAll(),
  };
}

/** What every runtime, and whoever compares them, must come to. */
export function digestOfAll(): string {
  return digest(everything());
}

function* everything(): Generator<string | Uint8Array> {
  yield* transcript();
  yield* deflateTranscript();
}
