// Messages from pages are parsed: bounded, cleaned, or refused.
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cleanLine,
  cleanName,
  cleanRoom,
  decodeMirroredFrame,
  encodeMirroredFrame,
  LIMITS,
  parseClientMessage,
} from '../src/protocol.ts';

const parse = (message: unknown): unknown => parseClientMessage(JSON.stringify(message));

test('reads each type of message', () => {
  const hello = { type: 'hello', key: 'k', name: 'Ada', rooms: ['lobby', 'tea'] };
  const messages = [
    hello,
    { type: 'name', name: 'Ada' },
    { type: 'join', room: 'tea' },
    { type: 'leave', room: 'tea' },
    { type: 'say', to: { kind: 'everyone' }, text: 'hi', ref: '1' },
    { type: 'say', to: { kind: 'room', room: 'tea' }, text: 'hi', ref: '1' },
    { type: 'say', to: { kind: 'person', person: 'x' }, text: 'two\nlines', ref: '1' },
    { type: 'fragments' },
  ];
  for (const message of messages) assert.equal(parse(message), message);
});

test('drops unknown messages', () => {
  assert.equal(parse({ type: 'join', room: 'tea', more: 1 }), { type: 'join', room: 'tea' });
});

const refused: [name: string, message: unknown][] = [
  ['null', null],
  ['a number', 1],
  ['an array', []],
  ['no type', {}],
  ['an unknown type', { type: 'shout' }],
  ['a type of Object.prototype', { type: 'constructor' }],
  ['hello without a name', { type: 'hello', key: 'k', rooms: [] }],
  ['hello without a key', { type: 'hello', name: 'Ada', rooms: [] }],
  ['hello without rooms', { type: 'hello', key: 'k', name: 'Ada' }],
  ['a name of spaces only', { type: 'name', name: ' \t\n ' }],
  ['a name without visible characters', { type: 'name', name: '\u200b\u3164\u2800\ufe0f\u{e0041}\u00ad' }],
  ['a text without visible characters', { type: 'say', to: { kind: 'everyone' }, text: '\u200d\n\ufeff', ref: '1' }],
  ['a room without visible characters', { type: 'join', room: '#\u200b' }],
  ['a name that is not a string', { type: 'name', name: { toString: 'x' } }],
  ['a room without letters', { type: 'join', room: ' # ' }],
  ['an empty text', { type: 'say', to: { kind: 'everyone' }, text: '\n', ref: '1' }],
  ['a text without ref', { type: 'say', to: { kind: 'everyone' }, text: 'hi' }],
  ['a text without a recipient', { type: 'say', to: null, text: 'hi', ref: '1' }],
  ['a text to an unknown kind', { type: 'say', to: { kind: 'moon' }, text: 'hi', ref: '1' }],
  ['a text to a room without a name', { type: 'say', to: { kind: 'room' }, text: 'hi', ref: '1' }],
  ['a text to a person without an id', { type: 'say', to: { kind: 'person', person: '' }, text: 'hi', ref: '1' }],
];

for (const [name, message] of refused) {
  test(`refuses ${name}`, () => assert.is(parse(message), undefined));
}

test('refuses anything but JSON', () => {
  for (const text of ['', '{', 'hello', '[['.repeat(30_000)]) assert.is(parseClientMessage(text), undefined);
});

test('cuts long values between characters', () => {
  const long = '👩'.repeat(3000);
  assert.is(cleanLine(long, LIMITS.name), '👩'.repeat(LIMITS.name));
  assert.equal(parse({ type: 'say', to: { kind: 'everyone' }, text: long, ref: 'r' }), {
    type: 'say',
    to: { kind: 'everyone' },
    text: '👩'.repeat(LIMITS.text),
    ref: 'r',
  });
  const rooms = Array.from({ length: 100 }, (_, n) => `room-${n}`);
  assert.equal(parse({ type: 'hello', key: 'k', name: 'n', rooms }), {
    type: 'hello',
    key: 'k',
    name: 'n',
    rooms: rooms.slice(0, LIMITS.roomsPerPerson),
  });
});

test('removes invisible characters', () => {
  assert.is(cleanLine(' A\u0000d\u001ba\n\u202eevil\u2066 \ud800', 24), 'A d a evil');
  assert.is(cleanLine('👩‍💻 Zoë', 24), '👩‍💻 Zoë');
  assert.equal(parse({ type: 'say', to: { kind: 'everyone' }, text: ' a\r\nb\u0007\rc ', ref: 'r' }), {
    type: 'say',
    to: { kind: 'everyone' },
    text: 'a\nb \nc',
    ref: 'r',
  });
});

test('names that look the same get the same spelling', () => {
  for (const name of [
    'A\u200bda',
    '\u2060Ada',
    'Ad\u034fa',
    'Ada\u3164',
    'A\u00add\ufe0fa',
    '\u{e0041}Ada',
    'Ａｄａ',
    'Ada\u2800',
    'A\u202eda',
  ]) {
    assert.is(cleanName(name, 24), 'Ada', JSON.stringify(name));
  }
  assert.is(cleanName('Zoe\u0308', 24), 'Zoë');
  assert.is(cleanName('日本 🐯', 24), '日本 🐯');
  assert.is(cleanName(7, 24), '');
  assert.is(cleanRoom('te\u200ba'), 'tea');
});

test('room names get a uniform spelling', () => {
  assert.is(cleanRoom('  ##Tea  Room '), 'tea-room');
  assert.is(cleanRoom('TEA-ROOM'), 'tea-room');
  assert.is(cleanRoom('x'.repeat(100)), 'x'.repeat(LIMITS.room));
  assert.is(cleanRoom(7), '');
});

test('mirrored frames survive encoding and decoding', () => {
  for (const direction of ['up', 'down'] as const) {
    const frame = { direction, time: 1_700_000_000_000.25, bytes: Uint8Array.of(0x81, 1, 0x41) };
    assert.equal(decodeMirroredFrame(encodeMirroredFrame(frame).buffer as ArrayBuffer), frame);
  }
});

test.run();
