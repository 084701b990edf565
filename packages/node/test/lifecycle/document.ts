/** Writes the tables into packages/adapter/LIFECYCLE.md: `node packages/tools/run.js lifecycle`. A test compares them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { markdownTable, withContent } from '../../../core/test/tables.ts';
import { DIFFERENCES } from './differences.ts';
import { type Cell, EVENTS, isCannot, ORDERS, type Order, rowOf, STATES } from './names.ts';
import { TABLE } from './table.ts';

export const LIFECYCLE = new URL('../../../adapter/LIFECYCLE.md', import.meta.url);

const TITLES: Readonly<Record<Order, string>> = {
  before: '**Before** `attach`: the event happens before the adapter receives the socket',
  after: '**After** `attach`: the event happens to a socket that the adapter has',
};

/** Returns that document with the tables of the tests. */
export function withTable(text: string): string {
  return withContent(text, 'lifecycle', tables());
}

function tables(): string {
  const reasons: string[] = [];
  const parts = ORDERS.map((order) => `${TITLES[order]}:\n\n${onNode(order, reasons)}`);
  const notes = reasons.map((reason, i) => `${i + 1}. Cannot be: ${reason}.\n`).join('');
  return [...parts, notes, `**On Deno** these cells differ:\n\n${onDeno()}`].join('\n');
}

function onNode(order: Order, reasons: string[]): string {
  const show = (cell: Cell): string => (isCannot(cell) ? `– (${noteOf(cell.cannot, reasons)})` : cell);
  return markdownTable(
    ['', ...EVENTS],
    STATES.map((state) => {
      const row = rowOf(TABLE, DIFFERENCES.Node, order, state);
      return [state, ...EVENTS.map((event) => show(row[event]))];
    }),
  );
}

/** Returns the number of a reason, adding it if it is new. */
function noteOf(reason: string, reasons: string[]): number {
  const at = reasons.indexOf(reason);
  return at < 0 ? reasons.push(reason) : at + 1;
}

/** Returns the differences of Deno, merging states that have the same ones. */
function onDeno(): string {
  const lines = new Map<string, { order: Order; what: string; events: string; states: string[] }>();
  for (const order of ORDERS) {
    for (const state of STATES) {
      for (const { what, events } of differencesOf(order, state)) {
        const key = [order, what, events].join();
        const line = lines.get(key) ?? { order, what, events, states: [] };
        line.states.push(state);
        lines.set(key, line);
      }
    }
  }
  return markdownTable(
    ['', 'state', 'event', 'on Deno'],
    [...lines.values()].map(({ order, what, events, states }) => [order, states.join(', '), events, what]),
  );
}

function differencesOf(order: Order, state: (typeof STATES)[number]): { what: string; events: string }[] {
  const node = rowOf(TABLE, DIFFERENCES.Node, order, state);
  const deno = rowOf(TABLE, DIFFERENCES.Deno, order, state);
  const events = new Map<string, string[]>();
  for (const event of EVENTS) {
    const cell = deno[event];
    // Node's table has the cells that no runtime can have.
    if (cell === node[event] || (isCannot(cell) && isCannot(node[event]))) continue;
    const what = isCannot(cell) ? `cannot be: ${cell.cannot}` : cell;
    events.set(what, [...(events.get(what) ?? []), event]);
  }
  return [...events].map(([what, names]) => ({ what, events: names.join(', ') }));
}

if (process.argv.includes('--write')) writeFileSync(LIFECYCLE, withTable(readFileSync(LIFECYCLE, 'utf8')));
