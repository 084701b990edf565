// The option `backlog`, which Deno does not have.
import { Server as NetServer } from 'node:net';
import * as assert from 'uvu/assert';
import type { ServeOptions } from '../src/index.ts';
import { suite } from './support.ts';

const test = suite('backlog');

for (const backlog of [0, 1.5, '5' as never]) {
  test(`${backlog} is refused`, async (bench) => {
    const options: ServeOptions = { backlog };
    const error = await bench.serve({}, options).catch((reason: unknown) => reason);
    assert.ok(error instanceof RangeError);
    assert.ok(error.message.startsWith('backlog: a whole number from 1'));
  });
}

test('backlog is passed to the operating system, and without it the default of Node holds', async (bench) => {
  const { listen } = NetServer.prototype;
  const asked: unknown[] = [];
  NetServer.prototype.listen = function (this: NetServer, ...args: unknown[]) {
    asked.push((args[0] as { backlog?: number }).backlog);
    return (listen as (...values: unknown[]) => NetServer).apply(this, args);
  } as typeof listen;
  bench.after(() => {
    NetServer.prototype.listen = listen;
  });
  for (const backlog of [undefined, 1, 5]) await bench.serve({}, { backlog });
  assert.equal(asked, [undefined, 1, 5]);
});

test.run();
