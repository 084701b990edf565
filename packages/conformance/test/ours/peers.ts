/** PEERS.md, made from a run against the peers. */
import { familyOf, type Result, SEVERITIES, type Severity } from '../../src/index.ts';
import type { Subject } from './subjects.ts';

interface Run {
  readonly subject: Subject;
  readonly results: readonly Result[];
}

/**
 * Returns the document.
 *
 * @param left the peers that were not measured, with their reasons
 */
export function peersDocument(runs: readonly Run[], left: readonly string[] = []): string {
  const families = [...new Set(runs.flatMap(({ results }) => results.map((result) => familyOf(result.case))))];
  const head = ['', ...families];
  const rows = runs.map(({ subject, results }) => [
    titleOf(subject),
    ...families.map((family) => cell(results.filter((result) => familyOf(result.case) === family))),
  ]);
  return [
    '# What other implementations do',
    '',
    'Written by `npm run conformance -- --peers --write`. Do not edit.',
    '',
    'Each cell has the number of cases whose weightiest finding is a `must` / `hardening` / `should` / `may`; a dot is none of all four, and a dash',
    'means that no case applied. Only a `must` is a defect; a `should` is a strictness that an implementation may do without, and a `may` is neither.',
    'A finding about a header field is often that of the HTTP server below. A process that ends is a finding about the case that ended it.',
    '',
    'Each defect has its case. The command at the head of its list, with that case in place of CASE, plays it and prints the finding with the wire,',
    'frame by frame; the programs that it starts are in [test/programs](test/programs), each a few lines around the implementation. Where several',
    'cases have the same finding, `--filter` with a part of the id, such as `--filter server/masking/`, plays the others.',
    '',
    ...left.map((each) => `Not measured: ${each}.\n`),
    `| ${head.join(' | ')} |`,
    `|${head.map(() => ' --- |').join('')}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    ...runs.flatMap(defects),
  ].join('\n');
}

/** Its name, in which `undici 7` need not say twice which one it is, its version and its role. */
const titleOf = ({ name, version, role }: Subject): string =>
  `${name.replace(/ \d+$/, '')} ${version?.() ?? ''}, ${role}`;

function cell(results: readonly Result[]): string {
  if (results.every(({ verdict }) => verdict === 'skip')) return '–';
  const counts = SEVERITIES.map((severity) => results.filter((result) => heaviest(result) === severity).length);
  return counts.every((count) => count === 0) ? '·' : counts.join(' / ');
}

const heaviest = ({ findings }: Result): Severity | undefined =>
  SEVERITIES.find((severity) => findings.some((finding) => finding.severity === severity));

/** The finding that makes a case a defect: that of the sentence that the case is about, if there is one. */
function defectIn({ findings, case: { section } }: Result): Result['findings'][number] | undefined {
  const musts = findings.filter(({ severity }) => severity === 'must');
  return musts.find((finding) => finding.section === section) ?? musts[0];
}

/** The defects of one implementation: what is wrong in the same way is one row, with the bytes of its first case. */
function defects({ subject, results }: Run): string[] {
  const groups = new Map<string, Result[]>();
  for (const result of results) {
    const worst = defectIn(result);
    if (worst === undefined) continue;
    const key = `${familyOf(result.case)}: ${worst.section}: ${worst.text.replace(/\([0-9a-f]+…?\)/g, '').replace(/\d+/g, 'N')}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  const title = `## ${titleOf(subject)}`;
  if (groups.size === 0) return [title, '', 'No `must` fails.', ''];
  const rows = [...groups.values()].map((group) => {
    const [first] = group;
    if (first === undefined) return '';
    const worst = defectIn(first);
    const sent = first.wire.filter(({ from, bytes }) => from === 'suite' && bytes !== undefined).at(-1)?.bytes;
    const head = first.wire.find(({ from, bytes }) => from === 'suite' && bytes === undefined)?.what;
    const bytes = sent ?? (head ?? '').split('\r\n').slice(0, 8).join(' ⏎ ');
    const short = bytes.length > 100 ? `${bytes.slice(0, 100)}…` : bytes;
    return `| ${group.length} | \`${first.case.id}\` | ${first.case.section} | ${escaped(worst?.text ?? '')} | \`${escaped(short)}\` |`;
  });
  return [
    title,
    '',
    '```sh',
    `npm run conformance -- --peer '${subject.name} ${subject.role}' --filter CASE`,
    '```',
    '',
    '| cases | the first | section | finding | bytes that were sent |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}

const escaped = (text: string): string =>
  text
    .replaceAll('|', '\\|')
    .replaceAll('`', "'")
    .replace(/[^\x20-\x7e\u00a0-\uffff]/g, '.');
