/** Charts as plain SVG, on logarithmic axes. */
import { html, type Markup } from './markup.ts';
import { isWide } from './method.ts';
import { formatCost, formatRatio } from './result.ts';
import type { GrowthRow, Row } from './suite.ts';

const WIDTH = 720;
const BAR = 22;
/** Room for the ratio behind each bar. */
const RIGHT = 70;
const TOP = 24;

/** Draws one bar for each row, from 1 to its ratio, with a whisker from low to high. */
export function ratioChart(rows: readonly Row[]): Markup {
  // The approximate width of a letter is 6.8.
  const left = Math.max(120, ...rows.map((row) => 16 + 6.8 * row.case.length));
  const finite = (value: number): boolean => Number.isFinite(value) && value > 0;
  const values = rows.flatMap(({ ratio, low, high }) => [ratio, low, high]).filter(finite);
  const scale = logScale([0.8, 1.25, ...values], left, WIDTH - RIGHT);
  const height = TOP + rows.length * BAR + 6;
  const place = (at: number): string => at.toFixed(1);
  const ticks = scale.ticks.map(
    (tick) => html`<line class="${tick === 1 ? 'one' : 'grid'}" x1="${place(scale(tick))}" x2="${place(scale(tick))}"
y1="${String(TOP - 4)}" y2="${String(height)}"/>
<text class="soft" text-anchor="middle" x="${place(scale(tick))}" y="12">${String(tick)}×</text>`,
  );
  const bars = rows.map((row, at) => {
    const y = TOP + at * BAR;
    const middle = y + BAR / 2;
    const [from, to] = [Math.min(scale(1), scale(row.ratio)), Math.max(scale(1), scale(row.ratio))];
    const text = `${formatRatio(row.ratio)}×${isWide(row) ? ' ~' : ''}`;
    return html`<g><title>${row.case}: ${text} (${formatRatio(row.low)}–${formatRatio(row.high)})</title>
<text text-anchor="end" x="${place(left - 8)}" y="${place(middle + 4)}">${row.case}</text>
<rect class="${row.ratio < 1 ? 'lose' : 'win'}" x="${place(from)}" y="${String(y + 4)}"
width="${place(Math.max(1, to - from))}" height="${String(BAR - 8)}"/>
<line class="whisker" x1="${place(scale(row.low))}" x2="${place(scale(row.high))}" y1="${place(middle)}"
y2="${place(middle)}"/>
<text x="${place(Math.max(scale(row.high), scale(1)) + 6)}" y="${place(middle + 4)}">${text}</text></g>`;
  });
  return html`<svg viewBox="0 0 ${String(WIDTH)} ${String(height)}" role="img"
aria-label="ratios of ${rows[0]?.subject ?? ''} beside ${rows[0]?.peer ?? ''}">${ticks}${bars}</svg>`;
}

/** Draws one line for each subject: sizes to the right, costs upwards. */
export function lineChart(rows: readonly GrowthRow[]): Markup {
  const height = 320;
  const left = 90;
  const points = rows.flatMap((row) => row.points);
  const x = logScale(
    points.map(([size]) => size),
    left,
    WIDTH - 130,
  );
  const y = logScale(
    points.map(([, cost]) => cost),
    height - 30,
    14,
  );
  const grid = [
    ...x.ticks.map(
      (tick) => html`<line class="grid" x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="14" y2="290"/>
<text class="soft" text-anchor="middle" x="${x(tick).toFixed(1)}" y="308">${tick.toLocaleString('en')}</text>`,
    ),
    ...y.ticks.map(
      (tick) => html`<line class="grid" x1="${String(left)}" x2="${String(WIDTH - 130)}" y1="${y(tick).toFixed(1)}"
y2="${y(tick).toFixed(1)}"/>
<text class="soft" text-anchor="end" x="${String(left - 8)}" y="${(y(tick) + 4).toFixed(1)}">${formatCost(tick, 'ns')}</text>`,
    ),
  ];
  const lines = rows.map(({ subject, exponent, points: own }) => {
    const style = subject.startsWith('sockless') ? 'ours' : 'peer';
    const places = own.map(([size, cost]) => `${x(size).toFixed(1)},${y(cost).toFixed(1)}`);
    const [lastX = '0', lastY = '0'] = places.at(-1)?.split(',') ?? [];
    return html`<polyline class="${style}" points="${places.join(' ')}"/>
<text x="${String(Number(lastX) + 8)}" y="${lastY}">${subject} ${exponent.toFixed(2)}</text>`;
  });
  return html`<svg viewBox="0 0 ${String(WIDTH)} ${String(height)}" role="img"
aria-label="${rows[0]?.what ?? ''}">${grid}${lines}</svg>`;
}

/** Maps a value to its place on an axis; `ticks` are the values that are labelled. */
interface Scale {
  (value: number): number;
  readonly ticks: readonly number[];
}

function logScale(values: readonly number[], from: number, to: number): Scale {
  const [least, most] = [Math.log10(Math.min(...values)), Math.log10(Math.max(...values))];
  const span = most - least || 1;
  const place = (value: number): number => from + ((Math.log10(value) - least) / span) * (to - from);
  // 1, 2 and 5 of each decade, or only 1 when the axis spans many decades.
  const steps = span > 2.5 ? [1] : [1, 2, 5];
  const decades = Array.from({ length: Math.ceil(most) - Math.floor(least) + 1 }, (_, at) => at + Math.floor(least));
  const ticks = decades
    .flatMap((decade) => steps.map((step) => Number((step * 10 ** decade).toPrecision(1))))
    .filter((tick) => Math.log10(tick) >= least && Math.log10(tick) <= most);
  return Object.assign(place, { ticks });
}
