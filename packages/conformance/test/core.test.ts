/** Core in memory passes every case of both roles. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allCases, chooseCases, countFamilies, type Result, runCases, SEVERITIES } from '../src/index.ts';
import { coreTarget } from './core-target.ts';

const test = suite('core in memory');

const wrong = (results: readonly Result[]): string[] =>
  results
    .filter(({ verdict }) => verdict !== 'pass')
    .map(({ case: { id }, findings, reason }) => `${id}: ${reason ?? findings.map(({ text }) => text).join('; ')}`);

for (const role of ['server', 'client'] as const) {
  test(`every case for a ${role} passes`, async () => {
    const results = await runCases(coreTarget(role), { parallel: 1 });
    assert.is(results.length, chooseCases(role).length);
    assert.equal(wrong(results), []);
  });
}

test('there are many cases, each with an id of its own, in all families and severities', () => {
  const cases = allCases();
  assert.ok(cases.length >= 2000);
  assert.is(new Set(cases.map(({ id }) => id)).size, cases.length);
  for (const [family, count] of countFamilies(cases)) assert.ok(count > 20, family);
  for (const severity of SEVERITIES)
    assert.ok(
      cases.some((item) => item.severity === severity),
      severity,
    );
  for (const { id, title, section, script } of cases) {
    assert.match(id, /^(server|client)\/[a-z0-9]+\/\S+$/);
    assert.ok(title.length > 5 && section.length > 3, id);
    assert.ok(script.length > 0 || id.endsWith('slow-silent'), id);
  }
});

test('no two cases of a role send the same and expect the same', () => {
  const seen = new Map<string, string>();
  for (const { id, role, script, expect } of allCases()) {
    const key = JSON.stringify([role, script, expect]);
    const other = seen.get(key);
    if (other !== undefined) assert.unreachable(`${id} is ${other}`);
    seen.set(key, id);
  }
});

test('the cases are data: JSON has all of them', () => {
  assert.equal(JSON.parse(JSON.stringify(allCases())), allCases());
});

test.run();
