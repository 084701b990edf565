// The testing kit for authors of adapters finds faults, and reports none for an adapter without faults.

import { exercise } from '@sockless/adapter/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../core/test/budget.ts';
import { opening, type Wrong } from './wire-driver.ts';

const test = suite('testing');

async function kindsOf(wrong: Wrong, schedules: number): Promise<string[]> {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= schedules; seed++) {
    for (const { kind } of (await exercise(seed, opening(wrong))).faults) kinds.add(kind);
  }
  return [...kinds].sort();
}

test('a correct adapter has no faults', async () => {
  assert.equal(await kindsOf('nothing', budget(40, 500)), []);
});

test('an adapter that forgets to proceed, leaves a timer or cuts its messages is reported as faulty', async () => {
  assert.equal(await kindsOf('forgets to proceed', 120), [
    ...['never told: drain', 'never told: drained', 'never told: written'],
  ]);
  assert.ok((await kindsOf('leaves a timer', 2)).includes('left behind'));
  assert.equal(await kindsOf('cuts what it sends', 40), ['order', 'rule']);
});

test('the same seed produces the same run', async () => {
  const [one, two] = [await exercise(3, opening('nothing')), await exercise(3, opening('nothing'))];
  assert.ok(one.trace.length > 5);
  assert.equal(one, two);
  assert.is(one.messages, one.trace.filter((line) => / message (text|binary) /.test(line)).length);
  assert.ok(one.messages > 0);
});

test('a lost message is found although those before it are in order', async () => {
  assert.equal(await kindsOf('loses messages', 40), ['lost']);
});

test('the options `harms` and `settled` may be left out', async () => {
  const { faults, trace } = await exercise(3, (open) => ({ ...opening('nothing')(open), harms: undefined }));
  assert.equal([faults, trace.length > 5], [[], true]);
});

test('every action and event is in the trace, with its time and the name of its application', async () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 60; seed++) {
    for (const line of (await exercise(seed, opening('nothing'))).trace) {
      const [, what] = /^\d+\.\d (?:client |server |harm )(\D+)/.exec(line) ?? [];
      kinds.add(String(what).replace(/[:,]?\s*$/, ''));
    }
  }
  assert.equal([...kinds].filter((kind) => !/^(throw|error) /.test(kind)).sort(), [
    ...['a loop begins', 'await drained', 'await written', 'broadcast', 'close', 'cut', 'drain', 'drained', 'end'],
    ...['joined: false', 'joined: true', 'left', 'message binary', 'message text', 'open', 'pause', 'ping: false'],
    ...['ping: true', 'reset', 'resume', 'send', 'send a fragment of', 'terminate', 'the loop has ended'],
    ...["the peer's Close frame", 'written'],
  ]);
});

test.run();
