/** The outcome of a case. */
import { type Case, SEVERITIES, type Severity } from '../case.ts';
import type { Entry } from './wire.ts';

/** Something that an implementation did wrong. */
export interface Finding {
  /** It may be less than that of the case: a wrong close code where the failure itself was right. */
  readonly severity: Severity;
  readonly section: string;
  readonly text: string;
}

/** The outcome of one case. */
export interface Result {
  readonly case: Case;
  /** `skip`: the case does not apply, and `reason` says why. */
  readonly verdict: 'pass' | 'fail' | 'skip';
  readonly findings: readonly Finding[];
  readonly reason?: string | undefined;
  /** What went over the wire, in order. */
  readonly wire: readonly Entry[];
  readonly milliseconds: number;
}

/** Returns the weightiest severity among the findings. */
export function weight(findings: readonly Finding[]): Severity | undefined {
  return SEVERITIES.find((severity) => findings.some((finding) => finding.severity === severity));
}

/** Ends a case at once. */
export class Stop extends Error {
  /** Set when the case does not apply. */
  readonly skip: boolean;

  constructor(reason: string, skip = false) {
    super(reason);
    this.skip = skip;
  }
}
