import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { reportMarkdown } from '../src/markdown.ts';
import { reportHtml } from '../src/report.ts';
import { formatCost, formatMetric, formatRatio, type Result, type SuiteInfo, summaries } from '../src/result.ts';
import type { Row } from '../src/suite.ts';

const report = suite('report');

const PAIR = { suite: 'decode', subject: 'sockless', peer: 'ws' };
const ROWS: readonly Row[] = [
  { ...PAIR, case: 'text 16 B', ratio: 8.5, low: 8, high: 9, cost: 60, peerCost: 510 },
  { ...PAIR, case: '<b> & "quotes"', ratio: 0.5, low: 0.3, high: 0.6, cost: 6e6, peerCost: 3e6 },
  { ...PAIR, peer: 'ws + bufferutil', case: 'text 16 B', ratio: 123.4, low: 100, high: 140, cost: 60, peerCost: 7400 },
  { ...PAIR, metric: 'processor', case: 'text 16 B', ratio: 2, low: 1, high: 3, cost: 70, peerCost: 140 },
  { ...PAIR, suite: 'gone', case: 'no cost', ratio: 1, low: 1, high: 1, cost: 1, peerCost: 1 },
];
const RESULT: Result = {
  node: 'v20.0.0',
  cpu: 'a processor × 2',
  date: '2026-01-01T00:00:00.000Z',
  revision: 'abc1234+',
  quick: false,
  suites: [{ name: 'decode', title: 'a title < another', unit: 'ns/message' }],
  rows: ROWS,
  missing: [{ suite: 'decode', subject: 'undici', reason: 'not installed <script>\nstack' }],
  growth: [
    {
      what: 'decode: bytes',
      subject: 'sockless',
      exponent: 1.01,
      points: [
        [1, 10],
        [1000, 9000],
      ],
    },
  ],
};

report('the page has every row, in a chart and in a table', () => {
  const page = reportHtml(RESULT);
  assert.is(page.match(/<svg/g)?.length, 5, 'one chart a pair, and one of growth');
  assert.is(page.match(/<rect/g)?.length, ROWS.length);
  assert.is(page.match(/class="lose"/g)?.length, 1);
  for (const text of [
    'text 16 B',
    '8.5 ×',
    '0.50 × ~',
    '123 ×',
    '6.0 ms/message',
    '3.0 ms/message',
    'ws + bufferutil',
    'v20.0.0',
  ])
    assert.ok(page.includes(text), text);
  assert.ok(page.includes('exponent 1.01'));
});

report('the page escapes its texts', () => {
  const page = reportHtml(RESULT);
  assert.not.match(page, /<b>|<script|quotes"/);
  assert.match(page, /&#60;b&#62; &#38; &#34;quotes&#34;/);
  assert.match(page, /a title &#60; another/);
});

report('the page loads no other file and shows no NaN or undefined', () => {
  const page = reportHtml(RESULT);
  assert.not.match(page, /https?:|src=|NaN|Infinity|undefined|\[object/);
});

report('a result without rows has a page too', () => {
  assert.match(reportHtml({ ...RESULT, rows: [], growth: [], missing: [] }), /<h1>/);
});

report('the Markdown has a table for each metric of each subject, with a column for each peer', () => {
  assert.is(
    reportMarkdown([RESULT]),
    `# sockless: all rows

A ratio is the cost of the peer divided by the cost of sockless: above 1, sockless is faster or smaller. ~ marks a wide spread, – a case that was not measured. Of a limit, the ratio is the share that is reached.

# commit abc1234+; Node v20.0.0; a processor × 2; 2026-01-01T00:00:00.000Z

## Ratios below 0.9

| suite | peer | cases | worst | at |
|---|---|---|---|---|
| decode | ws | 1 of 2 | 0.50 | \\<b\\> \\& "quotes" |

## decode, sockless

| case | ws | ws + bufferutil |
|---|---|---|
| text 16 B | 8.5 | 123 |
| \\<b\\> \\& "quotes" | 0.50~ | – |

## decode, processor time, sockless

| case | ws |
|---|---|
| text 16 B | 2.0~ |

## gone, sockless

| case | ws |
|---|---|
| no cost | 1.0 |

## growth: the exponent of the cost; 1 is linear

| what grows | subject | exponent |
|---|---|---|
| decode: bytes | sockless | 1.01 |

## Not measured

- decode, undici: not installed \\<script\\>
`,
  );
  const empty = { ...RESULT, rows: [], growth: [], missing: [] };
  assert.match(reportMarkdown([empty, { ...empty, node: 'v26.0.0' }]), /Node v20[^#]*# .*Node v26.*\n$/);
  // A share of the limit is no loss.
  const limited = { ...RESULT, suites: [{ ...RESULT.suites[0], limit: 'ws' } as SuiteInfo] };
  assert.not.match(reportMarkdown([limited]), /Ratios below/);
});

report('a summary has the median and the worst ratio of each pair', () => {
  assert.equal(
    summaries(ROWS).map((each) => [formatMetric(each), each.peer, each.cells, each.median, each.worst.ratio]),
    [
      ['decode', 'ws', 2, 4.5, 0.5],
      ['decode', 'ws + bufferutil', 1, 123.4, 123.4],
      ['decode, processor time', 'ws', 1, 2, 2],
      ['gone', 'ws', 1, 1, 1],
    ],
  );
});

report('ratios have two significant digits, but no integer digit is rounded away; costs have a fitting unit', () => {
  assert.equal([0.123, 1.26, 12.6, 1234].map(formatRatio), ['0.12', '1.3', '13', '1234']);
  assert.is(formatCost(12.34, 'ns/message'), '12.3 ns/message');
  assert.is(formatCost(1234, 'ns/message'), '1.2 µs/message');
  assert.is(formatCost(1.5e6, 'ns'), '1.5 ms');
  assert.is(formatCost(840.4, 'bytes/connection'), '840 bytes/connection');
});

report.run();
