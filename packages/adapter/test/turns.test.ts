// The end of a turn: one microtask for all, and what goes wrong for one stops no other.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, hostClock } from '../src/clock.ts';
import { Turns, turnsOf } from '../src/turns.ts';

const test = suite('turns');

/** A clock whose microtasks run when a test calls them. */
function manual(): { clock: Clock; planned: (() => void)[] } {
  const planned: (() => void)[] = [];
  return { planned, clock: { ...hostClock, queueMicrotask: (call) => void planned.push(call) } };
}

test('all calls of a turn run in one microtask, in order, and calls added meanwhile in the next one', () => {
  const { clock, planned } = manual();
  const turns = new Turns(clock);
  const log: string[] = [];
  const add = (name: string): void =>
    turns.add((what: string) => {
      log.push(what);
      if (what === 'a') add('c');
    }, name);
  add('a');
  add('b');
  assert.is(planned.length, 1);
  planned.shift()?.();
  assert.equal([log, planned.length], [['a', 'b'], 1]);
  planned.shift()?.();
  assert.equal([log, planned.length], [['a', 'b', 'c'], 0]);
});

test('`turns.number` stays the same during a turn; the calls planned for its end already see the number of the next turn', () => {
  const { clock, planned } = manual();
  const turns = new Turns(clock);
  const first = turns.number;
  assert.equal([turns.number, planned.length], [first, 1]);
  let within: number | undefined;
  turns.add(() => {
    within = turns.number;
  }, undefined);
  assert.is(planned.length, 1);
  planned.shift()?.();
  assert.is.not(within, first);
  assert.equal([turns.number, planned.length], [within, 1]);
  planned.shift()?.();
  assert.is.not(turns.number, within);
});

test('addFirst: the call is made when the turn ends, before all others, or as soon as `advance` is called for something else', () => {
  const { clock, planned } = manual();
  const turns = new Turns(clock);
  const log: unknown[] = [];
  const note = (what: string): void => void log.push(what, turns.number);
  const { number } = turns;
  turns.add(note, 'last');
  turns.addFirst(note, 'a');
  turns.advance('a');
  assert.equal(log, []);
  turns.advance('b');
  turns.advance('c');
  assert.equal(log.splice(0), ['a', number]);
  turns.addFirst(note, 'b');
  turns.addFirst(note, 'c');
  assert.equal(log.splice(0), ['b', number]);
  assert.is(planned.length, 1);
  planned.shift()?.();
  assert.equal(log, ['c', number, 'last', number + 1]);
  turns.addFirst(note, 'd');
  assert.is(planned.length, 1, 'another turn');
});

test('addFirst: a call that another first call adds is made in the next turn, or before a third one', () => {
  const { clock, planned } = manual();
  const turns = new Turns(clock);
  const log: unknown[] = [];
  const note = (what: unknown): void => void log.push(what);
  const addNext = (what: number): void => {
    log.push(what);
    turns.addFirst(note, what + 1);
  };
  turns.addFirst(addNext, 1);
  planned.shift()?.();
  assert.equal([log.splice(0), planned.length], [[1], 1]);
  planned.shift()?.();
  assert.equal([log.splice(0), planned.length], [[2], 0]);
  turns.addFirst(addNext, 1);
  turns.addFirst(note, 9);
  planned.shift()?.();
  planned.shift()?.();
  assert.equal(log.sort(), [1, 2, 9]);
});

test('an error of one call is printed and does not stop the others', () => {
  const { clock, planned } = manual();
  const turns = new Turns(clock);
  const log: unknown[] = [];
  const { error } = console;
  console.error = (...values: unknown[]) => void log.push(values.at(-1));
  try {
    const fault = new Error('mine');
    const fail = (): never => {
      throw fault;
    };
    turns.addFirst(fail, 1);
    turns.advance(2);
    assert.equal(log.splice(0), [fault]);
    turns.addFirst(fail, 1);
    turns.add(fail, undefined);
    turns.add((what) => void log.push(what), 'the other');
    planned.shift()?.();
    assert.equal(log, [fault, fault, 'the other']);
  } finally {
    console.error = error;
  }
});

test('turnsOf returns the same object each time for one clock, and a different one for another clock', () => {
  const { clock } = manual();
  assert.is(turnsOf(clock), turnsOf(clock));
  assert.is.not(turnsOf(clock), turnsOf(manual().clock));
});

test.run();
