import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compare, isWide, type Missing, type Plan, paceOf, percentile, ratios } from '../src/method.ts';
import type { Measurement, Runner, Subject, Suite } from '../src/suite.ts';
import { SUITES } from '../src/suites.ts';

const method = suite('method');

const PACE = { turns: 3, warmUp: 0, slice: 5 };

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

/** Returns a subject that needs 10 nanoseconds for each of the first million operations × `millions`, in each case, and then 1. */
function compiled(name: string, millions: number): Subject {
  let at = '';
  let done = 0;
  const runner: Runner = {
    measure: (which, milliseconds) => {
      if (which !== at) done = 0;
      at = which;
      const time = milliseconds * 1e6;
      const slow = Math.min(time, Math.max(0, millions * 1e6 - done) * 10);
      const operations = slow / 10 + (time - slow);
      done += operations;
      return Promise.resolve({ cost: time / operations });
    },
    stop: () => Promise.resolve(),
  };
  return { name, start: () => Promise.resolve(runner) };
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
  const a = subject('sockless', [100, 100, 1, 2, 4], calls);
  const b = subject('b', [1, 1, 2, 4, 8], calls);
  const { rows, missing } = await compare({ ...plan([a], [b]), pace: { ...PACE, warmUp: 10 } });
  assert.equal(calls.slice(0, 4), ['sockless', 'sockless', 'b', 'b']);
  assert.equal(calls.slice(4, 10), ['b', 'sockless', 'sockless', 'b', 'b', 'sockless']);
  assert.equal(calls.slice(10), ['stop sockless', 'stop b']);
  const names = { suite: 'fake', case: 'one', subject: 'sockless', peer: 'b' };
  assert.equal(rows, [{ ...names, ratio: 2, low: 2, high: 2, cost: 2, peerCost: 4 }]);
  assert.equal(missing, []);
});

method('a warm-up goes on while the subject becomes faster, but not for ever', async () => {
  const calls: string[] = [];
  const pace = { turns: 1, warmUp: 10, slice: 5 };
  const { rows } = await compare({
    ...plan([subject('sockless', [64, 32, 16, 8, 8, 8], calls)], [subject('b', [16], calls)]),
    pace,
  });
  assert.is(calls.filter((name) => name === 'sockless').length, 5 + 1);
  assert.is(calls.filter((name) => name === 'b').length, 2 + 1);
  assert.is(rows[0]?.ratio, 2);
  const falling = Array.from({ length: 50 }, (_, n) => 2 ** -n);
  calls.length = 0;
  await compare({ ...plan([subject('sockless', falling, calls)], []), pace });
  assert.is(calls.filter((name) => name === 'sockless').length, 4 * 2 + 1);
});

for (const quick of [true, false]) {
  for (const each of SUITES.filter(({ turns }) => turns === undefined)) {
    method(
      `${each.name}${quick ? ', quick' : ''}: code that is slow until it is compiled does not lose, thanks to the warm-up`,
      async () => {
        const pace = paceOf(each, quick);
        const cases = [{ name: 'one' }, { name: 'two' }];
        // It is ten times as slow for nearly all of the warm-up, in each case anew.
        const cold = (): Subject => compiled('sockless', (0.9 * pace.warmUp) / 10);
        const against = (own: Subject, changes = {}) =>
          compare({ ...plan([own], [subject('b', [1.1])]), cases, pace: { ...pace, ...changes } });
        const { rows } = await against(cold());
        assert.equal(
          rows.map(({ ratio, low, high }) => [ratio, low, high]),
          [
            [1.1, 1.1, 1.1],
            [1.1, 1.1, 1.1],
          ],
        );
        // Without the warm-up the same subject loses.
        const lost = await against(cold(), { warmUp: 0 });
        assert.ok(lost.rows.every(({ low }) => low < 1));
      },
    );
  }
}

method(
  'if a peer wins a case at the quick pace, the case is measured again at the full pace, which decides',
  async () => {
    const calls: string[] = [];
    // The machine was busy with something else during three of four measurements.
    const unlucky = subject('sockless', [4, 4, 4, 1, 1, 1, 1, 1], calls);
    const peers = [subject('b', [2], calls), subject('c', [8], calls), subject('limit', [0.5], calls)];
    const fake = plan([unlucky], peers);
    const again = { ...fake, suite: { ...fake.suite, limit: 'limit' }, thorough: { ...PACE, turns: 5 } };
    const { rows } = await compare(again);
    assert.equal(
      rows.map(({ peer, ratio }) => [peer, ratio]),
      [
        ['b', 2],
        ['c', 2],
        ['limit', 0.125],
      ],
    );
    // Only the two subjects of the row that was lost; a share of the limit is no loss.
    assert.equal(
      ['sockless', 'b', 'c', 'limit'].map((name) => calls.filter((call) => call === name).length),
      [3 + 5, 3 + 5, 3, 3],
    );
  },
);

method('if the full pace confirms that a peer wins, the result stays', async () => {
  const { rows } = await compare({ ...plan([subject('sockless', [2])], [subject('b', [1])]), thorough: PACE });
  assert.equal(
    rows.map(({ ratio }) => ratio),
    [0.5],
  );
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

method('metrics get rows of their own when both subjects report them', async () => {
  const ours = subject('sockless', [{ cost: 2, processor: 10, p99: 4, 'p99.9': 6 }]);
  const timed = subject('with', [{ cost: 6, processor: 5, p99: 8, 'p99.9': 18 }]);
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
      ['with', 'p99', 2, 4, 8],
      ['with', 'p99.9', 3, 6, 18],
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
