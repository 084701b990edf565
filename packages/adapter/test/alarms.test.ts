// One timer for all connections wakes each sleeper once, in time and not early.
import { VirtualClock } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { delay, until } from '../../tools/testing.ts';
import { alarmsOf, type Sleeper } from '../src/alarms.ts';
import { hostClock, type Timer } from '../src/clock.ts';
import { Fake, numbers } from './sleepers.ts';

const test = suite('alarms');

const clock = { ...hostClock };
// A clock of its own, so that connections of other tests are not among the sleepers.
const alarms = alarmsOf(clock);
const setAlarm = (sleeper: Sleeper, at: number): void => alarms.set(sleeper, at);
const clearAlarm = (sleeper: Sleeper): void => alarms.clear(sleeper);

const now = (): number => Math.floor(performance.now());

/** Checks that exactly these sleepers were woken, once each, in order, not early and at most a millisecond late. */
function assertWoken(
  order: readonly Fake[],
  due: ReadonlyMap<Fake, number>,
  all: readonly Fake[],
  start: number,
): void {
  assert.is(order.length, due.size);
  for (const sleeper of all) {
    const at = due.get(sleeper);
    assert.is(sleeper.woken.length, at === undefined ? 0 : 1);
    const [woken = 0] = sleeper.woken;
    if (at !== undefined) assert.ok(woken >= at && woken <= Math.max(at, start) + 1, `${woken} for ${at}`);
  }
  const times = order.map((sleeper) => due.get(sleeper) as number);
  assert.equal(
    times,
    times.toSorted((one, other) => one - other),
  );
}

test('each sleeper is woken once, in order and not early; a cleared one is not woken', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = numbers(seed);
    const time = new VirtualClock(1000);
    const own = alarmsOf(time);
    const order: Fake[] = [];
    const all = Array.from({ length: 1 + random(60) }, () => new Fake(order, () => time.now()));
    const due = new Map<Fake, number>();
    for (let step = 0; step < 300; step++) {
      const sleeper = all[random(all.length)] as Fake;
      if (random(5) < 3) {
        // Few different times, some of them in the past, so that many are equal.
        const at = 1000 + random(30) - 5;
        own.set(sleeper, at);
        // A sleeper that is to be woken earlier keeps its time.
        due.set(sleeper, Math.min(at, due.get(sleeper) ?? Infinity));
      } else {
        own.clear(sleeper);
        due.delete(sleeper);
      }
    }
    time.advance(100);
    assertWoken(order, due, all, 1000);
    assert.is(time.timers, 0);
  }
});

test('clearing any one of any number of sleepers leaves the others in order', () => {
  const random = numbers(1);
  for (let size = 1; size <= 20; size++) {
    for (let which = 0; which < size; which++) {
      const time = new VirtualClock(1000);
      const own = alarmsOf(time);
      const order: Fake[] = [];
      const all = Array.from({ length: size }, () => new Fake(order, () => time.now()));
      const due = new Map(all.map((sleeper) => [sleeper, 1000 + random(100)]));
      for (const [sleeper, at] of due) own.set(sleeper, at);
      const cleared = all[which] as Fake;
      // Clearing it again does nothing.
      for (let times = 0; times < 2; times++) own.clear(cleared);
      due.delete(cleared);
      time.advance(200);
      assertWoken(order, due, all, 1000);
    }
  }
});

test('a sleeper that is woken may sleep again, and may set or clear others', async () => {
  const order: Fake[] = [];
  const [again, other, cleared] = [new Fake(order), new Fake(order), new Fake(order)];
  const { wake } = Fake.prototype;
  again.wake = () => {
    wake.call(again);
    if (again.woken.length < 3) setAlarm(again, now() + 5);
    else clearAlarm(cleared);
    if (again.woken.length === 2) setAlarm(other, now());
  };
  setAlarm(cleared, now() + 3000);
  setAlarm(again, now() + 5);
  await until(() => again.woken.length === 3);
  await delay(20);
  assert.equal(
    order.map((sleeper) => [again, other, cleared].indexOf(sleeper)),
    [0, 0, 1, 0],
  );
  assert.is(cleared.woken.length, 0);
  for (let n = 1; n < 3; n++) assert.ok((again.woken[n] ?? 0) - (again.woken[n - 1] ?? 0) >= 4);
});

test('the next sleeper is woken in time after the earliest was cleared or an earlier one was set', () => {
  const time = new VirtualClock(1000);
  const own = alarmsOf(time);
  const order: Fake[] = [];
  const [first, second, third] = [new Fake(order), new Fake(order), new Fake(order)];
  own.set(second, 1040);
  own.set(first, 1010);
  own.clear(first);
  time.advance(20);
  own.set(third, 1030);
  time.advance(9);
  assert.equal(order, []);
  time.advance(10);
  assert.equal(order, [third]);
  time.advance(10);
  assert.equal(order, [third, second]);
  assert.is(first.woken.length, 0);
});

test('bytes that sockets received while the process was busy are handled before a sleeper is woken', () => {
  const later: (() => void)[] = [];
  const time = Object.assign(new VirtualClock(1000), { setImmediate: (call: () => void) => void later.push(call) });
  const sleeper = new Fake();
  alarmsOf(time).set(sleeper, 1002);
  time.advance(15);
  assert.equal([later.length, sleeper.woken.length], [1, 0]);
  for (const call of later) call();
  assert.is(sleeper.woken.length, 1);
});

test('a delay that is too long for setTimeout causes no warning, and wakes nobody at once', async () => {
  const warnings: unknown[] = [];
  const warned = (warning: unknown): number => warnings.push(warning);
  process.on('warning', warned);
  const sleeper = new Fake();
  for (const at of [2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_VALUE]) {
    setAlarm(sleeper, now() + at);
    await delay(5);
    assert.equal([sleeper.woken, warnings], [[], []]);
    clearAlarm(sleeper);
  }
  process.off('warning', warned);
});

test('there is one timer at a time, which does not keep the process alive, and none without sleepers', () => {
  const timers: NodeJS.Timeout[] = [];
  const cleared = new Set<unknown>();
  const spied = alarmsOf({
    ...hostClock,
    setTimeout(call, time) {
      const timer = setTimeout(call, time);
      timers.push(timer);
      return timer;
    },
    clearTimeout(timer) {
      cleared.add(timer);
      clearTimeout(timer as NodeJS.Timeout);
    },
  });
  const sleepers = Array.from({ length: 20 }, () => new Fake());
  // Each is earlier than the one before.
  for (const [i, sleeper] of sleepers.entries()) spied.set(sleeper, now() + 5000 - 100 * i);
  assert.is(timers.length, 20);
  assert.ok(timers.every((timer) => !timer.hasRef()));
  assert.equal(
    timers.map((timer) => cleared.has(timer)),
    timers.map((timer) => timer !== timers.at(-1)),
  );
  // Later ones need no new timer.
  const later = new Fake();
  spied.set(later, now() + 6000);
  assert.is(timers.length, 20);
  for (const sleeper of [...sleepers, later]) spied.clear(sleeper);
  assert.ok(timers.every((timer) => cleared.has(timer)));
});

test('a sleeper that throws does not stop the others', async () => {
  const { error } = console;
  const lines: unknown[][] = [];
  console.error = (...values) => void lines.push(values);
  const order: Fake[] = [];
  const [bad, good, later] = [new Fake(order), new Fake(order), new Fake(order)];
  const oops = new Error('oops');
  bad.wake = () => {
    throw oops;
  };
  setAlarm(bad, now() + 1);
  setAlarm(good, now() + 1);
  setAlarm(later, now() + 5);
  await until(() => order.length === 2);
  console.error = error;
  assert.equal(order, [good, later]);
  assert.is(lines[0]?.at(-1), oops);
});

test('a sleeper whose time has come is not woken if its alarm is removed before its turn', () => {
  for (const slack of [0, 16]) {
    const time = new VirtualClock(0);
    const own = alarmsOf(time);
    const order: Fake[] = [];
    const [first, removed, moved] = [new Fake(order), new Fake(order), new Fake(order)];
    first.wake = () => {
      order.push(first);
      own.clear(removed);
      own.clear(moved);
      own.set(moved, time.now() + 100);
    };
    for (const sleeper of [first, removed, moved]) own.set(sleeper, 16, slack);
    time.advance(20);
    assert.equal(order, [first], `slack ${slack}`);
    time.advance(200);
    assert.equal(order, [first, moved], `slack ${slack}`);
    own.clear(removed);
  }
});

test('alarmsOf returns the same object each time for one clock, and a different one for another clock', () => {
  const other = { ...hostClock };
  assert.is(alarmsOf(other), alarmsOf(other));
  assert.is.not(alarmsOf(other), alarms);
});

test('a clock without setImmediate wakes by timers alone', () => {
  const calls: [call: () => void, time: number][] = [];
  let time = 0;
  const slow = alarmsOf({
    now: () => time,
    setTimeout(call, after): Timer {
      calls.push([call, after]);
      return {};
    },
    clearTimeout: () => undefined,
    queueMicrotask,
  });
  const sleeper = new Fake();
  slow.set(sleeper, 10);
  assert.is(calls[0]?.[1], 11);
  time = 11;
  calls[0]?.[0]();
  assert.is(sleeper.woken.length, 0);
  assert.is(calls.at(-1)?.[1], 0);
  calls.at(-1)?.[0]();
  assert.is(sleeper.woken.length, 1);
});

test.run();
