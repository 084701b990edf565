// One timer for all connections: nobody is woken early, nobody is forgotten, nobody is woken twice.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seeded } from '../../core/test/pair.ts';
import { VirtualClock } from '../../node/test/virtual-clock.ts';
import { delay, until } from '../../tools/testing.ts';
import { alarmsOf, type Sleeper } from '../src/alarms.ts';
import { hostClock, type Timer } from '../src/clock.ts';

const test = suite('alarms');

const clock = { ...hostClock };
// Of its own, so that no connection of another test sleeps beside those here.
const alarms = alarmsOf(clock);
const setAlarm = (sleeper: Sleeper, at: number): void => alarms.set(sleeper, at);
const clearAlarm = (sleeper: Sleeper): void => alarms.clear(sleeper);

/** Writes down when it is woken, in the order of all. */
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

/** So far off that nobody is woken while a test runs. */
const FAR = 1_000_000;

/** Whole numbers from 0 to below what is asked for. */
function numbers(seed: number): (below: number) => number {
  const random = seeded(seed);
  return (below) => Math.floor(random() * below);
}

/** Those that sleep are in the places from 1 on, one in each, and none is to be woken before the one above it. */
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

test('whoever is set or cleared in whatever order, the earliest is first', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const random = numbers(seed);
    const all = Array.from({ length: 1 + random(40) }, () => new Fake());
    const sleeping = new Map<Fake, number>();
    for (let step = 0; step < 300; step++) {
      const sleeper = all[random(all.length)] as Fake;
      if (random(5) < 3) {
        // Few different times, so that many are the same.
        const at = FAR + random(30);
        setAlarm(sleeper, at);
        // Who is to be woken earlier already is left alone.
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

test('whoever is cleared, in each place of a heap of each size, leaves the others in order', () => {
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
      // A second time it means nothing.
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

test('each is woken once, in order and not early; who was cleared is not', async () => {
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

test('who is woken may sleep again, and may set or clear others', async () => {
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

test('when the earliest is cleared, and when an earlier one comes, the next is woken in its time', () => {
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

test('those who may be late are woken together, none early and none later than it may be', () => {
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

test('a sleeper that is set again for a time that it may be woken at stays where it is', () => {
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

test('those who may be late can be cleared and set anew in any order, and nobody is forgotten', () => {
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
        // Whoever is to be woken early enough already stays.
        if (known === Infinity || sleeper.wakeAt > latest || sleeper.wakeAt < known || at + slack < latest)
          sleeping.set(sleeper, [Math.min(at, sleeper.wakeAt), Math.max(at + slack, sleeper.wakeAt)]);
      }
      for (const each of all) assert.is(each.alarm !== 0, sleeping.has(each), `seed ${seed}, step ${step}`);
    }
    time.advance(1000);
    assert.equal([sleeping.size, time.timers], [0, 0], `seed ${seed}`);
  }
});

test('what the sockets received while the process was busy comes before whoever is woken', () => {
  const later: (() => void)[] = [];
  const time = Object.assign(new VirtualClock(1000), { setImmediate: (call: () => void) => void later.push(call) });
  const sleeper = new Fake();
  alarmsOf(time).set(sleeper, 1002);
  time.advance(15);
  assert.equal([later.length, sleeper.woken.length], [1, 0]);
  for (const call of later) call();
  assert.is(sleeper.woken.length, 1);
});

test('a time that setTimeout does not know is slept through', async () => {
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

test('one timer at a time, which keeps no process alive, and none when nobody sleeps', () => {
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
  // Each earlier than the one before.
  for (const [i, sleeper] of sleepers.entries()) spied.set(sleeper, now() + 5000 - 100 * i);
  assert.is(timers.length, 20);
  assert.ok(timers.every((timer) => !timer.hasRef()));
  assert.equal(
    timers.map((timer) => cleared.has(timer)),
    timers.map((timer) => timer !== timers.at(-1)),
  );
  // Later ones need none.
  const later = new Fake();
  spied.set(later, now() + 6000);
  assert.is(timers.length, 20);
  for (const sleeper of [...sleepers, later]) spied.clear(sleeper);
  assert.ok(timers.every((timer) => cleared.has(timer)));
});

test('one that throws stops no other', async () => {
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

test('each clock has alarms of its own, the same for all who ask', () => {
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
