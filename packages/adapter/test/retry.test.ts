// RFC 9110 10.2.3: after which refusals a client connects again, and how long it waits before.
import { type EndEvent, HandshakeError, type HeaderField } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isWorthRetrying, retryAfter } from '../src/retry.ts';

const test = suite('RFC 9110 10.2.3 Retry-After');

/** The end of an attempt that was answered like this. */
function refused(status: number, ...headers: HeaderField[]): EndEvent {
  const response = { status, reason: '', headers, body: new Uint8Array(0) };
  return { explanation: { error: new HandshakeError('status-not-101', '', response) } } as unknown as EndEvent;
}

const DATE: HeaderField = ['date', 'Sun, 06 Nov 1994 08:49:37 GMT'];

for (const [value, milliseconds] of [
  ['0', 0],
  ['120', 120_000],
  // The three forms of a date, a minute later than the server's own.
  ['Sun, 06 Nov 1994 08:50:37 GMT', 60_000],
  ['Sunday, 06-Nov-94 08:50:37 GMT', 60_000],
  ['Sun Nov  6 08:50:37 1994', 60_000],
  // In the past, and what is neither.
  ['Sun, 06 Nov 1994 08:48:37 GMT', 0],
  ['', 0],
  ['-5', 0],
  ['1.5', 0],
  ['soon', 0],
  ['Sunday', 0],
  ['5 GMT', 0],
] as const) {
  test(`Retry-After: ${value} asks to wait ${milliseconds} ms`, () => {
    assert.is(retryAfter(refused(503, DATE, ['retry-after', value])), milliseconds);
  });
}

test('a date is compared with the local clock if the server sends no Date', () => {
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  const wait = retryAfter(refused(503, ['retry-after', date]));
  assert.ok(wait > 3_500_000 && wait <= 3_600_000);
});

test('without Retry-After or without a response the wait is 0', () => {
  assert.is(retryAfter(refused(503)), 0);
  assert.is(retryAfter({ explanation: { error: undefined } } as unknown as EndEvent), 0);
});

test('a refusal is worth retrying if its status is 408, 429, outside 400 to 499, or named by the policy', () => {
  const worth = (refusals?: readonly number[]): number[] =>
    [301, 399, 400, 401, 403, 404, 408, 429, 499, 500, 503].filter((status) =>
      isWorthRetrying(refused(status), refusals),
    );
  assert.equal(worth(), [301, 399, 408, 429, 500, 503]);
  assert.equal(worth([403, 404]), [301, 399, 403, 404, 408, 429, 500, 503]);
});

test.run();
