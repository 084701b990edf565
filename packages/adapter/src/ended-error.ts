/** The error of those who waited for a connection that has ended. */
import type { EndEvent } from '@sockless/core';

/** A connection that was waited for or iterated over ended otherwise: {@link ConnectionEndedError.end} says all that is known. */
export class ConnectionEndedError extends Error {
  /** Tells it from other errors. */
  override readonly name: string = 'ConnectionEndedError';
  /** All that is known of the end. */
  readonly end: EndEvent;

  /** Says what the event says. */
  constructor(end: EndEvent) {
    super(end.explanation.summary, { cause: end.explanation.error ?? end.explanation.cause });
    this.end = end;
  }
}
