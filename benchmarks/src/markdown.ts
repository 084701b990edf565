/** Every row as Markdown: a table for each of ours in each suite, with a line for each case and a column for each peer. */
import { isWide } from './method.ts';
import { formatMetric, formatRatio, groups, isShare, type Result } from './result.ts';
import type { GrowthRow, Row } from './suite.ts';

/** A ratio below this is listed as a loss. Between it and 1 there is no difference to speak of. */
const LOSS = 0.9;

/** Returns the document. */
export function reportMarkdown(results: readonly Result[]): string {
  const intro =
    'A ratio is the cost of the peer divided by the cost of sockless: above 1, sockless is faster or smaller. ~ marks a wide spread, – a case that was not measured. Of a limit, the ratio is the share that is reached.';
  return `${['# sockless: all rows', intro, ...results.flatMap(partOf)].join('\n\n').trim()}\n`;
}

/** The part of one Node. */
function partOf(result: Result): string[] {
  const { node, cpu, date, revision, quick, rows, missing, growth } = result;
  const run = [revision && `commit ${revision}`, node && `Node ${node}`, cpu, date, quick && 'a quick run'];
  return [
    `# ${run.filter(Boolean).join('; ')}`,
    ...lossesTable(result),
    ...grouped(rows).map(rowsTable),
    ...(growth.length > 0 ? [growthTable(growth)] : []),
    ...(missing.length > 0 ? ['## Not measured'] : []),
    missing
      .map(({ suite, subject, case: name, reason }) => {
        const what = [suite, subject, name].filter((part) => part !== undefined).join(', ');
        return `- ${escaped(`${what}: ${reason.split('\n')[0]}`)}`;
      })
      .join('\n'),
  ].filter((part) => part !== '');
}

/** The cases in which the first of ours loses, beside peers that are no limits. */
function lossesTable(result: Result): string[] {
  const lines = groups(result.rows).flatMap((group) => {
    const [first] = group;
    if (first === undefined || first.subject !== 'sockless' || isShare(result, first)) return [];
    const lost = group.filter(({ ratio }) => ratio < LOSS);
    const worst = lost.toSorted((a, b) => a.ratio - b.ratio).at(0);
    if (worst === undefined) return [];
    return [
      [formatMetric(first), first.peer, `${lost.length} of ${group.length}`, formatRatio(worst.ratio), worst.case],
    ];
  });
  if (lines.length === 0) return [];
  return [table(`Ratios below ${LOSS}`, [['suite', 'peer', 'cases', 'worst', 'at'], ...lines])];
}

/** The rows of each table, by its title, in the order in which they were measured. */
function grouped(rows: readonly Row[]): [title: string, rows: readonly Row[]][] {
  const tables = new Map<string, Row[]>();
  for (const row of rows) {
    const title = `${formatMetric(row)}, ${row.subject}`;
    tables.set(title, [...(tables.get(title) ?? []), row]);
  }
  return [...tables];
}

function rowsTable([title, rows]: [title: string, rows: readonly Row[]]): string {
  const peers = [...new Set(rows.map(({ peer }) => peer))];
  const cases = [...new Set(rows.map((row) => row.case))];
  const lines = cases.map((name) => [
    name,
    ...peers.map((peer) => {
      const row = rows.find((each) => each.case === name && each.peer === peer);
      return row === undefined ? '–' : formatRatio(row.ratio) + (isWide(row) ? '~' : '');
    }),
  ]);
  return table(title, [['case', ...peers], ...lines]);
}

function growthTable(growth: readonly GrowthRow[]): string {
  const lines = growth.map(({ what, subject, exponent }) => [what, subject, exponent.toFixed(2)]);
  return table('growth: the exponent of the cost; 1 is linear', [['what grows', 'subject', 'exponent'], ...lines]);
}

/** A table below a title; the first line is its head. */
function table(title: string, [head = [], ...lines]: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;
  return [`## ${escaped(title)}\n`, row(head), `|${'---|'.repeat(head.length)}`, ...lines.map(row)].join('\n');
}

/** Escapes the characters that would end a cell or begin markup. */
function escaped(text: string): string {
  return text.replace(/[|<>&*_`]/g, (character) => `\\${character}`);
}
