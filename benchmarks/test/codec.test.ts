// All subjects must do the same work: each contestant completes all operations of a few cases.
import { isUtf8 } from 'node:buffer';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inChild } from '../src/codec/in-child.ts';
import { type Kind, mixedStream, payload, stream } from '../src/codec/inputs.ts';
import { Meter } from '../src/codec/meter.ts';
import type { Contestant } from '../src/codec/task.ts';
import * as decode from '../src/suites/decode.ts';
import * as deflate from '../src/suites/deflate.ts';
import * as encode from '../src/suites/encode.ts';
import * as handshake from '../src/suites/handshake.ts';
import * as mask from '../src/suites/mask.ts';
import * as utf8 from '../src/suites/utf8.ts';

const codec = suite('codec suites');

type Module = { readonly contestants: readonly Contestant[]; readonly suite: { readonly name: string } };

const CASES: readonly (readonly [Module, readonly string[]])[] = [
  [
    decode,
    [
      'masked text 16 B, coalesced',
      'masked CJK text 1 KiB, 1460-byte cuts',
      'masked binary 64 KiB, coalesced',
      'masked text 16 B, 1-byte cuts',
      'masked mixed 1-4096 B, 1460-byte chunks',
      'unmasked binary 125 B, one frame per chunk',
    ],
  ],
  [encode, ['masked text 16 B', 'masked binary 64 KiB', 'unmasked CJK text 1 KiB', 'unmasked binary 1 KiB']],
  [mask, ['125 B', '16 KiB']],
  [utf8, ['ASCII 16 B', 'mixed 1 KiB']],
  [handshake, ['server, request of a browser', 'client, request', 'client, response']],
  [deflate, ['deflate 1 KiB', 'inflate 64 B']],
];

for (const [{ contestants, suite: each }, names] of CASES) {
  for (const contestant of contestants) {
    codec(`${each.name}: ${contestant.name} completes all operations of the cases that it supports`, async () => {
      if (contestant.missing !== undefined) return;
      const make = await contestant.load();
      for (const name of names) {
        const task = await make(name);
        // undici has only a client.
        if (contestant.name === 'undici' && name.startsWith('masked')) assert.is(task, undefined);
        if (task === undefined) continue;
        for (const rounds of [1, Math.min(2, task.most)]) {
          await task.prepare?.(rounds);
          assert.is(await task.run(rounds), rounds * task.operations, name);
        }
      }
    });
  }
}

codec('case names are unique, and each suite has quick cases', () => {
  for (const { suite: each } of [decode, encode, mask, utf8, handshake, deflate]) {
    assert.is(new Set(each.cases.map(({ name }) => name)).size, each.cases.length, each.name);
    assert.ok(each.cases.some(({ slow }) => !slow));
    assert.is(each.ours[0]?.name, 'sockless');
  }
  assert.is(decode.suite.cases.filter(({ slow }) => !slow).length, 23);
});

codec('payloads have the requested size, and texts are valid UTF-8', () => {
  for (const kind of ['text', 'CJK text', 'mixed text', 'binary'] satisfies Kind[]) {
    for (let size = 0; size < 70; size++) {
      for (let seed = 0; seed < 50; seed++) {
        const bytes = payload(kind, size, seed);
        assert.is(bytes.length, size);
        if (kind !== 'binary') assert.ok(isUtf8(bytes), `${kind}, ${size}, ${seed}`);
      }
    }
  }
});

codec('streams are cut into the requested chunks', () => {
  const lengths = (chunks: readonly Buffer[]): number[] => chunks.map(({ length }) => length);
  assert.equal(lengths(stream('text', 65_536, true, 'coalesced').chunks), [65_536, 14]);
  assert.equal(lengths(stream('text', 65_536, true, 'one frame per chunk').chunks), [65_550]);
  assert.ok(lengths(stream('binary', 16, true, '1-byte cuts').chunks).every((length) => length === 1));
  assert.is(lengths(mixedStream(true, 1460, 'even').chunks)[0], 1460);
  assert.is(mixedStream(true, 1460, 'even').messages, 128);
  const [even, short] = (['even', 'short'] as const).map((mix) => mixedStream(true, 1460, mix).length);
  assert.ok(Number(short) < Number(even) / 3, `${short} of ${even}`);
});

codec('a meter rejects a task that skips operations', async () => {
  const lazy = new Meter(() => ({ operations: 2, most: 8, run: (rounds) => rounds }));
  try {
    await lazy.measure('any', 1);
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), '1 of 2 operations were done');
  }
  assert.ok(Number.isNaN(await new Meter(() => undefined).measure('any', 1)));
});

codec('a contestant’s process returns costs and reports errors', async () => {
  const file = fileURLToPath(new URL('contestants.ts', import.meta.url));
  const well = await inChild('fake', file, 'well', { GREETING: 'hello' });
  assert.ok((await well.measure('one', 1)).cost > 0);
  assert.ok(Number.isNaN((await well.measure('another', 1)).cost));
  await well.stop();
  const failing = await inChild('fake', file, 'failing', {});
  assert.match(await rejection(failing.measure('one', 1)), /^Error: fake: failing: one: Error: on purpose/);
  await failing.stop();
  const ending = await inChild('fake', file, 'ending', {});
  assert.match(
    await rejection(ending.measure('one', 1)),
    'Error: fake: ending: one: its process ended (7)\nlast words',
  );
  assert.match(await rejection(ending.measure('one', 1)), 'its process has ended');
  await ending.stop();
});

codec('a case that fails in another revision is left out without an error', async () => {
  const file = fileURLToPath(new URL('contestants.ts', import.meta.url));
  const runner = await inChild('fake', file, 'failing', { SOCKLESS_ROOT: '/nowhere' });
  assert.ok(Number.isNaN((await runner.measure('one', 1)).cost));
  await runner.stop();
});

codec.run();

function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => 'it succeeded', String);
}
