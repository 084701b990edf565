/** Every row as Markdown: a table for each of ours in each suite, with a line for each case and a column for each peer. */
import { isWide } from './method.ts';
import { formatMetric, formatRatio, type Result } from './result.ts';
import type { GrowthRow, Row } from './suite.ts';

/** Returns the document. */
export function reportMarkdown({ node, cpu, date, revision, quick, rows, missing, growth }: Result): string {
  const run = [revision && `commit ${revision}`, node && `Node ${node}`, cpu, date, quick && 'a quick run'];
  return `${[
    '# sockless: all rows',
    `${run.filter(Boolean).join('; ')}.`,
    'A ratio is the cost of the peer divided by the cost of sockless: above 1, sockless is faster or smaller. ~ marks a wide spread, – a case that was not measured.',
    ...grouped(rows).map(rowsTable),
    ...(growth.length > 0 ? [growthTable(growth)] : []),
    ...(missing.length > 0 ? ['## Not measured'] : []),
    missing
      .map(({ suite, subject, case: name, reason }) => {
        const what = [suite, subject, name].filter((part) => part !== undefined).join(', ');
        return `- ${escaped(`${what}: ${reason.split('\n')[0]}`)}`;
      })
      .join('\n'),
  ]
    .join('\n\n')
    .trim()}\n`;
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
