/** The error for an application that waited for a connection which then ended. */
import type { EndEvent } from '@sockless/core';

/**
 * A connection that the application waited for or iterated over has ended; {@link ConnectionEndedError.end} has the
 * details.
 */
export class ConnectionEndedError extends Error {
  /** The name of the class. */
  override readonly name: string = 'ConnectionEndedError';
  /** The `end` event. */
  readonly end: EndEvent;

  /** Creates an error with the summary of the event as its message. */
  constructor(end: EndEvent) {
    super(end.explanation.summary, { cause: end.explanation.error ?? end.explanation.cause });
    this.end = end;
  }
}
