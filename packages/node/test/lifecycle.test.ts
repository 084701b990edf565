// A socket's whole life: every event in every state, before and after an adapter has the socket.
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { play } from './lifecycle/cell.ts';
import { DIFFERENCES } from './lifecycle/differences.ts';
import { LIFECYCLE, withTable } from './lifecycle/document.ts';
import { EVENTS, isCannot, ORDERS, rowOf, STATES } from './lifecycle/names.ts';
import { TABLE } from './lifecycle/table.ts';
import { RUNTIME } from './lifecycle/transport.ts';
import { Bench, suite } from './support.ts';

const test = suite('lifecycle', 30_000);

/** The cells that were played or are impossible. */
let done = 0;

/** Plays a cell on its own bench, so that the cells of a row can run concurrently. */
async function playAlone(
  ...what: [...Parameters<typeof play>] extends [Bench, ...infer Rest] ? Rest : never
): Promise<string> {
  const bench = new Bench();
  try {
    return await play(bench, ...what);
  } finally {
    await bench.clear();
  }
}

for (const order of ORDERS) {
  for (const state of STATES) {
    test(`${state}, ${order} attach: every event has the outcome that the table says`, async () => {
      const row = rowOf(TABLE, DIFFERENCES[RUNTIME], order, state);
      const played = await Promise.all(
        EVENTS.map(async (event): Promise<string | undefined> => {
          const cell = row[event];
          if (isCannot(cell)) return undefined;
          const words = await playAlone(order, state, event, cell);
          return words === cell ? undefined : `${event}: "${words}", in the table "${cell}"`;
        }),
      );
      const wrong = played.filter((words) => words !== undefined);
      if (wrong.length > 0) throw new Error(wrong.join('\n'));
      done += played.length;
    });
  }
}

test('every cell of the table was played or is impossible', () => {
  assert.is(done, ORDERS.length * STATES.length * EVENTS.length);
});

test('the tables in LIFECYCLE.md are up to date: if not, run `node packages/tools/run.js lifecycle`', () => {
  const text = readFileSync(LIFECYCLE, 'utf8');
  assert.is(text, withTable(text));
});

test.run();
