// Messages that are sent while there is no connection: the limit to the byte.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KeptMessages } from '../src/kept-messages.ts';

const test = suite('kept messages');

/** The length of a client's frame header. */
const HEADER = 14;

test('a message counts its header and its bytes, and none is added beyond the limit', () => {
  const kept = new KeptMessages(2 * (HEADER + 3));
  assert.is(kept.size, 0);
  assert.is(kept.add('é1', undefined), true);
  assert.is(kept.size, HEADER + 3);
  assert.is(kept.add(Uint8Array.of(1, 2, 3), undefined), true);
  assert.is(kept.size, 2 * (HEADER + 3));
  assert.is(kept.add('', undefined), false);
  assert.equal(
    kept.take().map(({ data }) => data),
    ['é1', Uint8Array.of(1, 2, 3)],
  );
  assert.equal([kept.size, kept.take()], [0, []]);
  assert.is(kept.add('', undefined), true);
});

test.run();
