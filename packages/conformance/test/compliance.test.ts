/** COMPLIANCE.md is complete and current. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allCases, SENTENCES } from '../src/index.ts';
import { complianceDocument, lineOf } from './ours/compliance.ts';

const test = suite('compliance');

/** How many sentences of each section say MUST or MUST NOT, counted in the text of the RFCs. */
const COUNTS: Readonly<Record<string, number>> = {
  '6455 4.1': 35,
  '6455 4.2.1': 1,
  '6455 4.2.2': 10,
  '6455 4.3': 1,
  '6455 4.4': 1,
  '6455 5.1': 3,
  '6455 5.2': 9,
  '6455 5.3': 3,
  '6455 5.4': 10,
  '6455 5.5': 1,
  '6455 5.5.1': 6,
  '6455 5.5.2': 1,
  '6455 5.6': 1,
  '6455 5.8': 1,
  '6455 7.1.2': 1,
  '6455 7.1.7': 3,
  '6455 7.2.1': 2,
  '6455 7.2.2': 1,
  '6455 7.4.1': 3,
  '6455 8.1': 1,
  '6455 9': 2,
  '6455 9.1': 5,
  '6455 10.3': 1,
  '6455 10.4': 1,
  '6455 10.6': 1,
  '6455 10.7': 1,
  '7692 5': 11,
  '7692 6.1': 4,
  '7692 6.2': 2,
  '7692 7': 2,
  '7692 7.1.1.2': 1,
  '7692 7.1.2.1': 2,
  '7692 7.1.2.2': 3,
  '7692 7.2.1': 7,
  '7692 7.2.2': 6,
};

test('every MUST of the sections about the wire is in the list', () => {
  const counts: Record<string, number> = {};
  for (const { rfc, section } of SENTENCES) {
    const key = `${rfc} ${section}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  assert.equal(counts, COUNTS);
});

test('each sentence has cases, all of which exist, or a reason why none can show it', () => {
  const ids = allCases().map(({ id }) => id);
  for (const { words, cases = [], hidden } of SENTENCES) {
    assert.is(cases.length > 0, hidden === undefined, words);
    for (const start of cases)
      assert.ok(
        ids.some((id) => id.startsWith(start)),
        `${words}: ${start}`,
      );
  }
});

test("for each sentence that a case can show, COMPLIANCE.md has the line of core's source that obeys it", () => {
  const without = SENTENCES.filter((sentence) => sentence.hidden === undefined && lineOf(sentence) === undefined);
  assert.equal(
    without.map(({ words }) => words),
    [],
  );
});

test('COMPLIANCE.md is what "node packages/tools/run.js compliance" writes', () => {
  assert.is(readFileSync(new URL('../COMPLIANCE.md', import.meta.url), 'utf8'), complianceDocument());
});

test.run();
