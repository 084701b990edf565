// Sleepers that may be woken late share a wake-up, and none is woken later than it allows.
import { VirtualClock } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { alarmsOf } from '../src/alarms.ts';
import { Fake, numbers } from './sleepers.ts';

const test = suite('alarms with slack');

test('sleepers with slack are woken together, none early and none later than its slack', () => {
  const calls: (() => void)[] = [];
  const time = Object.assign(new VirtualClock(1000), { setImmediate: (call: () => void) => void calls.push(call) });
  const own = alarmsOf(time);
  const random = numbers(7);
  const woken = new Map<Fake, number>();
  const due = new Map<Fake, [at: number, slack: number]>();
  for (let n = 0; n < 1000; n++) {
    const sleeper = new Fake();
    sleeper.wake = () => void woken.set(sleeper, time.now());
    const at = 1000 + random(10_000);
    const slack = n % 10 === 0 ? 0 : 100 + random(60);
    due.set(sleeper, [at, slack]);
    own.set(sleeper, at, slack);
  }
  let turns = 0;
  while (time.timers > 0) {
    time.advance(1);
    if (calls.length > 0) turns++;
    for (const call of calls.splice(0)) call();
  }
  assert.is(woken.size, 1000);
  for (const [sleeper, [at, slack]] of due) {
    const late = (woken.get(sleeper) ?? 0) - at;
    // A timer fires in the millisecond after the one that it was set for.
    assert.ok(late >= 0 && late <= slack + 1, `${late} of ${slack}`);
  }
  // A hundred of their own, and the others in steps of 64 or 128 milliseconds.
  assert.ok(turns < 300, String(turns));
});

test('setting an alarm again within its slack does not move it', () => {
  const time = new VirtualClock(1000);
  const own = alarmsOf(time);
  const sleeper = new Fake();
  own.set(sleeper, 2000, 100);
  const { wakeAt } = sleeper;
  assert.ok(wakeAt >= 2000 && wakeAt <= 2100 && wakeAt % 64 === 0);
  own.set(sleeper, 2000, 100);
  assert.is(sleeper.wakeAt, wakeAt);
  own.set(sleeper, 2000);
  assert.is(sleeper.wakeAt, 2000);
});

test('setting an alarm anew moves it only if it would be too late', () => {
  const own = alarmsOf(new VirtualClock(1000));
  const sleeper = new Fake();
  own.set(sleeper, 2100);
  own.set(sleeper, 2000, 100);
  assert.is(sleeper.wakeAt, 2100);
  own.set(sleeper, 2000, 99);
  assert.ok(sleeper.wakeAt >= 2000 && sleeper.wakeAt <= 2099, String(sleeper.wakeAt));
});

test('sleepers with slack can be set and cleared in any order, and each is woken in time', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = numbers(seed);
    const time = new VirtualClock(1000);
    const own = alarmsOf(time);
    const all = Array.from({ length: 30 }, () => new Fake());
    const sleeping = new Map<Fake, [at: number, latest: number]>();
    for (const sleeper of all) {
      sleeper.wake = () => {
        const [at = Infinity, latest = 0] = sleeping.get(sleeper) ?? [];
        assert.ok(time.now() >= at && time.now() <= latest + 2, `seed ${seed}: ${at} to ${latest}, at ${time.now()}`);
        sleeping.delete(sleeper);
      };
    }
    for (let step = 0; step < 400; step++) {
      const sleeper = all[random(all.length)] as Fake;
      const kind = random(6);
      if (kind === 0) {
        own.clear(sleeper);
        sleeping.delete(sleeper);
      } else if (kind === 1) time.advance(random(20));
      else {
        const at = time.now() + random(300);
        const slack = kind < 4 ? random(64) : 0;
        const [known = Infinity, latest = Infinity] = sleeping.get(sleeper) ?? [];
        own.set(sleeper, at, slack);
        // A sleeper that is already to be woken early enough stays.
        if (known === Infinity || sleeper.wakeAt > latest || sleeper.wakeAt < known || at + slack < latest)
          sleeping.set(sleeper, [Math.min(at, sleeper.wakeAt), Math.max(at + slack, sleeper.wakeAt)]);
      }
      for (const each of all) assert.is(each.alarm !== 0, sleeping.has(each), `seed ${seed}, step ${step}`);
    }
    time.advance(1000);
    assert.equal([sleeping.size, time.timers], [0, 0], `seed ${seed}`);
  }
});

test.run();
