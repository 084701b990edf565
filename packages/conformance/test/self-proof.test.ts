/** The suite catches what is broken, by exactly the cases that should, and lets pass what is lazy but correct. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../core/test/budget.ts';
import { type Case, chooseCases, type Result, type Role, runCase, weight } from '../src/index.ts';
import { BROKEN, CURED, LAZY, ONE_ROLE } from './broken.ts';
import type { Bug } from './bugs.ts';
import { lazyTarget } from './lazy.ts';

const test = suite('self-proof');
const ALL = budget(false, true);
/** Of the cases that a bug should not show in, every so many are played; all of them in the full run. */
const SAMPLE = ALL ? 1 : 12;
/** Cases of many bytes, of which a lazy endpoint makes several copies: a bug that is not about them leaves them out. */
const HEAVY = /\/(echo|limits)\/|ping-row-1000/;

const nameOf = ({ id }: Case): string => id.slice(id.indexOf('/') + 1);

async function play(role: Role, cases: readonly Case[], bugs: readonly Bug[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of cases) results.push(await runCase(item, lazyTarget(role, bugs)));
  return results;
}

const failedOf = (results: readonly Result[]): string[] =>
  results.filter(({ verdict }) => verdict === 'fail').map((result) => nameOf(result.case));

for (const role of ['server', 'client'] as const) {
  test(`a lazy but correct ${role} fails exactly the cases listed for laziness, and breaks no MUST`, async () => {
    const cases = chooseCases(role, { quick: true }).filter(
      (item, i) => ALL || LAZY.test(nameOf(item)) || (!HEAVY.test(item.id) && i % 3 === 0),
    );
    const results = await play(role, cases, []);
    const declared = cases.map(nameOf).filter((name) => LAZY.test(name));
    const applicable = declared.filter((name) => results.some((result) => nameOf(result.case) === name));
    assert.equal(failedOf(results), applicable);
    assert.equal(
      results.filter(({ findings }) => weight(findings) === 'must').map(({ case: { id } }) => id),
      [],
    );
  });
}

for (const [bug, declared] of Object.entries(BROKEN) as [Bug, RegExp][]) {
  for (const role of ['server', 'client'] as const) {
    if ((ONE_ROLE[bug] ?? role) !== role) continue;
    test(`a ${role} with the fault "${bug}" fails exactly the cases listed for laziness and for that fault`, async () => {
      const isExpected = (item: Case): boolean => {
        const name = nameOf(item);
        return declared.test(name) || (LAZY.test(name) && CURED[bug]?.test(name) !== true);
      };
      const isLight = (item: Case): boolean =>
        !HEAVY.test(item.id) || (ALL && declared.test(nameOf(item))) || item.id.endsWith('bomb-whole');
      const cases = chooseCases(role, { quick: true }).filter(
        (item, i) =>
          isLight(item) &&
          (ALL || i % SAMPLE === 0 || (declared.test(nameOf(item)) && !/\d{5}/.test(item.id) && i % 3 === 0)),
      );
      const results = await play(role, cases, [bug]);
      const applicable = results.filter(({ verdict }) => verdict !== 'skip').map((result) => result.case);
      assert.equal(failedOf(results), applicable.filter(isExpected).map(nameOf));
      assert.ok(
        chooseCases(role, { quick: true }).some((item) => declared.test(nameOf(item))),
        'no case is declared',
      );
    });
  }
}

test.run();
