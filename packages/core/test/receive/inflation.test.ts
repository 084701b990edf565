// RFC 7692 6.2: compressed payload on its way through the transform; test/deflate has the rest.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compressed, frames, opened, payload } from '../deflate/tools.ts';
import { summarize } from '../support.ts';

const inflation = suite('inflation');

/** So long that it is delivered in several fragments of at most 64 KiB. */
const LONG = new Uint8Array(200_000).fill(7);

/** The payload of {@link LONG}, compressed. */
function packed(): Uint8Array<ArrayBuffer> {
  const peer = opened('client');
  peer.send(LONG);
  return payload(frames(peer));
}

inflation('transferring a chunk while it is being decompressed fails with 1011, after correct fragments', () => {
  for (const isTransferred of [true, false]) {
    const connection = opened('server', { messages: 'fragments' });
    const chunk = compressed('server', 2, packed());
    const { length } = chunk;
    connection.receive(chunk);
    const first = connection.poll();
    assert.ok(first?.type === 'fragment' && !first.final && first.data.every((byte) => byte === 7));
    if (isTransferred) structuredClone(chunk, { transfer: [chunk.buffer] });
    const rest = [...connection];
    if (isTransferred) assert.equal(rest.map(summarize), [['fail', 'handler-failed', length]]);
    else {
      const sizes = rest.map((event) => (event.type === 'fragment' ? event.data.length : Number.NaN));
      assert.is(
        sizes.reduce((sum, size) => sum + size, first.data.length),
        LONG.length,
      );
    }
  }
});

inflation.run();
