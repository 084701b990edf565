import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { DeflateAgreement } from '../../src/deflate/index.ts';
import type { Role } from '../../src/index.ts';
import { compressed, events, frame, opened } from '../deflate/tools.ts';
import { deflate, inflate } from '../deflate/zlib.ts';
import { decodeFrames } from '../reference.ts';
import { concat, drain, join, type Summary, split, splitBytes, toHex, utf8 } from '../support.ts';
import { check } from './check.ts';
import { cuts, role, text, within } from './streams.ts';

const properties = suite('properties/deflate');

const bits = fc.integer({ min: 8, max: 15 });
const agreement: fc.Arbitrary<DeflateAgreement> = fc.record({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: bits,
  clientMaxWindowBits: bits,
});

/** Bytes that can be compressed: runs and repetitions. */
const repetitive = fc
  .tuple(
    fc.uint8Array({ minLength: 1, maxLength: 50 }),
    fc.integer({ min: 1, max: 3000 }),
    fc.uint8Array({ maxLength: 20 }),
  )
  .map(([piece, count, end]) => {
    const times = Math.min(count, Math.ceil(70_000 / piece.length));
    return concat(...Array<Uint8Array>(times % 97 === 0 ? times : times % 97).fill(piece), end);
  });

type Data = string | Uint8Array;
const data: fc.Arbitrary<Data> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 200 }) },
  { weight: 2, arbitrary: repetitive },
  { weight: 1, arbitrary: fc.nat(70_000).map((length) => 'abcé'.repeat(length / 4)) },
);

/** A message, whole or in fragments, compressed or not, perhaps after a Ping frame. */
const message = fc.record({
  data,
  cuts: fc.array(fc.nat(), { maxLength: 3 }),
  compress: fc.constantFrom(undefined, undefined, true, false),
  ping: fc.boolean(),
});

const options = fc.record({
  level: fc.nat(9),
  memLevel: fc.integer({ min: 1, max: 9 }),
  threshold: fc.constantFrom(0, 0, 20, 1024),
});

const summary = (data: Data): Summary => (typeof data === 'string' ? ['text', data] : ['binary', toHex(data)]);

properties('7.2 any messages arrive as they were sent, compressed and cut in any way', () => {
  check(
    400,
    fc.property(
      ...[role, agreement, options, fc.array(message, { maxLength: 6 })],
      ...[
        fc.constantFrom(Number.POSITIVE_INFINITY, 100, 3),
        cuts,
        fc.constantFrom('whole' as const, 'fragments' as const),
      ],
      (from, agreement, transform, messages, fragmentSize, places, mode) => {
        const to: Role = from === 'client' ? 'server' : 'client';
        const sender = opened(
          from,
          { fragmentSize, maxQueuedBytes: Number.POSITIVE_INFINITY },
          { agreement, transform },
        );
        const expected: Summary[] = [];
        for (const { data, cuts, compress, ping } of messages) {
          if (ping) {
            sender.ping('ping');
            expected.push(['ping', '70 69 6e 67']);
          }
          const bounds = [0, ...cuts.map((cut) => cut % (data.length + 1)).sort((a, b) => a - b), data.length];
          const pieces = bounds.slice(1).map((end, i) => data.slice(bounds[i], end));
          if (pieces.length === 1) sender.send(data, { compress });
          else
            for (const [i, piece] of pieces.entries())
              sender.sendFragment(piece, i === pieces.length - 1, { compress });
          expected.push(summary(data));
        }
        const bytes = drain(sender);
        for (const chunks of [[bytes], split(bytes, within(bytes, places))]) {
          const found = events(opened(to, { messages: mode }, { agreement }), chunks);
          assert.ok(found.length === expected.length);
          for (const [i, event] of found.entries()) assert.ok(String(event) === String(expected[i]), `message ${i}`);
        }
      },
    ),
  );
});

properties('7.1.2 an inflater of zlib with the agreed window decompresses what is sent', () => {
  check(
    200,
    fc.property(
      role,
      agreement,
      options,
      fc.array(data, { minLength: 1, maxLength: 5 }),
      (from, agreement, transform, all) => {
        const sender = opened(from, {}, { agreement, transform });
        for (const data of all) sender.send(data, { compress: true });
        const windowBits = from === 'client' ? agreement.clientMaxWindowBits : agreement.serverMaxWindowBits;
        const takeover = !(from === 'client' ? agreement.clientNoContextTakeover : agreement.serverNoContextTakeover);
        const payloads = decodeFrames(drain(sender)).frames.map(({ payload }) => payload);
        const expected = all.map((data) => (typeof data === 'string' ? utf8(data) : data));
        // With takeover they share a window, without it each stands by itself.
        const found = takeover
          ? [inflate(payloads, windowBits)]
          : payloads.map((payload) => inflate([payload], windowBits));
        assert.ok(String(found.map(toHex)) === String((takeover ? [join(expected)] : expected).map(toHex)));
      },
    ),
  );
});

/** Messages of a peer, each compressed for itself by zlib, some of which have been changed, cut off or go on. */
const stream = fc
  .array(
    fc.record({
      data: fc.oneof(text.map(utf8), fc.uint8Array({ maxLength: 60 }), repetitive),
      opcode: fc.constantFrom(1, 2),
      cuts: fc.array(fc.nat(), { maxLength: 3 }),
      rsv: fc.constantFrom(4, 4, 4, 0),
      final: fc.boolean(),
      change: fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { freq: 4, nil: undefined }),
      cut: fc.option(fc.nat(), { freq: 8, nil: undefined }),
      more: fc.oneof({ weight: 8, arbitrary: fc.constant(new Uint8Array(0)) }, fc.uint8Array({ maxLength: 5 })),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((messages) =>
    messages.map(({ data, opcode, cuts, rsv, final, change, cut, more }) => {
      const bytes = rsv === 0 ? data : concat(deflate(data, {}), more);
      // BFINAL of the first block, where that is all there is of it (7.2.3.4) or is not.
      if (rsv !== 0 && final) bytes[0] = (bytes[0] as number) | 1;
      if (change !== undefined && bytes.length > 0) {
        const [at, by] = change;
        bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ by;
      }
      const payload = cut === undefined ? bytes : bytes.slice(0, cut % (bytes.length + 1));
      return { opcode, rsv, payload, cuts: within(payload, cuts).sort((a, b) => a - b) };
    }),
  );

/**
 * A message may be no DEFLATE, no UTF-8 and too long at once. Which of them is found first depends on the cuts, since
 * what a call decompresses before it fails is lost; in which frame does not.
 */
const fault = (event: Summary): Summary =>
  event[0] === 'fail' && ['invalid-deflate', 'invalid-utf8', 'message-too-big'].includes(String(event[1]))
    ? ['fail', 'message', event[2] as number]
    : event;

properties('7.2.2 a compressed stream, valid or corrupted, gives the same messages and fault in any chunks', () => {
  check(
    600,
    fc.property(role, stream, cuts, fc.boolean(), (to, messages, places, forget) => {
      const agreement = { serverNoContextTakeover: forget, clientNoContextTakeover: forget };
      const bytes = join(
        messages.map(({ opcode, rsv, payload, cuts }) =>
          rsv === 0 ? frame(to, { opcode, payload }) : compressed(to, opcode, payload, cuts),
        ),
      );
      const play = (chunks: readonly Uint8Array[], messages: 'whole' | 'fragments') => {
        const connection = opened(to, { messages, maxMessageSize: 100_000 }, { agreement });
        const found = events(connection, chunks);
        return found.map(fault);
      };
      const whole = play([bytes], 'whole');
      for (const mode of ['whole', 'fragments'] as const) {
        for (const chunks of [
          [bytes],
          split(bytes, within(bytes, places)),
          ...(bytes.length < 500 ? [splitBytes(bytes)] : []),
        ]) {
          assert.equal(play(chunks, mode), whole);
        }
      }
    }),
  );
});

properties('7.2.2 a compressed message is delivered as zlib decompresses it', () => {
  check(
    400,
    fc.property(
      role,
      fc.array(fc.oneof(text.map(utf8), repetitive), { maxLength: 4 }),
      fc.nat(9),
      bits,
      (to, all, level, windowBits) => {
        const agreement = {
          serverMaxWindowBits: Math.max(9, windowBits),
          clientMaxWindowBits: Math.max(9, windowBits),
        };
        const bytes = join(all.map((data) => compressed(to, 2, deflate(data, { level, windowBits }))));
        const found = events(opened(to, {}, { agreement }), [bytes]);
        assert.equal(
          found,
          all.map((data) => ['binary', toHex(data)]),
        );
      },
    ),
  );
});

properties.run();
