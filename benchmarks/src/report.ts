/** The report: one self-contained page with a chart and a table for each pair of subjects of each suite. */

import { lineChart, ratioChart } from './chart.ts';
import { escapeHtml, html, type Markup } from './markup.ts';
import { isWide, WIDE } from './method.ts';
import {
  formatCost,
  formatMetric,
  formatRatio,
  groups,
  METRIC_NAMES,
  type Result,
  type SuiteInfo,
  summaries,
} from './result.ts';
import type { GrowthRow, Row } from './suite.ts';

/** Returns the page. */
export function reportHtml(result: Result): string {
  const suites = [...new Set(result.rows.map(({ suite }) => suite))];
  const title = `sockless: benchmarks${result.revision && ` of ${result.revision}`}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<body>
${[
  html`<h1>${title}</h1>`,
  html`<p>Node ${result.node}; ${result.cpu}; ${result.date}${result.quick ? '; a quick run, not to be quoted' : ''}</p>`,
  METHOD,
  summaryTable(result),
  ...suites.map((name) => suiteSection(name, result)),
  growthSection(result.growth),
  missingSection(result),
]
  .map((part) => part.markup)
  .join('\n')}
</body>
</html>
`;
}

const METHOD = html`<details>
<summary>How to read this</summary>
<p>Each bar is a ratio: what an operation costs the peer, divided by what it costs sockless. Above 1 sockless is faster
(or smaller), and its bar is blue; below 1 the peer is, and the bar is orange. The axis is logarithmic.</p>
<p>Subjects take turns at each case, and ratios are taken turn by turn. The bar ends at their median; the line through
its end goes from their 10th to their 90th percentile. Where that is more than ${String(WIDE)} times, the ratio is marked ~: it
says who is faster, but hardly by how much.</p>
</details>`;

function summaryTable({ rows }: Result): Markup {
  const lines = summaries(rows).map(
    ({ suite, subject, peer, cells, median, worst }) => html`<tr>
<td><a href="#${suite}">${formatMetric(worst)}</a></td><td>${subject}</td><td>${peer}</td><td class="n">${String(cells)}</td>
<td class="n">${formatRatio(median)} ×</td><td class="n">${formatRatio(worst.ratio)} ×</td><td>${worst.case}</td></tr>`,
  );
  if (lines.length === 0) return html``;
  return html`<h2>In short</h2>
<div class="scroll"><table>
<thead><tr><th>suite</th><th>ours</th><th>peer</th><th>cases</th><th>median</th><th>worst</th><th>at</th></tr></thead>
<tbody>${lines}</tbody>
</table></div>`;
}

function suiteSection(name: string, { rows, suites }: Result): Markup {
  const info = suites.find((suite) => suite.name === name) ?? { name, title: '', unit: '' };
  const pairs = groups(rows.filter(({ suite }) => suite === name));
  return html`<section id="${name}"><h2>${name}</h2>
<p>${info.title}</p>
${pairs.map((pair) => pairSection(info, pair))}
</section>`;
}

function pairSection({ unit }: SuiteInfo, pair: readonly Row[]): Markup {
  const [first] = pair;
  const metric = first?.metric === undefined ? '' : `: ${METRIC_NAMES[first.metric]}`;
  return html`<h3>${first?.subject ?? ''} beside ${first?.peer ?? ''}${metric}</h3>
<div class="pair">${ratioChart(pair)}
<div class="scroll"><table>
<thead><tr><th>case</th><th>ratio</th><th>low</th><th>high</th><th>cost of ours</th><th>of the peer</th></tr></thead>
<tbody>${pair.map(
    (row) => html`<tr><td>${row.case}</td><td class="n">${formatRatio(row.ratio)} ×${isWide(row) ? ' ~' : ''}</td>
<td class="n">${formatRatio(row.low)}</td><td class="n">${formatRatio(row.high)}</td>
<td class="n">${row.cost === undefined ? '' : formatCost(row.cost, unit)}</td>
<td class="n">${row.peerCost === undefined ? '' : formatCost(row.peerCost, unit)}</td></tr>`,
  )}</tbody>
</table></div></div>`;
}

function growthSection(rows: readonly GrowthRow[]): Markup {
  if (rows.length === 0) return html``;
  const kinds = [...new Set(rows.map(({ what }) => what))];
  return html`<section id="growth"><h2>growth</h2>
<p>How cost grows with size, both axes logarithmic. The exponent is the slope of the larger half: 1 is linear.</p>
${kinds.map((kind) => {
  const lines = rows.filter(({ what }) => what === kind);
  return html`<h3>${kind}</h3>
<div class="pair">${lineChart(lines)}
<div class="scroll"><table>
<thead><tr><th>subject</th><th>size</th><th>cost</th></tr></thead>
<tbody>${lines.map(
    ({ subject, exponent, points }) => html`<tr><th colspan="3">${subject}: exponent ${exponent.toFixed(2)}</th></tr>
${points.map(
  ([size, cost]) => html`<tr><td>${subject}</td><td class="n">${size.toLocaleString('en')}</td>
<td class="n">${formatCost(cost, 'ns')}</td></tr>`,
)}`,
  )}</tbody>
</table></div></div>`;
})}
</section>`;
}

function missingSection({ missing }: Result): Markup {
  if (missing.length === 0) return html``;
  return html`<h2>Not measured</h2>
<ul>${missing.map(
    ({ suite, subject, case: name, reason }) =>
      html`<li>${suite}: ${subject}${name === undefined ? '' : `, ${name}`}: ${reason.split('\n')[0] ?? ''}</li>`,
  )}</ul>`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1f2328; --soft: #656d76; --line: #d0d7de; --page: #fff; --win: #2f6fd0;
  --lose: #d9730d; --other: #8250a8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #8d96a0; --line: #30363d; --page: #0d1117; --win: #5b9bf5; --lose: #f0883e;
    --other: #bc8cff }
}
body { margin: 2rem auto; max-width: 84rem; padding: 0 1rem; color: var(--ink); background: var(--page);
  font: 15px/1.5 system-ui, sans-serif }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line) }
a { color: var(--win) }
.pair { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start }
.pair svg { flex: 1 1 32rem; min-width: 0; max-width: 46rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: 13px }
th, td { padding: .15rem .6rem; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap }
th { color: var(--soft); font-weight: 600 }
.n { text-align: right; font-variant-numeric: tabular-nums }
svg { font: 12px system-ui, sans-serif }
svg text { fill: var(--ink) }
svg .soft { fill: var(--soft) }
svg .grid { stroke: var(--line) }
svg .one, svg .whisker { stroke: var(--ink) }
svg .win { fill: var(--win) }
svg .lose { fill: var(--lose) }
svg .ours { stroke: var(--win); fill: var(--win) }
svg .peer { stroke: var(--other); fill: var(--other) }
svg polyline { fill: none !important; stroke-width: 2 }
`;
