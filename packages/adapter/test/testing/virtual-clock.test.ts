// The virtual clock and the seeded random numbers of the testing kit.
import { pick, randomBytes, seeded, VirtualClock } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('virtual clock');

test('everything that a timer starts is done before the next timer', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  clock.setTimeout(() => void Promise.resolve().then(() => log.push('a promise of the first')), 5);
  clock.setTimeout(() => log.push('the second'), 5);
  assert.is(clock.next, 1005);
  await clock.pass(10);
  assert.equal([log, clock.now(), clock.timers], [['a promise of the first', 'the second'], 1010, 0]);
  assert.is(clock.next, Infinity);
});

test('step moves the time to the next timer, unless that is later than the argument `end`', () => {
  const clock = new VirtualClock(0);
  const called: number[] = [];
  clock.setTimeout(() => called.push(clock.now()), 30);
  clock.setTimeout(() => called.push(clock.now()), 10);
  assert.equal([clock.step(9), clock.now(), called], [false, 0, []]);
  assert.equal([clock.step(10), clock.now(), called], [true, 10, [10]]);
  assert.equal([clock.step(), clock.now(), called], [true, 30, [10, 30]]);
  assert.equal([clock.step(), clock.now()], [false, 30]);
});

test('advance calls the timers that become due, each at its time, even those that timers set', () => {
  const clock = new VirtualClock(0);
  const called: number[] = [];
  const again = (): void => {
    called.push(clock.now());
    clock.setTimeout(again, 10);
  };
  clock.setTimeout(again, 10);
  clock.advance(35);
  assert.equal([called, clock.now(), clock.next], [[10, 20, 30], 35, 40]);
});

test('spend moves the time and calls no timer; those that became due are called next, and time does not go back', () => {
  const clock = new VirtualClock(1000);
  const called: number[] = [];
  clock.setTimeout(() => called.push(clock.now()), 5);
  clock.spend(20);
  assert.equal([clock.now(), called, clock.timers], [1020, [], 1]);
  clock.advance(0);
  assert.equal([clock.now(), called, clock.timers], [1020, [1020], 0]);
});

test('many timers are each called once, in the order of their times, and those with equal times in the order they were set', () => {
  const clock = new VirtualClock(0);
  const called: string[] = [];
  for (let n = 0; n < 3000; n++) clock.setTimeout(() => called.push(`${clock.now()} ${n}`), n % 7);
  const cleared = clock.setTimeout(() => called.push('cleared'), 3);
  clock.advance(2);
  assert.is(called.length, 1287);
  clock.clearTimeout(cleared);
  clock.advance(10);
  const expected = Array.from({ length: 7 }, (_, time) =>
    Array.from({ length: 3000 }, (_, n) => n)
      .filter((n) => n % 7 === time)
      .map((n) => `${time} ${n}`),
  );
  assert.equal([called, clock.timers], [expected.flat(), 0]);
});

test('a cleared timer is not called', () => {
  const clock = new VirtualClock();
  let called = 0;
  clock.clearTimeout(clock.setTimeout(() => called++, 5));
  clock.clearTimeout(undefined);
  clock.advance(10);
  assert.equal([called, clock.timers], [0, 0]);
});

test('a seed gives the same numbers on every host', () => {
  const random = seeded(1);
  assert.equal(
    [random(), random(), random()].map((number) => number * 2 ** 32),
    [2_693_262_067, 11_749_833, 2_265_367_787],
  );
});

test('random numbers are from 0 to below 1, and every choice is picked about as often as the others', () => {
  const random = seeded(7);
  const picked: number[] = [];
  for (let i = 0; i < 3000; i++) {
    const number = random();
    assert.ok(number >= 0 && number < 1);
    picked.push(pick(random, [0, 1, 2]));
  }
  for (const choice of [0, 1, 2]) {
    const count = picked.filter((each) => each === choice).length;
    assert.ok(count > 900 && count < 1100, `${choice}: ${count}`);
  }
});

test('randomBytes draws one number for each byte, and fills all', () => {
  let drawn = 0;
  const bytes = new Uint8Array(4);
  randomBytes(() => ++drawn / 8)(bytes);
  assert.equal([[...bytes], drawn], [[32, 64, 96, 128], 4]);
});

test.run();
