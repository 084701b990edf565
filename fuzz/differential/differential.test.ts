// A fixed amount of differential testing; every row that explains a disagreement must still be needed.
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../packages/core/test/budget.ts';
import { debianTool } from '../../packages/tools/testing.ts';
import { differ } from './differential.ts';
import type { Opening } from './handshake.ts';
import { ACCEPTED, REFUSED } from './leniency.ts';
import { OPENINGS, PEERS } from './main.ts';
import type { Implementation } from './outcome.ts';
import { STRICTNESSES } from './strictness.ts';
import { README, withTables } from './table.ts';
import { startWsproto } from './wsproto.ts';

const test = suite('fuzz/differential');
const python = debianTool('python3-wsproto');

const RUNS = budget(200, 500);
const SEED = 1;

/** Runs the comparison, and checks that each row about one of these peers was used. */
async function agree(peers: readonly Implementation[], openings: readonly Opening[]): Promise<void> {
  const { agreed, explained } = await differ({ peers, openings, runs: RUNS, seed: SEED });
  for (const { name } of peers) assert.ok((agreed.get(name) ?? 0) > 0, `${name} was not compared with`);
  const rows = [
    ...STRICTNESSES.flatMap((row) => peersOf(row.peers, peers).map((peer) => `${peer}: ${row.name}`)),
    ...Object.entries(ACCEPTED).flatMap(([rule, of]) => peersOf(of, openings).map((peer) => `${peer}: ${rule}`)),
    ...REFUSED.flatMap((row) => peersOf(row.peers, openings).map((peer) => `${peer}: ${row.name}`)),
  ];
  assert.equal(
    rows.filter((row) => !explained.has(row)),
    [],
    'rows that explain nothing',
  );
}

const peersOf = (names: readonly string[], of: readonly { readonly name: string }[]): string[] =>
  names.filter((name) => of.some((other) => other.name === name));

test('every disagreement with a JavaScript peer is explained', () => agree(PEERS, OPENINGS));

python.test(test)('every disagreement with wsproto is explained', async () => {
  const wsproto = startWsproto();
  try {
    await agree([wsproto], wsproto.openings);
  } finally {
    wsproto.end();
  }
});

test('the tables of the README are up to date', () => {
  const text = readFileSync(README, 'utf8');
  assert.is(text, withTables(text), 'node --import tsx differential/table.ts');
});

test.run();
