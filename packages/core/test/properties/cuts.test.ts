// However a stream is cut, and whatever the options are, it means the same; texts above all.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type ConnectionEvent, type ConnectionOptions } from '../../src/index.ts';
import { assertLinear } from '../linear.ts';
import { encodeFrame } from '../reference.ts';
import { drain, type Outcome, play, SEVENS, summarize, toHex, utf8 } from '../support.ts';
import { check } from './check.ts';
import { anyStream, mutatedStream, validStream } from './streams.ts';

const cuts = suite('properties/cuts');

/** Returns bytes in parts of these lengths, over and over. */
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
