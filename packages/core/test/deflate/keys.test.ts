// Masking keys of compressed messages (RFC 6455 5.3) are all drawn before anything is compressed.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { noise, opened } from './tools.ts';

const test = suite('masking keys of compressed messages');

test('a message is sent whole or not at all when the random source throws, even if zlib makes it longer', () => {
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
  assert.throws(() => client.send(data), /no entropy/);
  assert.is(calls, 2);
});

test.run();
