// What waits for a loop: its bound to the byte, and when reading stops and goes on.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Inbox } from '../src/inbox.ts';
import { MAX_WAITING } from '../src/message-queue.ts';

const test = suite('inbox');

/** What a message counts besides its length. */
const OVERHEAD = 32;

/** An inbox, and what it has asked of its connection. */
function open(hasHandler = false): { inbox: Inbox; asked: unknown[] } {
  const asked: unknown[] = [];
  const reader = {
    full: () => void asked.push('full'),
    ready: () => void asked.push('ready'),
    handle: (messages: readonly unknown[]) => void asked.push(messages),
  };
  return { inbox: new Inbox(reader, hasHandler), asked };
}

/** A message that counts so much. */
const counting = (size: number): string => 'x'.repeat(size - OVERHEAD);

test('behind a loop 1 MiB may wait, to the byte; one more, and reading stops, once', () => {
  const { inbox, asked } = open();
  inbox.iterate();
  inbox.push(counting(MAX_WAITING));
  assert.equal(asked, []);
  inbox.push('');
  inbox.push('');
  assert.equal(asked, ['full']);
});

test('reading goes on when half of it is left, and not before', async () => {
  const { inbox, asked } = open();
  const loop = inbox.iterate();
  for (const size of [MAX_WAITING / 4, MAX_WAITING / 4, MAX_WAITING / 4, MAX_WAITING / 2]) inbox.push(counting(size));
  await loop.next();
  await loop.next();
  assert.equal(asked, ['full']);
  await loop.next();
  assert.equal(asked, ['full', 'ready']);
  // What has been taken counts no more: all of it is there again.
  await loop.next();
  inbox.push(counting(MAX_WAITING));
  assert.equal(asked, ['full', 'ready']);
  await loop.next();
  assert.equal(asked, ['full', 'ready']);
});

for (const hasHandler of [false, true]) {
  test(`a loop that is left when it is full lets reading go on (${hasHandler ? 'a' : 'no'} handler)`, async () => {
    const { inbox, asked } = open(hasHandler);
    const loop = inbox.iterate();
    inbox.push(counting(MAX_WAITING + 1));
    await loop.return?.();
    const handled = hasHandler ? [[counting(MAX_WAITING + 1)]] : [];
    assert.equal(asked, ['full', ...handled, 'ready']);
  });
}

test('what waits for no loop yet is bounded too: then all of it is dropped, and what comes', () => {
  const { inbox, asked } = open();
  inbox.push(counting(MAX_WAITING));
  assert.is(inbox.dropped, 0);
  inbox.push('');
  inbox.push('');
  assert.is(inbox.dropped, 3);
  assert.equal(asked, []);
  assert.throws(() => inbox.iterate(), /^3 messages came/);
});

test('a loop in progress keeps what it has, whoever says that nobody wants it', async () => {
  const { inbox } = open();
  const loop = inbox.iterate();
  inbox.push('1');
  inbox.drop();
  inbox.push('2');
  assert.is(inbox.dropped, 0);
  assert.equal([(await loop.next()).value, (await loop.next()).value], ['1', '2']);
});

test.run();
