// Some seconds of soak on each host; and each fault that it looks for would be found. `npm run soak` takes longer.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { systemTool } from '../../tools/testing.ts';
import { faultOf, messageOf } from '../src/child/message.ts';
import { FATES, planOf, randomOf } from '../src/plan.ts';
import { leaksOf, TOLERANCE } from '../src/report.ts';
import { programOf, RUNTIMES, soak } from '../src/soak.ts';
import { type Account, type Explanation, unexplained } from '../src/verdict.ts';

const test = suite('soak');

const SETTINGS = { seed: 20_261_126, seconds: 2, connections: 20 };

for (const runtime of RUNTIMES) {
  const missing = programOf(runtime) === undefined ? 'npm has none for this platform' : undefined;
  // All at a time, since most of it is waiting.
  const running =
    missing === undefined ? soak(runtime, SETTINGS, () => undefined) : new Promise<never>(() => undefined);
  running.catch(() => undefined); // the test reports it
  systemTool(runtime, missing).test(test)(`${runtime}: nothing is lost, and nothing is left behind`, async () => {
    const { tally, faults } = await running;
    assert.equal(faults, []);
    assert.ok(tally !== undefined && tally.arrived > 0 && tally.connections >= FATES.length, JSON.stringify(tally));
    assert.is(tally.accepted, tally.arrived + tally.explained);
    assert.equal(Object.keys(tally.fates).sort(), [...FATES].sort());
  });
}

const match = (text: string | undefined, expected: string | RegExp): void => assert.match(text ?? '', expected);

test('a message with the wrong number or changed contents is found', () => {
  for (let number = 0; number < 50; number++) {
    const message = messageOf(7, 'client', number, randomOf(1, 7, number));
    assert.is(faultOf(message, 7, 'client', number), undefined);
    match(faultOf(message, 7, 'client', number + 1), 'is due, and "7 client');
    match(faultOf(message, 8, 'client', number), '"8 client');
    match(faultOf(message, 7, 'server', number), '"7 server');
    match(faultOf(message.slice(0, -1), 7, 'client', number), /is not as it was sent|is due/);
    if (typeof message === 'string') continue;
    message[message.length - 1] = (message.at(-1) ?? 0) ^ 1;
    match(faultOf(message, 7, 'client', number), /is not as it was sent|is due/);
  }
});

/** Returns one side that has sent, or received, this many messages. */
const account = (count: number, initiator: Explanation['initiator'], clean = true, unsentBytes = 0): Account => ({
  accepted: count,
  arrived: count,
  explanation: { summary: '', initiator, unsentBytes },
  clean,
});

test('a message that has not arrived is a fault, unless an end explains it', () => {
  const received = account(2, 'remote');
  assert.is(unexplained(account(2, 'local'), received), undefined);
  match(unexplained(account(3, 'local'), received), '1 of 3 messages are lost');
  match(unexplained(account(1, 'local'), received), '2 messages arrived, and 1 were accepted');
  match(unexplained(account(1, 'local'), undefined), '1 of 1 messages are lost');
  // The sender or the receiver ended in another way; bytes were not written; the receiver had closed and discarded messages.
  assert.is(unexplained(account(3, 'local', false), received), undefined);
  assert.is(unexplained(account(3, 'local'), account(2, 'transport', false)), undefined);
  assert.is(unexplained(account(3, 'local', true, 1), received), undefined);
  assert.is(unexplained(account(3, 'remote'), account(2, 'local')), undefined);
});

test('resources left behind are a fault, except heap growth within the tolerance', () => {
  const before = { heap: 1, external: 1, files: 9, timers: 0, handles: { TCPServerWrap: 1 }, connections: 0 };
  assert.equal(leaksOf(before, { ...before, heap: 1 + TOLERANCE.heap }, 'node'), []);
  const after = { ...before, heap: 2 + TOLERANCE.heap, files: 10, timers: 1, handles: { TCPWrap: 1 }, connections: 2 };
  assert.equal(
    leaksOf(before, after, 'node').map((text) => text.replace(/:.*/, '')),
    ['bytes on the heap', 'file descriptors', 'timers', 'connections in memory', 'TCPWrap'],
  );
});

test('a seed always makes the same plans, and half of them compress', () => {
  const plans = Array.from({ length: 200 }, (_, id) => planOf(5, id));
  assert.equal(
    plans,
    Array.from({ length: 200 }, (_, id) => planOf(5, id)),
  );
  assert.not.equal(planOf(5, 30), planOf(6, 30));
  assert.is(plans.filter(({ compression }) => compression).length, 100);
});

test.run();
