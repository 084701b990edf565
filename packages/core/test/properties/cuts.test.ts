// However a stream is cut, and whatever the options are, it means the same; texts above all.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type ConnectionEvent, type ConnectionOptions } from '../../src/index.ts';
import { opened } from '../deflate/tools.ts';
import { assertLinear } from '../linear.ts';
import { encodeFrame } from '../reference.ts';
import {
  concat,
  drain,
  joinFragments,
  type Outcome,
  play,
  SEVENS,
  type Summary,
  summarize,
  toHex,
  utf8,
} from '../support.ts';
import { check } from './check.ts';
import { anyStream, mutatedStream, role, validStream } from './streams.ts';

const cuts = suite('properties/cuts');

/** Cuts bytes into pieces of these lengths, over and over. */
function pieces(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const all: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = lengths[all.length % lengths.length] as number;
    all.push(bytes.slice(at, at + length));
    at += length;
  }
  return all;
}

/** All short; or one after the other, of the lengths around which a faster way begins. */
const lengths = fc.oneof(
  fc.integer({ min: 1, max: 18 }).map((length) => [length]),
  fc.array(fc.integer({ min: 1, max: 16 }), { minLength: 1, maxLength: 9 }),
  fc.array(fc.constantFrom(1, 2, 3, 15, 16, 17, 40, 200), { minLength: 1, maxLength: 9 }),
);

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const OPTIONS: Record<string, ConnectionOptions> = {
  'no others': {},
  fragments: { messages: 'fragments' },
  'rate limits': { rateLimits: { bytes: { perSecond: 1e9 }, messages: { perSecond: 1e9 } } },
  'a decoder': { textDecoder: { decode: (bytes) => DECODER.decode(bytes) } },
  limits: { maxMessageSize: 50, maxFrameSize: 40 },
};

const stream = fc.oneof(validStream, anyStream, mutatedStream);

/** What does not depend on where the stream is cut. */
const told = ({ events, end, sent }: Outcome): unknown => [events, end, toHex(sent)];

for (const [name, options] of Object.entries(OPTIONS)) {
  cuts(`any stream gives the same in short chunks as in one; options: ${name}`, () => {
    check(
      500,
      fc.property(stream, lengths, ({ role, bytes }, lengths) => {
        const all = { random: SEVENS, ...options };
        const whole = play(role, [bytes.slice()], all);
        assert.equal(told(play(role, pieces(bytes, lengths), all)), told(whole));
        // Chunks that wait for each other are put together.
        assert.equal(told(play(role, pieces(bytes, lengths), all, 'at the end')), told(whole));
      }),
    );
  });
}

cuts('after a pause, a close or an end in the middle, the rest is the same in short chunks as in one', () => {
  check(
    500,
    fc.property(
      stream,
      lengths,
      fc.nat(),
      fc.constantFrom('close', 'pause', 'end', 'send'),
      ({ role, bytes }, lengths, place, act) => {
        const at = place % (bytes.length + 1);
        const run = (chunks: (bytes: Uint8Array) => Uint8Array[]): unknown => {
          const connection = Connection.opened(role, {}, { heartbeat: false, random: SEVENS });
          const events: ConnectionEvent[] = [...connection];
          const receive = (some: Uint8Array): void => {
            for (const chunk of chunks(some)) events.push(...connection.receive(chunk));
          };
          receive(bytes.subarray(0, at));
          if (act === 'close') connection.close(1000);
          else if (act === 'pause') connection.pause();
          else if (act === 'end') connection.receiveEnd();
          else if (connection.state === 'open') connection.send('between');
          receive(bytes.subarray(at));
          connection.resume();
          events.push(...connection, ...connection.receiveEnd());
          return [events.map(summarize), toHex(drain(connection))];
        };
        assert.equal(
          run((some) => pieces(some, lengths)),
          run((some) => [some.slice()]),
        );
      },
    ),
  );
});

cuts('compressed and uncompressed messages arrive in any order and chunks', () => {
  const message = fc.record({ data: fc.oneof(fc.string(), fc.uint8Array()), compress: fc.boolean() });
  check(
    200,
    fc.property(role, fc.array(message, { maxLength: 6 }), lengths, (role, messages, lengths) => {
      const peer = opened(role === 'server' ? 'client' : 'server', { fragmentSize: 25 });
      for (const { data, compress } of messages) peer.send(data, { compress });
      const bytes = drain(peer);
      const run = (chunks: readonly Uint8Array[], options: ConnectionOptions = {}): Summary[] => {
        const connection = opened(role, options);
        return joinFragments(chunks.flatMap((chunk) => [...connection.receive(chunk)])).map(summarize);
      };
      const expected = messages.map(({ data }) =>
        typeof data === 'string' ? ['text', data] : ['binary', toHex(data)],
      );
      assert.equal(run(pieces(bytes, lengths)), expected);
      assert.equal(run(pieces(bytes, lengths), { messages: 'fragments' }), expected);
    }),
  );
});

/** Bytes that are not UTF-8, and which of them is the first that cannot be. */
const INVALID: [bytes: number[], at: number][] = [
  [[0x80], 0],
  [[0xbf], 0],
  [[0xc0, 0x80], 0],
  [[0xc1], 0],
  [[0xc3, 0x28], 1],
  [[0xc3, 0xc3], 1],
  [[0xe0, 0x9f], 1],
  [[0xe2, 0x82, 0x28], 2],
  [[0xed, 0xa0], 1],
  [[0xf0, 0x8f], 1],
  [[0xf0, 0x9f, 0x90, 0x41], 3],
  [[0xf4, 0x90], 1],
  [[0xf5], 0],
  [[0xff], 0],
];

for (const role of ['server', 'client'] as const) {
  cuts(`8.1 invalid UTF-8 fails at its first impossible byte, in short chunks (${role})`, () => {
    const key = role === 'server' ? { key: [0x37, 0xfa, 0x21, 0x3d] } : {};
    for (const [invalid, impossible] of INVALID) {
      for (const before of ['', 'é', 'a'.repeat(15), 'a€'.repeat(5), 'a'.repeat(40)]) {
        const bad = utf8(before).length + impossible;
        const payload = concat(utf8(before), Uint8Array.from(invalid), new Uint8Array(40).fill(0x61));
        const part = encodeFrame({ fin: false, opcode: 1, payload: Uint8Array.of(0x62, 0xc3), ...key });
        const rest = encodeFrame({ opcode: 0, payload: concat(Uint8Array.of(0xa9), payload), ...key });
        for (const [bytes, offset] of [
          [encodeFrame({ opcode: 1, payload, ...key }), bad],
          [encodeFrame({ fin: false, opcode: 1, payload, ...key }), bad],
          [concat(part, rest), part.length + 1 + bad],
        ] as const) {
          const header = role === 'server' ? 6 : 2;
          for (let length = 1; length <= 17; length++) {
            const connection = Connection.opened(role, {}, { heartbeat: false, random: SEVENS });
            connection.poll();
            let received = 0;
            for (const chunk of pieces(bytes, [length])) {
              const [event] = connection.receive(chunk);
              received += chunk.length;
              if (event === undefined) continue;
              assert.equal(summarize(event), ['fail', 'invalid-utf8', header + offset]);
              break;
            }
            // As soon as the byte is there.
            assert.is(received, Math.min(bytes.length, Math.ceil((header + offset + 1) / length) * length));
          }
        }
      }
    }
  });

  cuts(`8.1, 5.6 a code point may be divided by chunks, but not by the end of its message (${role})`, () => {
    const key = role === 'server' ? { key: [0x37, 0xfa, 0x21, 0x3d] } : {};
    const payload = utf8('aé€🐯'.repeat(10));
    for (let length = 1; length <= 17; length++) {
      const whole = play(role, pieces(encodeFrame({ opcode: 1, payload, ...key }), [length]));
      assert.equal(whole.events, [['text', 'aé€🐯'.repeat(10)]]);
      const bytes = encodeFrame({ opcode: 1, payload: payload.subarray(0, -1), ...key });
      const cut = play(role, pieces(bytes, [length]), { random: SEVENS });
      assert.equal(cut.events, [['fail', 'invalid-utf8', bytes.length]]);
    }
  });
}

for (const role of ['server', 'client'] as const) {
  const key = role === 'server' ? { key: [0x37, 0xfa, 0x21, 0x3d] } : {};
  for (const messages of ['whole', 'fragments'] as const) {
    for (const [kind, opcode, characters] of [
      ['binary', 2, 'a'],
      ['ASCII', 1, 'a'],
      ['text', 1, '€'],
    ] as const) {
      cuts(`10.4 chunks of one byte take linear time: ${kind}, ${messages} (${role})`, () => {
        const run = (size: number): void => {
          const payload = utf8(characters.repeat(size));
          const connection = Connection.opened(role, {}, { heartbeat: false, messages });
          connection.poll();
          let events = 0;
          for (const chunk of pieces(encodeFrame({ opcode, payload, ...key }), [1])) {
            for (const event of connection.receive(chunk)) events += event.type === 'fail' ? Number.NaN : 1;
          }
          assert.is(events, messages === 'whole' ? 1 : opcode === 1 ? size : payload.length);
        };
        assertLinear(run, 2000);
      });
    }
  }
}

cuts.run();
