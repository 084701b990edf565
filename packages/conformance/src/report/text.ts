/** The outcome as text, JSON and JUnit's XML. */
import { type Case, familyOf, SEVERITIES } from '../case.ts';
import type { Result } from '../run/verdict.ts';

/** A table of families, and every case that failed. */
export function asText(results: readonly Result[]): string {
  const rows = families(results).map(([family, { total, pass, fail, skip }]) =>
    [family, total, pass, fail, skip].map(String),
  );
  const head = ['family', 'cases', 'passed', 'failed', 'skipped'];
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  const failed = results
    .filter(({ verdict }) => verdict === 'fail')
    .flatMap(({ case: { id, title }, findings }) => [
      '',
      `${id}: ${title}`,
      ...findings.map(({ severity, section, text }) => `  ${severity}, ${section}: ${text}`),
    ]);
  return [line(head), ...rows.map(line), ...failed, '', summary(results)].join('\n');
}

/** One sentence. */
export function summary(results: readonly Result[]): string {
  const { pass, fail, skip } = count(results);
  const weights = SEVERITIES.map(
    (severity) =>
      [
        severity,
        results.filter(({ findings }) => findings.some((finding) => finding.severity === severity)).length,
      ] as const,
  ).filter(([, number]) => number > 0);
  const of =
    weights.length === 0 ? '' : ` (${weights.map(([severity, number]) => `${severity}: ${number}`).join(', ')})`;
  return `${results.length} cases: ${pass} passed, ${fail} failed${of}, ${skip} skipped`;
}

/** The number of outcomes of each kind. */
export function count(results: readonly Result[]): { total: number; pass: number; fail: number; skip: number } {
  const of = (wanted: Result['verdict']): number => results.filter(({ verdict }) => verdict === wanted).length;
  return { total: results.length, pass: of('pass'), fail: of('fail'), skip: of('skip') };
}

/** The same by family, in their order. */
export function families(results: readonly Result[]): [string, ReturnType<typeof count>][] {
  const names = [...new Set(results.map((result) => familyOf(result.case)))];
  return names.map((name) => [name, count(results.filter((result) => familyOf(result.case) === name))]);
}

/** All outcomes; the wire only of those that failed. */
export function asJson(results: readonly Result[]): string {
  const all = results.map(
    ({ case: { id, section, title, severity }, verdict, findings, reason, milliseconds, wire }) => ({
      id,
      section,
      title,
      severity,
      verdict,
      ...(reason === undefined ? {} : { reason }),
      milliseconds,
      ...(verdict === 'fail' ? { findings, wire } : {}),
    }),
  );
  return `${JSON.stringify({ summary: count(results), results: all }, null, 1)}\n`;
}

/** JUnit's XML: a suite for each family. */
export function asJunit(results: readonly Result[]): string {
  const suites = families(results).map(([family, { total, fail, skip }]) => {
    const cases = results.filter((result) => familyOf(result.case) === family).map((result) => testCase(result));
    return `  <testsuite name="${xml(family)}" tests="${total}" failures="${fail}" skipped="${skip}">\n${cases.join('\n')}\n  </testsuite>`;
  });
  const { total, fail } = count(results);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="sockless-conformance" tests="${total}" failures="${fail}">\n${suites.join('\n')}\n</testsuites>\n`;
}

function testCase({ case: item, verdict, findings, reason, wire, milliseconds }: Result): string {
  const open = `    <testcase classname="${xml(familyName(item))}" name="${xml(`${item.id}: ${item.title}`)}" time="${milliseconds / 1000}"`;
  if (verdict === 'pass') return `${open}/>`;
  if (verdict === 'skip') return `${open}><skipped message="${xml(reason ?? '')}"/></testcase>`;
  const message = findings.map(({ severity, section, text }) => `${severity}, ${section}: ${text}`).join('\n');
  const lines = wire.map(
    ({ at, from, what, bytes }) => `${at} ms ${from}: ${what}${bytes === undefined ? '' : ` [${bytes}]`}`,
  );
  return `${open}><failure message="${xml(message)}">${xml(lines.join('\n'))}</failure></testcase>`;
}

const familyName = (item: Case): string => `${item.role}.${familyOf(item)}`;

/** Escapes text for XML and HTML; what XML cannot have becomes a replacement character. */
export function xml(text: string): string {
  return Array.from(text, (char) => (isChar(char) ? (ESCAPES[char] ?? char) : '\ufffd')).join('');
}

/** XML 1.0 2.2: the characters that a document may have. */
function isChar(char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x20) return code === 9 || code === 10 || code === 13;
  return (code < 0xd800 || code > 0xdfff) && code !== 0xfffe && code !== 0xffff;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Returns what went over the wire, line by line. */
export function asWire({ case: item, wire }: Result): string {
  const lines = wire.map(
    ({ at, from, what, bytes }) =>
      `  ${String(at).padStart(6)} ms ${from.padEnd(14)} ${what.trimEnd().replaceAll('\r\n', '\n')}${bytes ? `\n${' '.repeat(25)}${bytes}` : ''}`,
  );
  return [`\n${item.id}: ${item.title}`, ...lines].join('\n');
}
