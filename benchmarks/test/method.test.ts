import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compare, isWide, type Missing, type Plan, paceOf, percentile, ratios } from '../src/method.ts';
import type { Measurement, Runner, Subject, Suite } from '../src/suite.ts';

const method = suite('method');

const PACE = { turns: 3, warmUps: 1, slice: 5 };

/** Returns a subject with the given costs, one for each measurement. `calls` collects the names of all subjects in order. */
function subject(
  name: string,
  costs: readonly (number | Measurement | Error)[],
  calls: string[] = [],
  missing?: string,
): Subject {
  let at = 0;
  const runner: Runner = {
    measure: () => {
      calls.push(name);
      const cost = costs[at++ % costs.length] as number | Measurement | Error;
      if (cost instanceof Error) return Promise.reject(cost);
      return Promise.resolve(typeof cost === 'number' ? { cost } : cost);
    },
    stop: () => {
      calls.push(`stop ${name}`);
      return Promise.resolve();
    },
  };
  return { name, missing, start: () => Promise.resolve(runner) };
}

function plan(ours: readonly Subject[], peers: readonly Subject[]): Plan {
  const cases = [{ name: 'one' }];
  return {
    suite: { name: 'fake', title: '', unit: 'ns/message', cases, ours, peers },
    cases,
    ours,
    peers,
    pace: PACE,
  };
}

method('a percentile is interpolated between the nearest values', () => {
  assert.is(percentile([3, 1, 2], 0.5), 2);
  assert.is(percentile([4, 1, 2, 3], 0.5), 2.5);
  assert.is(percentile([5, 1, 2, 3, 4], 0.1), 1.4);
  assert.is(percentile([7], 0.9), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

method('ratios are taken turn by turn', () => {
  // In the second turn the machine is ten times as slow, but the ratio stays the same.
  assert.equal(ratios([1, 10, 2], [3, 30, 6]), { ratio: 3, low: 3, high: 3 });
  const { ratio, low, high } = ratios([1, 1, 1], [2, 4, 3]);
  assert.equal([ratio, low.toFixed(1), high.toFixed(1)], [3, '2.2', '3.8']);
});

method('a spread of more than 1.5 is wide', () => {
  assert.not(isWide({ low: 2, high: 3 }));
  assert.ok(isWide({ low: 2, high: 3.1 }));
  assert.ok(isWide({ low: Number.NaN, high: 3 }));
});

method('all subjects finish a turn before the next begins, in rotated order; warm-ups do not count', async () => {
  const calls: string[] = [];
  const a = subject('sockless', [100, 1, 2, 4], calls);
  const b = subject('b', [1, 2, 4, 8], calls);
  const { rows, missing } = await compare(plan([a], [b]));
  assert.equal(calls.slice(0, 8), ['sockless', 'b', 'b', 'sockless', 'sockless', 'b', 'b', 'sockless']);
  assert.equal(calls.slice(8), ['stop sockless', 'stop b']);
  const names = { suite: 'fake', case: 'one', subject: 'sockless', peer: 'b' };
  assert.equal(rows, [{ ...names, ratio: 2, low: 2, high: 2, cost: 2, peerCost: 4 }]);
  assert.equal(missing, []);
});

method('each of ours is compared with each peer', async () => {
  const { rows } = await compare(
    plan([subject('sockless', [1]), subject('sockless, b', [2])], [subject('c', [4]), subject('d', [8])]),
  );
  assert.equal(
    rows.map(({ subject: name, peer, ratio }) => [name, peer, ratio]),
    [
      ['sockless', 'c', 4],
      ['sockless', 'd', 8],
      ['sockless, b', 'c', 2],
      ['sockless, b', 'd', 4],
    ],
  );
});

method('processor times get rows of their own when both subjects report them', async () => {
  const ours = subject('sockless', [{ cost: 2, processor: 10 }]);
  const timed = subject('with', [{ cost: 6, processor: 5 }]);
  const peers = [
    timed,
    subject('without', [8]),
    subject('coarse', [
      { cost: 4, processor: 1 },
      { cost: 4, processor: 0 },
    ]),
  ];
  const { rows } = await compare(plan([ours], peers));
  assert.equal(
    rows.map(({ peer, metric, ratio, cost, peerCost }) => [peer, metric, ratio, cost, peerCost]),
    [
      ['with', undefined, 3, 2, 6],
      ['with', 'processor', 0.5, 10, 5],
      ['without', undefined, 4, 2, 8],
      ['coarse', undefined, 2, 2, 4],
    ],
  );
});

method('missing and failing subjects are named, and the others go on', async () => {
  const seen: Missing[] = [];
  const away = subject('away', [1], [], 'it is not installed');
  const broken = subject('broken', [1, new Error('it broke')]);
  const unable = subject('unable', [Number.NaN]);
  const dead: Subject = { name: 'dead', start: () => Promise.reject(new Error('it does not start')) };
  const well = subject('well', [3]);
  const { rows, missing } = await compare(plan([subject('sockless', [1])], [away, broken, unable, dead, well]), {
    missing: (one) => seen.push(one),
  });
  assert.equal(
    rows.map(({ peer, ratio }) => [peer, ratio]),
    [['well', 3]],
  );
  assert.equal(missing, [
    { suite: 'fake', subject: 'away', reason: 'it is not installed' },
    { suite: 'fake', subject: 'dead', reason: 'it does not start' },
    { suite: 'fake', subject: 'broken', reason: 'it broke', case: 'one' },
  ]);
  assert.equal(seen, missing);
});

method('a suite may set its pace or its number of turns', () => {
  const fake: Suite = plan([], []).suite;
  assert.ok(paceOf(fake, true).turns < paceOf(fake, false).turns);
  assert.is(paceOf({ ...fake, pace: { quick: PACE, full: PACE } }, false), PACE);
  assert.equal([paceOf({ ...fake, turns: 4 }, false).turns, paceOf({ ...fake, turns: 4 }, true).turns], [4, 1]);
});

method.run();
