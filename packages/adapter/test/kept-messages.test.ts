// What is sent while there is no connection: its bound to the byte.
import { Connection, PreparedMessage, prepare } from '@sockless/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KeptMessages } from '../src/kept-messages.ts';

const test = suite('kept messages');

/** The length of a client's frame header. */
const HEADER = 14;

/** Sends all that is kept and returns it. Bytes are kept as a copy, which is a prepared message. */
function take(kept: KeptMessages): unknown[] {
  const taken: unknown[] = [];
  kept.send((data) => {
    taken.push(data instanceof PreparedMessage ? [data.type, data.length] : data);
    return true;
  });
  return taken;
}

test('a kept message counts with its header, and none is kept once the bound is reached', () => {
  const kept = new KeptMessages(2 * (HEADER + 3));
  assert.is(kept.size, 0);
  assert.is(kept.add('é1', undefined), true);
  assert.is(kept.size, HEADER + 3);
  assert.is(kept.add(Uint8Array.of(1, 2, 3), undefined), true);
  assert.is(kept.size, 2 * (HEADER + 3));
  assert.is(kept.add('', undefined), false);
  assert.equal(take(kept), ['é1', ['binary', 3]]);
  assert.equal([kept.size, take(kept)], [0, []]);
  assert.is(kept.add('', undefined), true);
});

test('bytes are kept as a copy of the requested type, a prepared message as it is', () => {
  const kept = new KeptMessages(1000);
  const bytes = Uint8Array.of(0x61, 0x62);
  const once = prepare('once');
  assert.is(kept.add(bytes, { text: true, lend: true }), true);
  assert.is(kept.add(bytes, { compress: false }), true);
  assert.is(kept.add(once, undefined), true);
  assert.is(kept.add(once, { text: undefined }), true);
  bytes.fill(0);
  const connection = Connection.opened('server');
  kept.send((data, options) => {
    connection.send(data, options);
    return true;
  });
  const sent: number[] = [];
  for (let part = connection.transmit(); part !== undefined; part = connection.transmit()) sent.push(...part);
  assert.is(Buffer.from(sent).toString('hex'), `8102616282026162${'81046f6e6365'.repeat(2)}`);
});

test('a wrong message throws at once, not when it is sent later, and is not kept', () => {
  const kept = new KeptMessages(1000);
  assert.throws(() => kept.add(5 as never, undefined), /a string, an ArrayBuffer or a view/);
  assert.throws(() => kept.add(Uint8Array.of(255), { text: true }), /valid UTF-8/);
  assert.throws(() => kept.add(prepare('a'), { text: true }), /give this option to prepare/);
  assert.equal([kept.size, take(kept)], [0, []]);
});

test('a message that cannot be sent is kept, and so are those after it', () => {
  const kept = new KeptMessages(1000);
  for (const data of ['1', '2', '3', '4']) kept.add(data, undefined);
  const sent: unknown[] = [];
  const failing = (data: unknown): boolean => {
    if (data === '2') throw new Error('no random bytes');
    sent.push(data);
    return true;
  };
  assert.throws(() => kept.send(failing), /no random bytes/);
  assert.equal([sent, kept.size], [['1'], 3 * (HEADER + 1)]);
  kept.send((data) => data !== '3');
  assert.is(kept.size, 2 * (HEADER + 1));
  assert.equal([take(kept), kept.size], [['3', '4'], 0]);
});

test('if `drop` is called while a kept message is being sent, those after it are not sent', () => {
  const kept = new KeptMessages(1000);
  for (const data of ['1', '2']) kept.add(data, undefined);
  kept.send(() => {
    kept.drop();
    return true;
  });
  assert.equal([take(kept), kept.size], [[], 0]);
});

test.run();
