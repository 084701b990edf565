// One timer for all connections wakes each sleeper once, in time and not early.

import { VirtualClock } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seeded } from '../../core/test/pair.ts';
import { delay, until } from '../../tools/testing.ts';
import { alarmsOf, type Sleeper } from '../src/alarms.ts';
import { hostClock, type Timer } from '../src/clock.ts';

const test = suite('alarms');

const clock = { ...hostClock };
// A clock of its own, so that connections of other tests are not among the sleepers.
const alarms = alarmsOf(clock);
const setAlarm = (sleeper: Sleeper, at: number): void => alarms.set(sleeper, at);
const clearAlarm = (sleeper: Sleeper): void => alarms.clear(sleeper);

/** Records when it is woken, in one list for all. */
class Fake implements Sleeper {
  wakeAt = 0;
  alarm = 0;
  readonly woken: number[] = [];
  readonly #order: Fake[];

  constructor(order: Fake[] = []) {
    this.#order = order;
  }

  wake(): void {
    this.woken.push(performance.now());
    this.#order.push(this);
  }
}

const now = (): number => Math.floor(performance.now());

/** Far enough in the future that no sleeper is woken while a test runs. */
const FAR = 1_000_000;

/** Returns whole random numbers from 0 to below a bound. */
function numbers(seed: number): (below: number) => number {
  const random = seeded(seed);
  return (below) => Math.floor(random() * below);
}

/** Checks the heap: sleepers are in the places from 1 on, and none is due before the one above it. */
function assertHeap(all: readonly Fake[], sleeping: ReadonlyMap<Fake, number>): void {
  const places: (Fake | undefined)[] = [];
  for (const sleeper of all) {
    assert.is(sleeper.alarm > 0, sleeping.has(sleeper));
    if (sleeper.alarm === 0) continue;
    assert.is(places[sleeper.alarm], undefined, 'two in one place');
    assert.is(sleeper.wakeAt, sleeping.get(sleeper));
    places[sleeper.alarm] = sleeper;
  }
  assert.ok(sleeping.size === 0 || places.length === sleeping.size + 1, 'no place is empty');
  for (let place = 2; place < places.length; place++) {
    assert.ok((places[place >> 1]?.wakeAt ?? Infinity) <= (places[place]?.wakeAt ?? 0), `place ${place}`);
  }
}

test('the earliest sleeper is first, whatever the order of set and clear', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = numbers(seed);
    const all = Array.from({ length: 1 + random(40) }, () => new Fake());
    const sleeping = new Map<Fake, number>();
    for (let step = 0; step < 300; step++) {
      const sleeper = all[random(all.length)] as Fake;
      if (random(5) < 3) {
        // Few different times, so that many are equal.
        const at = FAR + random(30);
        setAlarm(sleeper, at);
        // A sleeper that is to be woken earlier keeps its time.
        sleeping.set(sleeper, Math.min(at, sleeping.get(sleeper) ?? Infinity));
      } else {
        clearAlarm(sleeper);
        sleeping.delete(sleeper);
      }
      assertHeap(all, sleeping);
    }
    for (const sleeper of all) {
      clearAlarm(sleeper);
      sleeping.delete(sleeper);
      assertHeap(all, sleeping);
    }
  }
});

test('clearing a sleeper in any place of a heap of any size leaves the others in order', () => {
  const random = numbers(1);
  for (let size = 1; size <= 20; size++) {
    for (let place = 1; place <= size; place++) {
      const all = Array.from({ length: size }, () => new Fake());
      const sleeping = new Map<Fake, number>();
      for (const sleeper of all) {
        const at = FAR + random(100);
        setAlarm(sleeper, at);
        sleeping.set(sleeper, at);
      }
      const cleared = all.find(({ alarm }) => alarm === place) as Fake;
      // Clearing it again does nothing.
      for (let times = 0; times < 2; times++) {
        clearAlarm(cleared);
        sleeping.delete(cleared);
        assertHeap(all, sleeping);
      }
      for (const sleeper of all) clearAlarm(sleeper);
      assertHeap(all, new Map());
    }
  }
});

test('each sleeper is woken once, in order and not early; a cleared one is not woken', async () => {
  for (let seed = 1; seed <= 4; seed++) {
    const random = numbers(seed);
    const order: Fake[] = [];
    const all = Array.from({ length: 150 }, () => new Fake(order));
    const sleeping = new Map<Fake, number>();
    const start = now();
    for (let step = 0; step < 600; step++) {
      const sleeper = all[random(all.length)] as Fake;
      if (random(4) > 0) {
        const at = start + random(60) - 5;
        setAlarm(sleeper, at);
        sleeping.set(sleeper, Math.min(at, sleeping.get(sleeper) ?? Infinity));
      } else {
        clearAlarm(sleeper);
        sleeping.delete(sleeper);
      }
    }
    await until(() => order.length >= sleeping.size);
    await delay(80);
    assert.is(order.length, sleeping.size);
    for (const sleeper of all) {
      assert.is(sleeper.alarm, 0);
      const at = sleeping.get(sleeper);
      assert.is(sleeper.woken.length, at === undefined ? 0 : 1);
      if (at !== undefined) assert.ok((sleeper.woken[0] ?? 0) >= at, `${sleeper.woken} before ${at}`);
    }
    for (const [i, sleeper] of order.entries()) {
      assert.ok((order[i - 1]?.wakeAt ?? 0) <= sleeper.wakeAt, 'in order');
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
  assert.is(cleared.alarm, 0);
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

test('a delay too long for setTimeout works', async () => {
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

test('each clock has its own alarms, the same at each call', () => {
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
