// Masking keys of compressed messages (RFC 6455 5.3) are all drawn before anything is compressed.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import type { DeflateEngine } from '../../src/deflate/index.ts';
import { noise, opened } from './tools.ts';

const test = suite('masking keys of compressed messages');

test('the keys of a message are drawn in one call, even if zlib makes it longer, and nothing is sent if that call throws', () => {
  // With so little memory, zlib makes data that cannot be compressed 4 % longer.
  const transform = { memLevel: 1 };
  const data = noise(300_000, 7);
  let calls = 0;
  const random = (): void => {
    if (++calls > 1) throw new Error('no entropy');
  };
  const client = opened('client', { random, fragmentSize: 100 }, { transform });
  client.send(data);
  assert.is(calls, 1);
  const { queuedBytes } = client;
  assert.throws(() => client.send(data), /no entropy/);
  assert.equal([calls, client.queuedBytes], [2, queuedBytes]);
});

test('all masking keys are drawn before a short fragment is compressed, even if zlib makes it longer', () => {
  let compressed = false;
  let calls = 0;
  const random = (): void => {
    calls++;
    assert.not(compressed, 'keys are drawn after the bytes were compressed');
  };
  const engine: DeflateEngine = {
    ...pako,
    createDeflater(options) {
      const deflater = pako.createDeflater(options);
      const deflate = deflater.deflate.bind(deflater);
      return Object.assign(deflater, {
        deflate(data: Uint8Array) {
          compressed = true;
          return deflate(data);
        },
      });
    },
  };
  const client = opened('client', { random, fragmentSize: 1 }, { transform: { memLevel: 1 }, engine });
  // Keys are drawn many at a time, so it takes many fragments until they run out in the middle of one.
  for (let at = 0; at < 4000; at++) {
    compressed = false;
    client.sendFragment(noise(8, at), false);
    while (client.transmit() !== undefined);
  }
  assert.ok(calls > 10, `${calls} calls`);
});

test.run();
