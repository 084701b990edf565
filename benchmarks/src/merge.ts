/** Joins results that were measured one after the other. */
import type { Result } from './result.ts';
import type { Row } from './suite.ts';

/**
 * Returns one result for each Node, in the order in which they come. Where two have the same row, the later one counts, so that
 * some of the suites can be measured again.
 */
export function mergeResults(results: readonly Result[]): Result[] {
  const byNode = new Map<string, Result>();
  for (const result of results) {
    const before = byNode.get(result.node);
    byNode.set(result.node, before === undefined ? result : merged(before, result));
  }
  return [...byNode.values()];
}

function merged(before: Result, after: Result): Result {
  const rows = new Map<string, Row>([...before.rows, ...after.rows].map((row) => [keyOf(row), row]));
  const again = new Set(after.suites.map(({ name }) => name));
  const both = (a: string, b: string): string => [...new Set([...a.split(', '), b])].filter(Boolean).join(', ');
  return {
    ...after,
    revision: both(before.revision, after.revision),
    suites: [...before.suites.filter(({ name }) => !again.has(name)), ...after.suites],
    rows: [...rows.values()],
    // What was missing before may have been measured since.
    missing: [...before.missing.filter(({ suite }) => !again.has(suite)), ...after.missing],
    growth: after.growth.length > 0 ? after.growth : before.growth,
  };
}

function keyOf({ suite, case: name, subject, peer, metric }: Row): string {
  return JSON.stringify([suite, name, subject, peer, metric]);
}
