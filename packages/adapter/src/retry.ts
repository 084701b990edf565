/** Whether a client tries again after an end, and how long the server asks it to wait (RFC 9110 10.2.3). */
import { type EndEvent, fieldValue, HandshakeError, type RejectedResponse } from '@sockless/core';

/** The statuses of refusals that are temporary: 408 Request Timeout, 429 Too Many Requests. */
const PASSING: readonly number[] = [408, 429];

/**
 * Returns whether to try again by default: not after a normal end, nor when another attempt would get the same answer.
 *
 * @param refusals more statuses from 400 to 499 after which to try again
 */
export function isWorthRetrying({ explanation }: EndEvent, refusals: readonly number[] = []): boolean {
  const { sent, received } = explanation;
  if ([sent?.code, received?.code].some((code) => code === 1000 || code === 1008)) return false;
  const status = refusal(explanation.error)?.status;
  if (status === undefined || status < 400 || status >= 500) return true;
  return PASSING.includes(status) || refusals.includes(status);
}

/**
 * Returns the number of milliseconds that a refusal asks to wait with Retry-After; 0 if it does not.
 *
 *     Retry-After = HTTP-date / delay-seconds
 *
 * @see RFC 9110 10.2.3
 */
export function retryAfter({ explanation }: EndEvent): number {
  const { headers = [] } = refusal(explanation.error) ?? {};
  const value = fieldValue(headers, 'retry-after') ?? '';
  if (/^\d+$/.test(value)) return 1000 * Number(value);
  // Go by the server's own clock if the Date field has its time: ours may be wrong.
  const now = date(fieldValue(headers, 'date') ?? '') ?? Date.now();
  return Math.max(0, (date(value) ?? now) - now);
}

/**
 * Parses an HTTP-date; returns milliseconds since 1970, or `undefined`.
 *
 * RFC 9110 5.6.7: "A recipient that parses a timestamp value in an HTTP field MUST accept all three HTTP-date formats."
 * The third format, asctime's, is in GMT but does not contain "GMT".
 */
function date(text: string): number | undefined {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

const refusal = (error: unknown): RejectedResponse | undefined =>
  error instanceof HandshakeError ? error.response : undefined;
