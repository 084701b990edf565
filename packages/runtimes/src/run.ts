/** Prints the matrix as a table: every requested runtime, one after the other. */
import { isFailure } from '../../tools/debian.ts';
import type { Result } from './runtime.ts';
import { RUNTIMES } from './runtimes.ts';

const filters = process.argv.slice(2);
const chosen = RUNTIMES.filter(({ name }) => filters.length === 0 || filters.some((part) => name.startsWith(part)));
if (chosen.length === 0) {
  console.error(
    `There is no runtime ${filters.join(' or ')}; there are ${RUNTIMES.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(1);
}

const WIDTHS = [-28, -14, 6, 7, 7, -8, -12];
const line = (...cells: readonly (string | number)[]): void =>
  console.log(
    cells
      .map((cell, at) => {
        const width = WIDTHS[at] ?? 0;
        return width < 0 ? ` ${String(cell).padEnd(-width)}` : ` ${String(cell).padStart(width)}`;
      })
      .join('')
      .trimEnd(),
  );

/** Prints a row, and returns what went wrong. */
function row(name: string, { version, reports }: Result, seconds: number): string[] {
  const cases = reports.reduce((sum, report) => sum + report.cases, 0);
  const failures = reports.flatMap((report) => report.failures);
  const kernel = reports.some(({ offers }) => offers.includes('kernel')) ? 'wasm' : '';
  const digests = [...new Set(reports.map(({ digest }) => digest.slice(0, 12)))];
  line(name, version, cases, cases - failures.length, `${seconds.toFixed(1)} s`, kernel, digests.join(' '));
  for (const { digest } of reports) if (digest !== '') DIGESTS.add(digest);
  return failures.map((failure) => `\n${name}: ${failure.join('\n')}`);
}

const DIGESTS = new Set<string>();
const problems: string[] = [];
line('runtime', 'version', 'cases', 'passed', 'time', 'kernel', 'digest');
for (const { name, missing, run } of chosen) {
  const started = performance.now();
  if (missing !== undefined) {
    line(name, `skipped: ${missing}`);
    if (isFailure(missing)) problems.push(`\n${name} is missing: ${missing}`);
    continue;
  }
  try {
    const result = await run(true);
    problems.push(...row(name, result, (performance.now() - started) / 1000));
  } catch (error) {
    line(name, 'failed');
    problems.push(`\n${name}: ${error instanceof Error ? error.stack : error}`);
  }
}
if (DIGESTS.size > 1) problems.push(`\nThe runtimes do not agree: ${[...DIGESTS].join(', ')}`);
console.log(problems.join('\n'));
process.exitCode = problems.length > 0 ? 1 : 0;
