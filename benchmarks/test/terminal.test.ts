import { PassThrough } from 'node:stream';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Plan } from '../src/method.ts';
import type { Row, Subject } from '../src/suite.ts';
import { Terminal } from '../src/terminal.ts';

const terminal = suite('terminal');

const subject = (name: string): Subject => ({ name, start: () => Promise.reject(new Error('not here')) });
const [ours, peers] = [[subject('sockless')], [subject('ws'), subject('other')]];
const cases = [{ name: '16 B, 50 × 16' }];
const PLAN: Plan = {
  suite: { name: 'echo', title: 'a title', unit: 'ns/message', cases, ours, peers },
  cases,
  ours,
  peers,
  pace: { turns: 1, warmUp: 0, slice: 1 },
};
const PAIR = { suite: 'echo', case: '16 B, 50 × 16', subject: 'sockless', peer: 'ws' };
const ROWS: readonly Row[] = [
  { ...PAIR, ratio: 3, low: 2.9, high: 3.1, cost: 1500, peerCost: 4500 },
  { ...PAIR, metric: 'processor', ratio: 2, low: 1, high: 2.1, cost: 900, peerCost: 1800 },
  { ...PAIR, peer: 'other', ratio: 1, low: 1, high: 1, cost: 1500, peerCost: 1500 },
];

function lines(write: (to: Terminal) => void): string[] {
  const out = new PassThrough();
  const progress = Object.assign(new PassThrough(), { isTTY: false }) as unknown as NodeJS.WriteStream;
  write(new Terminal(out, progress));
  return String(out.read()).trimEnd().split('\n');
}

/** Returns the cells of a line. */
const cells = (line = ''): string[] => line.split(/ {2,}/);

terminal('a case prints its times in one line, and processor times of ours and of the peers in two more', () => {
  assert.equal(lines((to) => to.row(PLAN, '16 B, 50 × 16', ROWS)).map(cells), [
    ['16 B, 50 × 16', '1.5 µs/message', '3.0 × (2.9–3.1)', '1.0 × (1.0–1.0)'],
    ['', 'processor time', '900 ns/message', '2.0 × (1.0–2.1)~', '–'],
    ['', 'processor time of the peers', '1.8 µs/message', '–'],
  ]);
});

terminal('a case without processor times has one line', () => {
  const times = ROWS.filter(({ metric }) => metric === undefined);
  assert.is(lines((to) => to.row(PLAN, '16 B, 50 × 16', times)).length, 1);
});

terminal('a subject that cannot do a case gets a line without numbers; a variant that cannot gets no line', () => {
  const none = (ours: readonly Subject[]) => lines((to) => to.row({ ...PLAN, ours }, '16 B, 50 × 16', []));
  assert.equal(none([subject('sockless')]).map(cells), [['16 B, 50 × 16', '–', '–']]);
  assert.is(none([subject('sockless'), { ...subject('sockless, lending'), variant: true }]).length, 1);
});

terminal('the summary distinguishes times from processor times', () => {
  const summary = lines((to) => to.summary({ rows: ROWS, missing: [], suites: [] })).map(cells);
  assert.equal(
    summary.slice(2, 5).map(([pair, median]) => [pair, median]),
    [
      ['echo: sockless : ws', 'median'],
      ['echo, processor time: sockless : ws median', '2.0 ×'],
      ['echo: sockless : other', 'median'],
    ],
  );
  assert.match(String(summary.at(-1)), /~ marks 1 of 3 ratios/);
});

terminal('the summary says which ratios are shares of a limit', () => {
  const suites = [{ name: 'echo', title: '', unit: '', limit: 'other' }];
  const summary = lines((to) => to.summary({ rows: ROWS, missing: [], suites }));
  assert.equal(
    summary.filter((line) => line.includes('the limit')).map((line) => line.split('median')[0]?.trim()),
    ['echo: sockless : other (the limit: 1 is reached)'],
  );
});

terminal.run();
