// The inspector's view of compressed messages; the frames are the examples of RFC 7692 7.2.3.
import { Opcode } from '@sockless/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Explained, explain } from '../src/page/explain.ts';
import { Inflation, ratio, readAgreement } from '../src/page/inflation.ts';
import type { Direction } from '../src/protocol.ts';

const OFFER =
  'GET /chat HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n';
const answer = (extensions: string): string =>
  `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nsec-websocket-extensions: ${extensions}\r\n`;

const HELLO = 'c1 07 f2 48 cd c9 c9 07 00';
/** The same message again, compressed with the window of the first. */
const AGAIN = 'c1 05 f2 00 11 00 00';

/** Returns a function that explains the frames of a connection that agreed on `extensions`, one after the other. */
function connection(extensions = 'permessage-deflate; server_max_window_bits=12') {
  const inflation = new Inflation();
  inflation.handshake('up', OFFER);
  inflation.handshake('down', answer(extensions));
  const frame = (hex: string, direction: Direction = 'down', cut = 0): Explained => {
    const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    const kept = bytes.subarray(0, bytes.length - cut);
    return explain({ direction, time: 0, bytes: kept }, Opcode.Text, inflation[direction]);
  };
  return { inflation, frame };
}

const meaning = ({ fields }: Explained, id: string): string => fields.find((field) => field.id === id)?.meaning ?? '';

test('reads the agreement from the heads of the handshake', () => {
  assert.equal(
    readAgreement(OFFER, answer('permessage-deflate; server_no_context_takeover; client_max_window_bits=9')),
    {
      serverNoContextTakeover: true,
      clientNoContextTakeover: false,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 9,
    },
  );
  assert.is(readAgreement(OFFER, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'), undefined);
  assert.is(
    readAgreement(OFFER, 'HTTP/1.1 403 Forbidden\r\nSec-WebSocket-Extensions: permessage-deflate\r\n'),
    undefined,
  );
  assert.is(readAgreement('GET / HTTP/1.1\r\nHost: a\r\n', answer('permessage-deflate')), undefined);
  assert.is(readAgreement(OFFER, answer('x-other')), undefined);
});

test('a compressed message is inflated, and the next message with the same window', () => {
  const { frame } = connection();
  const first = frame(HELLO);
  assert.equal([first.preview, first.isText, first.payload.length], ['Hello', true, 7]);
  assert.equal(first.inflated?.frame, { packed: 7, inflated: 5 });
  assert.match(meaning(first, 'rsv'), 'Per-Message Compressed');
  assert.match(meaning(first, 'rsv'), 'this message is compressed');
  assert.match(meaning(first, 'payload'), '7 bytes for 5, which is 140 %');
  assert.equal(
    first.fields.filter(({ rfc }) => rfc === 7692).map(({ id, section }) => [id, section]),
    [
      ['rsv', '6'],
      ['payload', '7.2.2'],
    ],
  );
  const second = frame(AGAIN);
  assert.is(second.preview, 'Hello');
  assert.match(meaning(second, 'payload'), '5 bytes for 5, which is 100 %');
});

test('frames of a client are unmasked first; each direction has its own window', () => {
  const { frame } = connection();
  assert.is(frame(HELLO).preview, 'Hello');
  const masked = frame('c1 87 01 02 03 04 f3 4a ce cd c8 05 03', 'up');
  assert.equal([masked.preview, masked.inflated?.problem], ['Hello', '']);
  assert.match(frame(AGAIN.replace('05', '85 00 00 00 00'), 'up').preview, 'Hello');
});

test('fragments continue the compression of their message, around a Ping frame', () => {
  const { frame } = connection();
  const start = frame('41 03 f2 48 cd');
  const ping = frame('89 01 41');
  const end = frame('80 04 c9 c9 07 00');
  assert.is(start.preview + end.preview, 'Hello');
  assert.equal([ping.inflated, ping.preview], [undefined, 'A']);
  assert.match(meaning(ping, 'rsv'), 'control frames are never compressed');
  assert.match(meaning(end, 'rsv'), 'This message is compressed');
  assert.equal(end.inflated?.message, { packed: 7, inflated: 5 });
  assert.match(meaning(end, 'payload'), 'The whole message: 7 bytes for 5, which is 140 %.');
});

test('a message without RSV1 is not decompressed', () => {
  const { frame } = connection();
  const plain = frame('81 05 48 65 6c 6c 6f');
  assert.equal([plain.preview, plain.inflated], ['Hello', undefined]);
  assert.match(meaning(plain, 'rsv'), 'not compressed');
  assert.is(frame(HELLO).preview, 'Hello');
});

test('RSV1 is illegal without an agreement', () => {
  const inflation = new Inflation();
  inflation.handshake('up', OFFER);
  inflation.handshake('down', 'HTTP/1.1 101 Switching Protocols\r\n');
  const bytes = Uint8Array.from(Buffer.from(HELLO.replaceAll(' ', ''), 'hex'));
  assert.is(explain({ direction: 'down', time: 0, bytes }, Opcode.Text, inflation.down).preview, 'reserved-bits');
});

test('after a payload with missing bytes, later compressed messages of its direction are not inflated; those of the other are', () => {
  const { frame } = connection();
  const cut = frame(HELLO, 'down', 2);
  assert.match(cut.preview, /^not inflated: only 5 of the 7 bytes/);
  assert.equal(cut.content, new Uint8Array(0));
  const next = frame(AGAIN);
  assert.match(next.preview, /^not inflated: only 5/);
  assert.match(meaning(next, 'payload'), 'Not inflated: only 5 of the 7 bytes');
  assert.is(frame('81 02 68 69').preview, 'hi', 'what is not compressed is still shown');
  assert.is(frame('c1 87 01 02 03 04 f3 4a ce cd c8 05 03', 'up').preview, 'Hello');
});

test('missing frames lose both windows, also in the middle of a message', () => {
  const { inflation, frame } = connection();
  frame(HELLO);
  inflation.dropped();
  assert.match(frame('80 04 c9 c9 07 00').preview, /^not inflated: frames were left out/);
  assert.match(frame(AGAIN).preview, /^not inflated: frames were left out/);
  assert.match(frame('c1 87 01 02 03 04 f3 4a ce cd c8 05 03', 'up').preview, /^not inflated/);
});

test('without context takeover the next message can be decompressed again', () => {
  const { inflation, frame } = connection('permessage-deflate; server_no_context_takeover');
  assert.is(frame(HELLO).preview, 'Hello');
  assert.is(frame(HELLO).preview, 'Hello');
  frame(HELLO, 'down', 2);
  assert.is(frame(HELLO).preview, 'Hello');
  inflation.dropped();
  assert.match(frame('80 04 c9 c9 07 00').preview, /^not inflated/);
  assert.is(frame(HELLO).preview, 'Hello');
});

test('invalid DEFLATE is reported, and so is everything after it', () => {
  const { frame } = connection();
  assert.match(frame('c1 02 ff ff').preview, /^not inflated: a payload is not what RFC 7692/);
  assert.match(frame(HELLO).preview, /^not inflated/);
});

test('an empty message is inflated to nothing, and no ratio is shown for it', () => {
  const { frame } = connection();
  const empty = frame('c1 01 00');
  assert.equal([empty.preview, empty.inflated?.problem, empty.inflated?.frame.inflated], ['', '', 0]);
  assert.is(ratio({ packed: 1, inflated: 0 }), '');
  assert.is(ratio({ packed: 1, inflated: 3 }), '33 %');
  assert.is(ratio({ packed: 90, inflated: 65_537 }), '0.1 %');
});

test.run();
