// Two endpoints, a network and a clock, from some thousands of seeds; `npm run fuzz -- --simulate 100000` takes more.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../budget.ts';
import { toHex } from '../support.ts';
import { simulate } from './simulation.ts';

const test = suite('simulation');

const MANY = budget(500, 2000);
const PART = 500;

/** What has happened in any of the parts. */
const happened = new Set<string>();

for (let first = 1; first <= MANY; first += PART) {
  test(`all invariants hold whatever network and applications do, seeds ${first} to ${first + PART - 1}`, () => {
    const faults = new Set<string>();
    let messages = 0;
    for (let seed = first; seed < first + PART; seed++) {
      const outcome = simulate(seed);
      for (const kind of outcome.faults.keys()) faults.add(kind);
      messages += outcome.messages;
    }
    assert.ok(messages > PART, `${messages} messages arrive`);
    for (const kind of faults) happened.add(kind);
    for (const kind of [
      'drop all from here on',
      'stall',
      'reset',
      'queue full',
      'failed: idle-timeout',
      'failed: reader-too-slow',
      'failed: handler-failed',
      'not all has left',
      'failed: message-rate',
    ]) {
      assert.ok(faults.has(kind), `${kind} happens`);
    }
  });
}

test('a stall-timeout, which is rare, happens in at least one schedule', () => {
  assert.ok(happened.has('failed: stall-timeout'));
});

test('the same seed leads to the same events and the same bytes', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const [one, two] = [simulate(seed), simulate(seed)];
    assert.is(one.digest, two.digest);
    for (const role of ['client', 'server'] as const) {
      assert.equal(one.pair[role].types, two.pair[role].types);
      assert.equal(one.pair[role].out.written.map(toHex), two.pair[role].out.written.map(toHex));
    }
    assert.is(one.pair.now, two.pair.now);
  }
  assert.is.not(simulate(1).digest, simulate(2).digest);
});

test.run();
