// Named deadlines as data.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Deadlines, dueAfter, expiredDeadline, nextDeadline } from '../../src/connection/deadlines.ts';
import { noDeadlines } from '../no-deadlines.ts';
import { NEVER } from './tools.ts';

const test = suite('deadlines');
const NAMES = Object.keys(noDeadlines()) as (keyof Deadlines)[];

test('at first all are clear: none is next, none has passed, ever', () => {
  assert.is(nextDeadline(noDeadlines()), NEVER);
  for (const now of [-NEVER, 0, Number.MAX_VALUE, NEVER, Number.NaN]) {
    assert.is(expiredDeadline(noDeadlines(), now), undefined);
  }
});

for (const name of NAMES) {
  test(`${name} is next when it is the earliest, and has passed at its time, not before`, () => {
    const deadlines = noDeadlines();
    for (const other of NAMES) deadlines[other] = 200;
    deadlines[name] = 100;
    assert.is(nextDeadline(deadlines), 100);
    assert.is(expiredDeadline(deadlines, 99.9), undefined);
    assert.is(expiredDeadline(deadlines, 100), name);
    assert.is(expiredDeadline(deadlines, 199), name);
  });
}

test('of several that have passed, the one that says most about why comes first', () => {
  const deadlines = noDeadlines();
  for (const name of NAMES) deadlines[name] = 100;
  const order: string[] = [];
  for (let name = expiredDeadline(deadlines, 500); name !== undefined; name = expiredDeadline(deadlines, 500)) {
    order.push(name);
    deadlines[name] = undefined;
  }
  assert.equal(order, ['close', 'handshake', 'pong', 'stall', 'message', 'idle', 'ping']);
});

test('whole milliseconds, never early; none for what may take for ever', () => {
  const cases: [timeout: number, now: number, due: number | undefined][] = [
    [100, 0, 100],
    [100, 7.25, 108],
    [0.5, 7.5, 8],
    [1, 2 ** 31, 2 ** 31 + 1],
    [NEVER, 0, undefined],
    [NEVER, 12.5, undefined],
  ];
  for (const [timeout, now, due] of cases) assert.is(dueAfter(timeout, now), due, `${timeout} after ${now}`);
});

test('at the end of time those that are set have passed, and no other', () => {
  const deadlines = { ...noDeadlines(), idle: 1e300 };
  assert.is(expiredDeadline(deadlines, NEVER), 'idle');
});

test.run();
