// Native zlib as an engine, and what is done where it does not work.
import { spawnSync } from 'node:child_process';
import type { DeflateEngine } from '@sockless/core/deflate';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../src/index.ts';
import { choose, native, works, zlib } from '../src/zlib.ts';
import { compress, decompress } from './engines.ts';
import { DEFLATER, expectEngine, expectRoundTrips } from './expectations.ts';
import { text } from './messages.ts';

const test = suite('zlib');
expectEngine(test, 'zlib', native);
expectRoundTrips(test, 'zlib → pako', native, pako);
expectRoundTrips(test, 'pako → zlib', pako, native);

test('the engine of node:zlib is trusted on this host', () => {
  assert.ok(works(native));
  assert.ok(works(pako));
  assert.is(zlib, native);
});

/** An engine of pako's of which one thing is different. */
const broken = (change: Partial<DeflateEngine>): DeflateEngine => ({ ...pako, ...change });

const inflater = (change: object): Partial<DeflateEngine> => ({
  createInflater: (options) => {
    const whole = pako.createInflater(options);
    return {
      drained: true,
      write: (data) => whole.write(data),
      read: () => whole.read(),
      endsBlock: () => whole.endsBlock(),
      reset: () => whole.reset(),
      close: () => whole.close(),
      ...change,
    };
  },
});

for (const [what, change] of [
  [
    'cannot create a deflater',
    {
      createDeflater() {
        throw new TypeError('_handle is undefined');
      },
    },
  ],
  ['returns nothing', inflater({ read: () => new Uint8Array(0) })],
  ['returns something else', inflater({ read: () => new Uint8Array(17) })],
  ['is never drained', inflater({ drained: false })],
  ['does not recognise the end of a block', inflater({ endsBlock: () => false })],
  ['cannot create an inflater', { createInflater: undefined as never }],
  [
    'accepts invalid DEFLATE',
    {
      createInflater(options) {
        const whole = pako.createInflater(options);
        const { read } = whole;
        whole.read = () => {
          try {
            return read.call(whole);
          } catch {
            return new Uint8Array(0);
          }
        };
        return whole;
      },
    },
  ],
  [
    'forgets its window',
    {
      createDeflater(options) {
        const deflater = pako.createDeflater(options);
        return {
          deflate(data) {
            deflater.reset();
            return deflater.deflate(data);
          },
          reset: () => deflater.reset(),
          close: () => deflater.close(),
        };
      },
    },
  ],
] as [string, Partial<DeflateEngine>][]) {
  test(`an engine that ${what} is not trusted: pako takes its place`, () => {
    assert.not(works(broken(change)));
    assert.is(choose(broken(change), pako), pako);
  });
}

test('an engine that works is trusted', () => {
  const whole = broken({});
  assert.is(choose(whole, native), whole);
});

test('after the end, reading again returns nothing', () => {
  const each = native.createInflater({ windowBits: 15 });
  assert.is(each.read().length, 0);
  for (const size of [10, 100_000]) {
    decompress(each, compress(native.createDeflater(DEFLATER), text(size)));
    for (let again = 0; again < 3; again++) assert.is(each.read().length, 0);
    assert.ok(each.endsBlock());
  }
  each.close();
});

test('an engine holds less than 2 KiB in ArrayBuffers, so it does not hold the 16 KiB chunk of a stream', () => {
  const { arrayBuffers } = process.memoryUsage();
  const all = Array.from({ length: 200 }, () => [
    native.createDeflater({ windowBits: 9, level: 6, memLevel: 1 }),
    native.createInflater({ windowBits: 8 }),
  ]).flat();
  const each = (process.memoryUsage().arrayBuffers - arrayBuffers) / all.length;
  assert.ok(each < 2048, `${each} bytes`);
  for (const engine of all) engine.close();
});

test('use after an error does not abort the process', () => {
  const script = `
    import { native } from ${JSON.stringify(new URL('../src/zlib.ts', import.meta.url))};
    const thrown = (call) => { try { call(); } catch (error) { return error instanceof Error; } return false; };
    for (const bytes of [[7], [0, 1, 0, 0, 0, 0], [0x4b, 0x04, 0x53, 255, 255, 255, 255]]) {
      const inflater = native.createInflater({ windowBits: 15 });
      for (let i = 0; i < 3; i++) {
        inflater.write(Uint8Array.from(bytes));
        if (!thrown(() => inflater.read())) throw new Error('it does not throw');
        if (inflater.endsBlock()) throw new Error('it ends');
      }
      inflater.close();
      inflater.close();
    }
    globalThis.gc();
    setTimeout(() => console.log('alive'), 50);
  `;
  const child = spawnSync(
    process.execPath,
    ['--expose-gc', ...process.execArgv, '--input-type=module', '--eval', script],
    { encoding: 'utf8', cwd: new URL('..', import.meta.url), timeout: 20_000 },
  );
  assert.is(child.stdout, 'alive\n', child.stderr);
  assert.is(child.status, 0);
});

test.run();
