/** The programs of the README of @sockless/adapter: its driver runs, and keeps the rules that its other program checks. */
import { readFileSync } from 'node:fs';
import type { Clock, Handlers, WebSocketConnection } from '@sockless/adapter';
import { exercise, type Opened, type Opening } from '@sockless/adapter/testing';
import { Connection } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../../core/test/budget.ts';
import { programFolder, programIn } from '../programs.ts';
import { run } from './support.ts';

const README = '../../adapter/README.md';
const test = suite('README of the adapter');
const folder = programFolder(new URL('..', import.meta.url));
test.after(() => folder.remove());

interface PipeEnd {
  other: PipeEnd;
  destroy(): void;
}

interface Driver {
  readonly PipeEnd: new () => PipeEnd;
  attach(socket: PipeEnd, connection: Connection, handlers: Handlers, options: { clock: Clock }): WebSocketConnection;
}

test('the program prints what the README says, and ends', async () => {
  const program = run(README, 'class PipeDriver');
  const lines = programIn(new URL(README, import.meta.url), 'class PipeDriver').split('\n');
  const said = lines.filter((line) => line.startsWith('// ')).map((line) => line.slice(3));
  assert.is(said.length, 3);
  assert.equal(await program.lines(), said);
  assert.is(await program.ended, 0);
});

test('its driver keeps the rules of every adapter, as its other program has it', async () => {
  const [program = ''] = programIn(new URL(README, import.meta.url), 'class PipeDriver').split('const [near, far]');
  const driver: Driver = await import(folder.write('driver', `${program}\nexport { PipeEnd };`, 'mjs'));
  const document = readFileSync(new URL(README, import.meta.url), 'utf8');
  const [, open = ''] = /^```js\n.*?^(function open\(.*?^}\n)/ms.exec(document) ?? [];
  const make = new Function('PipeEnd', 'attach', 'Connection', `${open} return open;`);
  const opening: (with_: Opening) => Opened = make(driver.PipeEnd, driver.attach, Connection);
  let messages = 0;
  for (let seed = 1; seed <= budget(50, 1000); seed++) {
    const result = await exercise(seed, opening);
    messages += result.messages;
    assert.equal(result.faults, [], `seed ${seed}`);
  }
  assert.ok(messages > 1000, String(messages));
});

test.run();
