/** Whether a client tries again after an end, and not before when (RFC 9110 10.2.3). */
import { type EndEvent, fieldValue, HandshakeError, type RejectedResponse } from '@sockless/core';

/** Refusals of these statuses pass by themselves: 408 Request Timeout, 429 Too Many Requests. */
const PASSING: readonly number[] = [408, 429];

/**
 * Returns whether to try again by default: not after a normal end, nor where trying again would only bring the same answer.
 *
 * @param refusals statuses from 400 to 499 after which to try again besides
 */
export function isWorthRetrying({ explanation }: EndEvent, refusals: readonly number[] = []): boolean {
  const { sent, received } = explanation;
  if ([sent?.code, received?.code].some((code) => code === 1000 || code === 1008)) return false;
  const status = refusal(explanation.error)?.status;
  if (status === undefined || status < 400 || status >= 500) return true;
  return PASSING.includes(status) || refusals.includes(status);
}

/**
 * Returns for how many milliseconds a refusal asks not to be repeated; 0 when it does not say.
 *
 *     Retry-After = HTTP-date / delay-seconds
 *
 * @see RFC 9110 10.2.3
 */
export function retryAfter({ explanation }: EndEvent): number {
  const { headers = [] } = refusal(explanation.error) ?? {};
  const value = fieldValue(headers, 'retry-after') ?? '';
  if (/^\d+$/.test(value)) return 1000 * Number(value);
  // The server's own clock, where it says what that is: ours may be wrong.
  const now = date(fieldValue(headers, 'date') ?? '') ?? Date.now();
  return Math.max(0, (date(value) ?? now) - now);
}

/**
 * Returns the time that an HTTP-date says.
 *
 * RFC 9110 5.6.7: "A recipient that parses a timestamp value in an HTTP field MUST accept all three HTTP-date formats." The third
 * of them, asctime's, does not say GMT, though it is.
 */
function date(text: string): number | undefined {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

const refusal = (error: unknown): RejectedResponse | undefined =>
  error instanceof HandshakeError ? error.response : undefined;
