// RFC 6455 7.2.3: the delay before connecting again.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isA, NEVER } from '../../core/test/connection/tools.ts';
import { seeded } from '../../core/test/pair.ts';
import { type BackoffPolicy, backoffDelay, nextAttempt } from '../src/backoff.ts';

const test = suite('RFC 6455 7.2.3 backoff');

const lowest = (bytes: Uint8Array): unknown => bytes.fill(0);
const highest = (bytes: Uint8Array): unknown => bytes.fill(255);
const bound = (attempt: number, policy: BackoffPolicy = {}): number =>
  Math.round(backoffDelay(attempt, policy, highest) ?? Number.NaN);

test('by default the bound is 1 s and doubles up to 30 s, and attempts never end', () => {
  assert.equal(
    [0, 1, 2, 3, 4, 5, 6, 1000, 1e9, Number.MAX_SAFE_INTEGER].map((attempt) => bound(attempt)),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000],
  );
});

test('the policy sets base, factor and cap', () => {
  const policy = { base: 100, factor: 3, cap: 1000 };
  assert.equal(
    [0, 1, 2, 3, 4].map((attempt) => bound(attempt, policy)),
    [100, 300, 900, 1000, 1000],
  );
  assert.is(bound(9, { base: 100, factor: 1 }), 100);
  assert.is(bound(0, { base: 5000, cap: 10 }), 10);
});

test('full jitter: the random source decides, uniformly from 0 to below the bound', () => {
  assert.is(backoffDelay(3, {}, lowest), 0);
  assert.ok((backoffDelay(3, {}, highest) ?? 0) < 8000);
  const random = seeded(5);
  const source = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at++) bytes[at] = random() * 256;
  };
  const delays = Array.from({ length: 4000 }, () => backoffDelay(3, {}, source) ?? Number.NaN);
  for (let quarter = 0; quarter < 4; quarter++) {
    const share = delays.filter((delay) => Math.floor(delay / 2000) === quarter).length;
    assert.ok(share > 800 && share < 1200, `${share} in quarter ${quarter}`);
  }
});

test('the delay is never negative or NaN for a valid policy', () => {
  for (const base of [0, 1, 1e300, NEVER]) {
    for (const factor of [1, 2, 1e300, NEVER]) {
      for (const cap of [0, 1000, NEVER]) {
        for (const attempt of [0, 1, 2000, 1e15]) {
          for (const source of [lowest, highest]) {
            const delay = backoffDelay(attempt, { base, factor, cap }, source) ?? -1;
            assert.ok(delay >= 0 && delay <= cap, `${delay} for ${base}, ${factor}, ${cap}, ${attempt}`);
          }
        }
      }
    }
  }
});

test('attempts are counted from 0: with a limit of 3 there is no fourth', () => {
  const delays = [0, 1, 2, 3, 4].map((attempt) => backoffDelay(attempt, { attempts: 3 }, lowest));
  assert.equal(delays, [0, 0, 0, undefined, undefined]);
  assert.is(backoffDelay(0, { attempts: 0 }, lowest), undefined);
});

test('an invalid policy throws', () => {
  for (const attempt of [-1, 0.5, Number.NaN, NEVER, '1' as unknown as number]) {
    assert.throws(() => backoffDelay(attempt, {}, lowest), isA(RangeError));
  }
  for (const policy of [{ base: -1 }, { factor: 0.5 }, { cap: -1 }, { attempts: -1 }]) {
    assert.throws(() => backoffDelay(0, policy, lowest), isA(RangeError));
  }
  for (const name of ['base', 'factor', 'cap', 'attempts']) {
    assert.throws(() => backoffDelay(0, { [name]: Number.NaN }, lowest), isA(RangeError));
  }
});

for (const [attempt, openFor, policy, expected] of [
  [0, 0, {}, 1],
  [6, 4999, {}, 7],
  [6, 5000, {}, 0],
  [6, 99, { stableAfter: 100 }, 7],
  [6, 100, { stableAfter: 100 }, 0],
  [6, 1e9, { stableAfter: NEVER }, 7],
  [6, 0, { stableAfter: 0 }, 0],
] as const) {
  test(`after attempt ${attempt} and ${openFor} ms open, the next attempt is number ${expected} (${JSON.stringify(policy)})`, () => {
    assert.is(nextAttempt(attempt, openFor, policy), expected);
  });
}

test.run();
