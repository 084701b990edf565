/** Messages of any length, in chunks of any kind. Run a second time without WebAssembly by without-webassembly.test.ts. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type ConnectionEvent } from '../../src/index.ts';
import { encodeFrame } from '../reference.ts';
import { concat, equalBytes, join, joinFragments, split, utf8 } from '../support.ts';
import { check } from './check.ts';
import { role, within } from './streams.ts';

const texts = suite('properties/texts');

/** What texts are made of; each is repeated, so that characters lie across every boundary. */
const alphabet = fc.constantFrom(
  ...['plain ASCII text, ', '漢字かな交じり文。', 'añb€c🐯', '🐯🐱', 'ééé', '\ufffd', `${'x'.repeat(500)}é`],
);

const bytes = fc.oneof(
  fc.nat(20),
  fc.nat(300),
  fc.nat(5000),
  fc.nat(70_000),
  fc.constantFrom(95, 96, 97, 125, 126, 191, 192, 4096, 4097, 16_383, 16_384, 16_385, 65_535, 65_536),
);

const text = fc.tuple(alphabet, bytes, fc.nat(3)).map(([unit, length, before]) => {
  const characters = [...unit];
  const size = utf8(unit).length;
  const whole = unit.repeat(Math.floor(Math.max(0, length - before) / size));
  return 'x'.repeat(Math.min(before, length)) + whole + characters.slice(0, length % characters.length).join('');
});

type Data = string | Uint8Array;

const data: fc.Arbitrary<Data> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: bytes.map((length) => new Uint8Array(length).map((_, i) => (i * 7 + (i >> 8)) & 255)) },
);

const message = fc.record({
  data,
  // Frames of it.
  cuts: fc.array(fc.nat(), { maxLength: 3 }),
  ping: fc.boolean(),
});

const key = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));

/** How the bytes of a chunk lie in their memory: each of them by itself, in a pool of Node's, or in much more. */
const KINDS: Record<string, (chunk: Uint8Array) => Uint8Array> = {
  'a Uint8Array': (chunk) => chunk.slice(),
  'a Buffer': (chunk) => Buffer.from(chunk),
  'an own Buffer': (chunk) => Buffer.from(chunk.slice().buffer),
  'a part of 64 KiB': (chunk) => {
    const memory = new Uint8Array(chunk.length + 65_536);
    memory.set(chunk, 100);
    return memory.subarray(100, 100 + chunk.length);
  },
  'half of its memory': (chunk) => {
    const memory = new Uint8Array(2 * chunk.length + 1);
    memory.set(chunk, 1);
    return memory.subarray(1, 1 + chunk.length);
  },
};

/** Where to cut a stream: few places, in equal parts as sockets do, or byte by byte at the beginning. */
const cutter = fc.oneof(
  fc.array(fc.nat(), { maxLength: 5 }).map((places) => (stream: Uint8Array) => within(stream, places)),
  fc
    .constantFrom(1024, 1460, 4096, 16_384, 65_536)
    .map(
      (size) => (stream: Uint8Array) =>
        Array.from({ length: Math.floor(stream.length / size) }, (_, i) => (i + 1) * size),
    ),
  fc.nat(300).map((size) => (stream: Uint8Array) => Array.from({ length: size }, (_, i) => i % (stream.length + 1))),
);

function frames(data: Data, cuts: readonly number[], mask: readonly number[] | undefined, ping: boolean): Uint8Array {
  const payload = typeof data === 'string' ? utf8(data) : data;
  const bounds = [0, ...within(payload, cuts).sort((a, b) => a - b), payload.length];
  const parts = bounds.slice(1).flatMap((end, i) => {
    const opcode = i > 0 ? 0 : typeof data === 'string' ? 1 : 2;
    const fin = i === bounds.length - 2;
    const frame = encodeFrame({ fin, opcode, key: mask, payload: payload.subarray(bounds[i], end) });
    return ping ? [encodeFrame({ opcode: 9, key: mask, payload: utf8('ping') }), frame] : [frame];
  });
  return join(parts);
}

/** Asserts that events are these messages; says of long ones where they are not. */
function equalMessages(events: readonly ConnectionEvent[], expected: readonly Data[]): void {
  const found = joinFragments(events).filter(({ type }) => type === 'text' || type === 'binary');
  assert.is(found.length, expected.length);
  for (const [i, event] of found.entries()) {
    if (event.type === 'text') assert.ok(event.data === expected[i], `text ${i}`);
    else if (event.type === 'binary') equalBytes(event.data, expected[i] as Uint8Array, `message ${i}`);
  }
}

const chunk = fc.constantFrom(...Object.values(KINDS));
const mode = fc.constantFrom('whole' as const, 'whole' as const, 'fragments' as const);
const poll = fc.constantFrom('each chunk' as const, 'at the end' as const);
const own = { decode: (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
const decoder = fc.constantFrom({}, {}, {}, { textDecoder: undefined }, { textDecoder: own });

texts('any texts and bytes arrive as they were sent, in any frames and chunks', () => {
  check(
    400,
    fc.property(
      ...[role, fc.array(message, { minLength: 1, maxLength: 4 }), key, cutter],
      ...[chunk, mode, poll, decoder],
      (to, messages, mask, cut, kind, mode, poll, decoder) => {
        const octets = to === 'server' ? mask : undefined;
        const stream = join(messages.map(({ data, cuts, ping }) => frames(data, cuts, octets, ping)));
        const connection = Connection.opened(to, {}, { heartbeat: false, messages: mode, ...decoder });
        const events: ConnectionEvent[] = [];
        for (const piece of split(stream, cut(stream))) {
          connection.receive(kind(piece));
          if (poll === 'each chunk') events.push(...connection);
        }
        events.push(...connection);
        assert.not(events.some(({ type }) => type === 'fail'));
        equalMessages(
          events,
          messages.map(({ data }) => data),
        );
      },
    ),
  );
});

texts('8.1 an impossible byte fails at that byte, in any frames and chunks', () => {
  check(
    300,
    fc.property(
      ...[role, text, fc.array(fc.nat(), { maxLength: 2 }), fc.nat(), fc.constantFrom(0xff, 0xc0, 0xf5)],
      ...[key, cutter, chunk, mode],
      (to, text, cuts, place, wrong, mask, cut, kind, mode) => {
        const octets = to === 'server' ? mask : undefined;
        // The first byte of a character, which cannot be in any place.
        const valid = utf8(text);
        const at = valid.length === 0 ? 0 : place % valid.length;
        const payload = concat(valid, Uint8Array.of(0x61));
        payload[at] = wrong;
        const before = frames(new Uint8Array(7), [], octets, false);
        const bounds = [0, ...within(payload, cuts).sort((a, b) => a - b), payload.length];
        let offset = -1;
        let length = before.length;
        const parts = bounds.slice(1).map((end, i) => {
          const start = bounds[i] as number;
          const fin = i === bounds.length - 2;
          const part = payload.subarray(start, end);
          const frame = encodeFrame({ fin, opcode: i === 0 ? 1 : 0, key: octets, payload: part });
          if (start <= at && at < end) offset = length + frame.length - part.length + at - start;
          length += frame.length;
          return frame;
        });
        const stream = concat(before, ...parts);
        const connection = Connection.opened(to, {}, { heartbeat: false, messages: mode });
        const events: ConnectionEvent[] = [];
        for (const piece of split(stream, cut(stream))) events.push(...connection.receive(kind(piece)));
        const failed = events.find(({ type }) => type === 'fail');
        assert.ok(failed?.type === 'fail');
        assert.equal([failed.error.rule, failed.error.offset], ['invalid-utf8', offset]);
        assert.not(events.some(({ type }) => type === 'text'));
      },
    ),
  );
});

texts.run();
