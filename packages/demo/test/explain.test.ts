// The inspector's explanations of frames.
import { Opcode } from '@sockless/core';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Explained, explain } from '../src/page/explain.ts';
import type { Direction } from '../src/protocol.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const frame = (direction: Direction, hex: string, message?: Opcode): Explained =>
  explain({ direction, time: 0, bytes: bytes(hex) }, message);

/** Returns name, bits and value of each field. */
const fields = ({ fields: all }: Explained): unknown[] =>
  all.map(({ name, from, to, value }) => [name, from, to, value]);

/** Returns what is marked as breaking a rule. */
const broken = ({ fields: all }: Explained): unknown[] => all.flatMap(({ id, broken: is }) => (is ? [id] : []));

test('the masked "Hello" of RFC 6455 5.7', () => {
  const hello = frame('up', '81 85 37 fa 21 3d 7f 9f 4d 51 58');
  assert.equal(fields(hello), [
    ['FIN', 0, 1, '1'],
    ['RSV1–3', 1, 4, '000'],
    ['opcode', 4, 8, '0x1 text'],
    ['MASK', 8, 9, '1'],
    ['Payload len', 9, 16, '5'],
    ['Masking-key', 16, 48, '37 fa 21 3d'],
    ['Payload data', 48, 88, '5 bytes'],
  ]);
  assert.is(hello.preview, 'Hello');
  assert.is(hello.isText, true);
  assert.is(Buffer.from(hello.bytes).toString('hex'), '818537fa213d7f9f4d5158', 'the bytes stay masked');
});

test('a length of 16 bits, and one of 64', () => {
  const medium = frame('down', `82 7e 01 00 ${'00'.repeat(256)}`);
  assert.equal(fields(medium).slice(4), [
    ['Payload len', 9, 16, '126'],
    ['Extended length', 16, 32, '256'],
    ['Payload data', 32, 2080, '256 bytes'],
  ]);
  const large = frame('up', `82 ff 00 00 00 00 00 01 00 00 01 02 03 04 ${'00'.repeat(4096)}`);
  assert.equal(fields(large).slice(4), [
    ['Payload len', 9, 16, '127'],
    ['Extended length', 16, 80, '65,536'],
    ['Masking-key', 80, 112, '01 02 03 04'],
    ['Payload data', 112, 524_400, '65,536 bytes'],
  ]);
  assert.match(large.fields.at(-1)?.meaning ?? '', 'Only the first 4,096 bytes');
  assert.equal(large.payload.subarray(0, 5), Uint8Array.of(1, 2, 3, 4, 1));
});

test('a continuation frame is text if its message is', () => {
  assert.is(frame('down', '80 02 c3 a9', Opcode.Text).preview, 'é');
  assert.is(frame('down', '80 02 c3 a9', Opcode.Binary).preview, 'c3 a9');
  assert.match(frame('down', '00 01 41').fields[0]?.meaning ?? '', 'More fragments');
  assert.match(frame('down', '80 01 41').fields[0]?.meaning ?? '', 'The last fragment');
});

test('Close frames: code, name, reason', () => {
  assert.is(frame('down', '88 02 03 e9').preview, '1001 going away');
  assert.is(frame('up', '88 82 34 b3 e3 25 37 5a').preview, '1001 going away');
  assert.is(frame('down', '88 05 0f a0 66 75 6e').preview, '4000 private use “fun”');
  assert.is(frame('down', '88 02 0b b8').preview, '3000 registered');
  assert.is(frame('down', '88 00').preview, 'none the frame has none');
});

test('Ping and Pong frames show their payload', () => {
  assert.is(frame('down', '89 04 00 00 00 07').preview, '00 00 00 07');
  assert.is(frame('down', '89 02 68 69').preview, 'hi');
  assert.is(frame('up', '8a 80 00 00 00 00').preview, '');
});

test('the preview leaves out the common beginning of chat messages', () => {
  const json = Buffer.from('{"type":"say","text":"hi"}').toString('hex');
  assert.is(frame('down', `81 1a ${json}`).preview, 'say "text":"hi"}');
});

test('an illegal header is explained by its rule', () => {
  const reserved = frame('down', 'c1 00');
  assert.is(reserved.header, undefined);
  assert.is(reserved.preview, 'reserved-bits');
  assert.match(reserved.illegal, 'RFC 6455 section 5.2');
  assert.is(frame('up', '81 00').preview, 'unmasked-frame');
  assert.is(frame('down', '81 80 00 00 00 00').preview, 'masked-frame');
});

test('an illegal header is shown field by field as far as it is there, and the one that breaks the rule is marked', () => {
  const opcode = frame('up', '83 00');
  assert.equal(fields(opcode), [
    ['FIN', 0, 1, '1'],
    ['RSV1–3', 1, 4, '000'],
    ['opcode', 4, 8, '0x3 reserved'],
    ['MASK', 8, 9, '0'],
    ['Payload len', 9, 16, '0'],
  ]);
  assert.equal(broken(opcode), ['opcode']);
  assert.match(
    opcode.fields[2]?.meaning ?? '',
    /^The peer sent a frame with a reserved opcode .*: it must use 0-2 and 8-10 only\.$/,
  );
  assert.equal(fields(frame('up', '83')).length, 3);

  const unmasked = frame('up', '81 05 48 65 6c 6c 6f');
  assert.equal(fields(unmasked).slice(3), [
    ['MASK', 8, 9, '0'],
    ['Payload len', 9, 16, '5'],
    ['Not read', 16, 56, '5 bytes'],
  ]);
  assert.equal(broken(unmasked), ['mask']);

  const long = frame('up', '82 ff ff 00 00');
  assert.equal(fields(long).slice(5), [['Extended length', 16, 80, 'ff 00 00 …']]);
  assert.equal(broken(long), ['extended']);
  const short = frame('down', '82 7e 00 05 01 02 03 04 05');
  assert.equal(fields(short).slice(5), [
    ['Extended length', 16, 32, '5'],
    ['Not read', 32, 72, '5 bytes'],
  ]);
  const masked = frame('down', '81 85 01 02 03 04 05');
  assert.equal(fields(masked).slice(5), [
    ['Masking-key', 16, 48, '01 02 03 04'],
    ['Not read', 48, 56, '1 byte'],
  ]);
});

test('each rule about headers marks one field', () => {
  const vectors: [Direction, string, string][] = [
    ['down', 'c1 00', 'rsv'],
    ['down', '09 00', 'fin'],
    ['down', '89 7e 00 7e', 'length'],
    ['down', '88 01 00', 'length'],
    ['down', '81 80 00 00 00 00', 'mask'],
    ['down', '82 7f 00 00 00 00 00 00 00 05', 'extended'],
    ['down', '82 7f 00 20 00 00 00 00 00 00', 'extended'],
  ];
  for (const [direction, hex, id] of vectors) assert.equal(broken(frame(direction, hex)), [id], hex);
});

test.run();
