// RFC 7692, 10.4: what compressed messages become counts against a limit of its own, while they become it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { drain, summarize } from '../support.ts';
import { opened } from './tools.ts';

const test = suite('rateLimits.inflatedBytes');

/** A message of that many bytes, compressed, as a client sends it. */
function compressed(length: number): Uint8Array {
  const client = opened('client');
  client.send('a'.repeat(length), { compress: true });
  return drain(client);
}

for (const messages of ['whole', 'fragments'] as const) {
  test(`a few short messages fail if they inflate to more than inflatedBytes allows (messages: ${messages})`, () => {
    const inflatedBytes = { perSecond: 1000, burst: 250_000 };
    const server = opened('server', { rateLimits: { inflatedBytes }, messages });
    const types = (chunk: Uint8Array, now: number): unknown[] =>
      [...server.receive(chunk, now)].map(({ type }) => type);
    const message = compressed(100_000);
    assert.ok(message.length < 1000);
    assert.is(types(message.slice(), 0).includes('fail'), false);
    assert.is(types(message.slice(), 0).includes('fail'), false);
    server.receive(message.slice(), 0);
    const last = [...server].map(summarize).at(-1);
    assert.equal(last?.slice(0, 2), ['fail', 'inflated-rate']);
  });
}

test('tokens of inflatedBytes come back with time, and uncompressed messages take none', () => {
  const server = opened('server', { rateLimits: { inflatedBytes: { perSecond: 10_000, burst: 100_000 } } });
  const message = compressed(100_000);
  for (let n = 0; n < 5; n++) assert.is([...server.receive(message.slice(), n * 10_000)].length, 1);
  const client = opened('client');
  client.send('a'.repeat(200_000), { compress: false });
  assert.is([...server.receive(drain(client), 40_001)][0]?.type, 'text');
});

test.run();
