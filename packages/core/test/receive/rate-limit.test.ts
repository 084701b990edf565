// Rate limits as token buckets in virtual time.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type RateLimit, RateLimiter, TokenBucket } from '../../src/receive/rate-limit.ts';
import { ProtocolError } from '../../src/rules.ts';
import { NEVER } from '../connection/tools.ts';
import { seeded } from '../pair.ts';

const test = suite('rate-limit');

/** How many single tokens can be taken at once. */
function drain(bucket: TokenBucket, now: number): number {
  let count = 0;
  while (count < 1e6 && bucket.take(1, now)) count++;
  return count;
}

for (const [limit, burst] of [
  [{ perSecond: 1 }, 1],
  [{ perSecond: 3 }, 3],
  [{ perSecond: 7, burst: 20 }, 20],
  [{ perSecond: 1000, burst: 1 }, 1],
  [{ perSecond: 0.5, burst: 2 }, 2],
  [{ perSecond: 2.5 }, 2],
  [{ perSecond: 0.2 }, 1],
] as [RateLimit, number][]) {
  test(`${JSON.stringify(limit)} allows ${burst} at once, then none, and the same again after a silence`, () => {
    for (const start of [0, 1.7e12, -5e9]) {
      const bucket = new TokenBucket(limit);
      assert.is(drain(bucket, start), burst);
      const full = (Math.max(1, limit.burst ?? limit.perSecond) * 1000) / limit.perSecond;
      assert.is(drain(bucket, start + full + 1), burst);
      assert.is(drain(bucket, start + 1e9), burst);
    }
  });
}

test('tokens come back one by one, at their rate', () => {
  const bucket = new TokenBucket({ perSecond: 10 });
  assert.is(drain(bucket, 0), 10);
  assert.is(drain(bucket, 99), 0);
  assert.is(drain(bucket, 100), 1);
  assert.is(drain(bucket, 350), 2);
  assert.is(drain(bucket, 400), 1);
});

test('a refused call takes no tokens', () => {
  const bucket = new TokenBucket({ perSecond: 10 });
  assert.not.ok(bucket.take(11, 0));
  assert.ok(bucket.take(10, 0));
  assert.not.ok(bucket.take(2, 100));
  assert.ok(bucket.take(1, 100));
  assert.ok(bucket.take(0, 100));
});

test('no pattern of arrivals gets more than the rate and one burst', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seeded(seed);
    const limit = { perSecond: 1 + random() * 100, burst: 1 + random() * 50 };
    const bucket = new TokenBucket(limit);
    let now = 1e6;
    let taken = 0;
    for (let n = 0; n < 2000; n++) {
      const count = Math.floor(random() * 5);
      if (bucket.take(count, now)) taken += count;
      now += random() * 40;
      assert.ok(taken <= limit.burst + (limit.perSecond * (now - 1e6)) / 1000 + 1e-6);
    }
  }
});

test('the exact rate never breaks the limit', () => {
  const bucket = new TokenBucket({ perSecond: 3, burst: 1 });
  for (let n = 0; n < 100_000; n++) assert.ok(bucket.take(1, (n * 1000) / 3), String(n));
});

test('with an infinite or a tiny rate, a finite burst still limits what arrives at once', () => {
  for (const perSecond of [NEVER, Number.MAX_VALUE, Number.MIN_VALUE]) {
    const bucket = new TokenBucket({ perSecond, burst: 5 });
    assert.ok(bucket.take(1, 0));
    assert.ok(bucket.take(4, 0));
    assert.not.ok(bucket.take(1, 0), String(perSecond));
    assert.not.ok(bucket.take(1e9, 0), String(perSecond));
    assert.is(bucket.take(5, 1), perSecond > 1);
    assert.not.ok(bucket.take(1, 1), String(perSecond));
  }
});

test('a clock that goes back, or stays at Infinity, gives no tokens', () => {
  const bucket = new TokenBucket({ perSecond: 1000, burst: 5 });
  assert.is(drain(bucket, 100), 5);
  assert.is(drain(bucket, 50), 0);
  assert.is(drain(bucket, 100), 0);
  assert.is(drain(bucket, 102), 2);
  assert.is(drain(bucket, NEVER), 5);
  assert.is(drain(bucket, NEVER), 0);
});

test('Infinity does not limit', () => {
  for (const limit of [{ perSecond: NEVER }, { perSecond: 1, burst: NEVER }]) {
    const bucket = new TokenBucket(limit);
    for (let n = 0; n < 100; n++) assert.ok(bucket.take(1e9, 0));
  }
});

for (const [name, limit, take] of [
  ['message-rate', 'messages', (limiter: RateLimiter) => limiter.message(0)],
  ['byte-rate', 'bytes', (limiter: RateLimiter) => limiter.bytes(1, 0)],
  ['inflated-rate', 'inflatedBytes', (limiter: RateLimiter) => limiter.inflatedBytes(1, 0)],
  ['control-rate', 'controlFrames', (limiter: RateLimiter) => limiter.controlFrame(0)],
] as const) {
  test(`7.4.1: the limit of ${limit} fails with ${name}, 1008, and a limiter without limits never fails`, () => {
    const limiter = new RateLimiter({ [limit]: { perSecond: 2 } });
    take(limiter);
    take(limiter);
    assert.throws(
      () => take(limiter),
      (error: unknown) => error instanceof ProtocolError && error.rule === name && error.code === 1008,
    );
    const others = new RateLimiter({});
    for (let n = 0; n < 10; n++) take(others);
  });
}

test.run();
