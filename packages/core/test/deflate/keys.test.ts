// Masking keys of compressed messages (RFC 6455 5.3): drawn before anything is compressed, or not at all.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seeded } from '../pair.ts';
import { opened } from './tools.ts';

const test = suite('masking keys of compressed messages');

test('a random source that fails while many fragments are sent leaves nothing half sent, however little zlib may compress', () => {
  // With so little memory zlib makes 4 % more of what cannot be compressed.
  const transform = { memLevel: 1 };
  const noise = seeded(7);
  const data = Uint8Array.from({ length: 300_000 }, () => noise() * 256);
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
