/**
 * Writes the model's transitions into ARCHITECTURE.md: `node packages/tools/run.js model`. A test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { markdownTable, withContent } from '../tables.ts';
import { deadlineOf, explore, type Facts, type Input, isPossible, stateOf, step, transportOf } from './model.ts';

export const ARCHITECTURE = new URL('../../../../ARCHITECTURE.md', import.meta.url);

/** The name of a state in the table: of its facts the one that says most. */
function nameOf(facts: Facts): string {
  if (facts.destroyed) return 'destroyed';
  if (facts.ended) return 'ended';
  if (facts.failed === 'opening') return 'opening failed';
  if (facts.failed) return 'failed';
  if (facts.closeReceived) return 'Close both ways';
  if (facts.closeSent) return 'Close sent';
  return facts.awaits === undefined ? 'open' : 'connecting';
}

const COLUMNS: readonly (readonly [title: string, inputs: readonly Input[]])[] = [
  ['accept, 101', ['accept()', 'response']],
  ['reject, refusal', ['reject()', 'refusal', 'bad request']],
  ['`close()`', ['close()']],
  ['`fail()`', ['fail()', 'fail() too slow']],
  ['Close frame', ['Close']],
  ['violation', ['reserved bit', 'middle fragment']],
  ['deadline', ['deadline']],
  ['EOF', ['EOF']],
];

/** Returns ARCHITECTURE.md with the table as the model has it. */
export function withTable(text: string): string {
  return withContent(text, 'model', table());
}

function table(): string {
  const all = (['server', 'client'] as const).flatMap((role) => explore(role).map(({ facts }) => facts));
  const states = group(all);
  const head = [
    ...['', 'state', "server's transport", "client's", 'waits for', 'while bytes wait'],
    ...COLUMNS.map(([title]) => title),
  ];
  const rows = [...states].map(([name, group]) => [
    name,
    join(group.map(stateOf)),
    ...(['server', 'client'] as const).map((role) =>
      join(group.filter((facts) => facts.role === role && facts.waits === undefined).map(transportOf)),
    ),
    join(group.filter(({ waits }) => waits === undefined).map((facts) => deadlineOf(facts) ?? '–')),
    join(
      group.filter(({ waits }) => waits !== undefined).map((facts) => `${transportOf(facts)}: ${deadlineOf(facts)}`),
    ) || '–',
    ...COLUMNS.map(([, inputs]) => join(group.flatMap((facts) => successors(facts, inputs, name))) || '–'),
  ]);
  return markdownTable(head, rows);
}

/** The states that other inputs than those without effect lead to. */
function successors(facts: Facts, inputs: readonly Input[], name: string): string[] {
  return inputs
    .filter((input) => isPossible(facts, input))
    .map((input) => nameOf(step(facts, input)[0]))
    .filter((next) => next !== name);
}

function group(all: readonly Facts[]): Map<string, Facts[]> {
  const groups = new Map<string, Facts[]>();
  for (const facts of all) groups.set(nameOf(facts), [...(groups.get(nameOf(facts)) ?? []), facts]);
  return groups;
}

const join = (values: readonly string[]): string => [...new Set(values)].join(' or ');

if (process.argv.includes('--write')) writeFileSync(ARCHITECTURE, withTable(readFileSync(ARCHITECTURE, 'utf8')));
