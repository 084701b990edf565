// The generated parts of BENCHMARKS.md, and results that are joined for them.
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PEERS, ROUND_TRIPS, SHARES, USES, writeParts } from '../src/document.ts';
import { mergeResults } from '../src/merge.ts';
import type { Result } from '../src/result.ts';
import type { Row } from '../src/suite.ts';
import { SUITES } from '../src/suites.ts';

const documents = suite('documents');

const DOCUMENT = readFileSync(new URL('../../BENCHMARKS.md', import.meta.url), 'utf8');

const row = (suiteName: string, name: string, peer: string, ratio: number, more: Partial<Row> = {}): Row => ({
  suite: suiteName,
  case: name,
  subject: 'sockless',
  peer,
  ratio,
  low: ratio,
  high: ratio,
  cost: 1,
  peerCost: ratio,
  ...more,
});

function result(node: string, rows: readonly Row[], more: Partial<Result> = {}): Result {
  const suites = ['echo', 'latency'].map((name) => ({ name, title: '', unit: '', limit: 'bare node:net' }));
  return {
    node,
    cpu: 'a processor × 2',
    date: '2026-01-02T03:04:05.000Z',
    revision: 'abc1234',
    quick: false,
    suites,
    rows,
    missing: [],
    growth: [],
    ...more,
  };
}

/** Returns the cells of the line of a part that begins with a text. */
function cells(document: string, part: string, head: string): string[] {
  const [, rest = ''] = document.split(`<!-- ${part}: begin -->\n`);
  const line = rest
    .slice(0, rest.indexOf(': end -->'))
    .split('\n')
    .find((each) => each.startsWith(`| ${head} |`));
  return (line ?? '')
    .split('|')
    .map((cell) => cell.trim())
    .slice(2, -1);
}

documents('every case and every peer that the tables show exists in a suite', () => {
  const names = (suiteName: string): string[] =>
    SUITES.find(({ name }) => name === suiteName)?.cases.map(({ name }) => name) ?? [];
  for (const [suiteName, name] of SHARES) assert.ok(names(suiteName).includes(name), name);
  for (const [, suiteName, name, subject = 'sockless'] of USES) {
    assert.ok(names(suiteName).includes(name), name);
    assert.ok(
      SUITES.some((each) => each.name === suiteName && each.ours.some((one) => one.name === subject)),
      subject,
    );
  }
  for (const name of ROUND_TRIPS) assert.ok(names('latency').includes(name), name);
  const peers = SUITES.flatMap((each) => each.peers.map(({ name }) => name));
  for (const [, some] of PEERS)
    assert.ok(
      some.every((name) => peers.includes(name)),
      some.join(),
    );
  for (const { limit, peers: its } of SUITES) assert.ok(limit === undefined || its.some(({ name }) => name === limit));
});

documents('the shares table shows sockless on each Node, and peers on the first one only', () => {
  const at = '16 B, 50 × 16';
  const first = result('v20.1.0', [
    row('echo', at, 'bare node:net', 0.5),
    row('echo', at, 'bare node:net', 0.6, { metric: 'processor' }),
    row('echo', at, 'ws', 5, { low: 1, high: 9 }),
    row('echo', at, 'ws', 4, { metric: 'processor' }),
  ]);
  const second = result('v26.1.0', [row('echo', at, 'bare node:net', 0.7)]);
  const written = writeParts(DOCUMENT, [first, second]);
  assert.equal(cells(written, 'shares', 'throughput · processor time'), [
    'sockless, Node 20',
    'sockless, Node 26',
    '`ws`, Node 20',
    '`ws` + `bufferutil`, Node 20',
    '`crossws`, Node 20',
  ]);
  assert.equal(cells(written, 'shares', at), ['0.50 · 0.60', '0.70 · –', '0.10~ · 0.15', '– · –', '– · –']);
  assert.match(written, /- Node 26: commit abc1234, a processor × 2, 2026-01-02; 0 of 1 ratios are wide\./);
});

documents("in the table of uses, each peer's column shows the first of its variants that was measured", () => {
  const at = 'unmasked text 1 KiB, coalesced';
  const rows = [row('decode', at, 'undici', 3), row('decode', at, 'undici 8', 2), row('decode', at, 'ws', 1.7)];
  const line = '**client receives** text, 1 KiB';
  assert.equal(cells(writeParts(DOCUMENT, [result('v26.0.0', rows)]), 'uses', line), [
    '1.7',
    '–',
    '–',
    '–',
    '–',
    '2.0',
    '–',
    '–',
  ]);
  const older = writeParts(DOCUMENT, [result('v20.0.0', rows.slice(0, 1))]);
  assert.is(cells(older, 'uses', line)[5], '3.0');
});

documents('the round trips table has a column for the limit, for ours, and for each server that was measured', () => {
  const [at = ''] = ROUND_TRIPS;
  const tails = (peer: string, cost: number, peerCost: number): Row[] =>
    ([undefined, 'p99', 'p99.9'] as const).map((metric, n) =>
      row('latency', at, peer, 1, { ...(metric && { metric }), cost: cost * 10 ** n, peerCost: peerCost * 10 ** n }),
    );
  const written = writeParts(DOCUMENT, [
    result('v20.0.0', [...tails('bare node:net', 2e5, 1e5), ...tails('ws', 2e5, 4e5)]),
  ]);
  assert.equal(cells(written, 'round trips', 'median · p99 · p99.9, in ms'), ['the limit', 'sockless', '`ws`']);
  assert.equal(cells(written, 'round trips', at), ['0.10 · 1.0 · 10', '0.20 · 2.0 · 20', '0.40 · 4.0 · 40']);
});

documents('a document that lacks the comments of a table, or has them twice, is refused', () => {
  assert.throws(() => writeParts('# Benchmarks', [result('v20.0.0', [])]), /must have <!-- circumstances: begin -->/);
  assert.throws(() => writeParts(DOCUMENT + DOCUMENT, [result('v20.0.0', [])]), /once/);
});

documents('a new measurement replaces the earlier one of the same Node, and other measurements stay', () => {
  const all = mergeResults([
    result('v20.0.0', [row('echo', 'a', 'ws', 1), row('echo', 'b', 'ws', 2)], {
      missing: [{ suite: 'echo', subject: 'bun', reason: 'it broke' }],
      growth: [{ what: 'x', subject: 'ws', exponent: 1, points: [] }],
    }),
    result('v26.0.0', [row('echo', 'a', 'ws', 3)]),
    result('v20.0.0', [row('echo', 'b', 'ws', 4), row('echo', 'b', 'ws', 5, { metric: 'processor' })], {
      revision: 'def',
    }),
  ]);
  assert.equal(
    all.map(({ node, rows, revision, missing, growth }) => [
      node,
      rows.map(({ ratio }) => ratio),
      revision,
      missing.length,
      growth.length,
    ]),
    [
      ['v20.0.0', [1, 4, 5], 'abc1234, def', 0, 1],
      ['v26.0.0', [3], 'abc1234', 0, 0],
    ],
  );
});

documents.run();
