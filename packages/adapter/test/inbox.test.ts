// Messages that wait for a loop: the limit to the byte, and when reading stops and resumes.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Inbox } from '../src/inbox.ts';
import { MAX_WAITING } from '../src/message-queue.ts';

const test = suite('inbox');

/** The number of bytes that a message counts besides its length. */
const OVERHEAD = 32;

/** An inbox, and the calls that it made to its connection. */
function open(hasHandler = false): { inbox: Inbox; asked: unknown[] } {
  const asked: unknown[] = [];
  const reader = {
    full: () => void asked.push('full'),
    ready: () => void asked.push('ready'),
    handle: (messages: readonly unknown[]) => void asked.push(messages),
  };
  return { inbox: new Inbox(reader, hasHandler), asked };
}

/** Returns a message that counts this many bytes. */
const counting = (size: number): string => 'x'.repeat(size - OVERHEAD);

test('exactly 1 MiB may wait for a loop; one byte more stops reading, once', () => {
  const { inbox, asked } = open();
  inbox.iterate();
  inbox.push(counting(MAX_WAITING));
  assert.equal(asked, []);
  inbox.push('');
  inbox.push('');
  assert.equal(asked, ['full']);
});

test('reading resumes when at most half of the limit waits, not before', async () => {
  const { inbox, asked } = open();
  const loop = inbox.iterate();
  for (const size of [MAX_WAITING / 4, MAX_WAITING / 4, MAX_WAITING / 4, MAX_WAITING / 2]) inbox.push(counting(size));
  await loop.next();
  await loop.next();
  assert.equal(asked, ['full']);
  await loop.next();
  assert.equal(asked, ['full', 'ready']);
  // Messages that were taken no longer count, so the whole limit is available again.
  await loop.next();
  inbox.push(counting(MAX_WAITING));
  assert.equal(asked, ['full', 'ready']);
  await loop.next();
  assert.equal(asked, ['full', 'ready']);
});

for (const hasHandler of [false, true]) {
  test(`leaving a loop resumes reading that was stopped (${hasHandler ? 'a' : 'no'} handler)`, async () => {
    const { inbox, asked } = open(hasHandler);
    const loop = inbox.iterate();
    inbox.push(counting(MAX_WAITING + 1));
    await loop.return?.();
    const handled = hasHandler ? [[counting(MAX_WAITING + 1)]] : [];
    assert.equal(asked, ['full', ...handled, 'ready']);
  });
}

test('messages without a loop are bounded too; beyond the limit all that wait and all further ones are dropped', () => {
  const { inbox, asked } = open();
  inbox.push(counting(MAX_WAITING));
  assert.is(inbox.dropped, 0);
  inbox.push('');
  inbox.push('');
  assert.is(inbox.dropped, 3);
  assert.equal(asked, []);
  assert.throws(() => inbox.iterate(), /^3 messages were dropped/);
});

test('`drop` drops nothing while a loop is in progress', async () => {
  const { inbox } = open();
  const loop = inbox.iterate();
  inbox.push('1');
  inbox.drop();
  inbox.push('2');
  assert.is(inbox.dropped, 0);
  assert.equal([(await loop.next()).value, (await loop.next()).value], ['1', '2']);
});

test.run();
