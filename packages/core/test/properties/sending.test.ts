import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection } from '../../src/index.ts';
import { decodeFrames, judge } from '../reference.ts';
import { concat, decodeStrictly, drain, play, type Summary, split, toHex, utf8 } from '../support.ts';
import { check } from './check.ts';
import { cuts, role, text, within } from './streams.ts';

const sending = suite('properties/sending');

/** Texts as a program may have them: of any UTF-16 code units, lone surrogates too. */
const shortText = fc.oneof(
  text,
  fc
    .array(fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd800, max: 0xdfff })), { maxLength: 40 })
    .map((units) => String.fromCharCode(...units)),
);
const shortBytes = fc.uint8Array({ maxLength: 60 });

const anyText = fc.oneof(
  { weight: 6, arbitrary: shortText },
  { weight: 1, arbitrary: fc.constantFrom(62, 63, 125, 126, 32_767, 65_535).map((length) => `a${'é'.repeat(length)}`) },
);
const anyBytes = fc.oneof(
  { weight: 6, arbitrary: shortBytes },
  { weight: 1, arbitrary: fc.constantFrom(1023, 1024, 16_384, 65_536).map((length) => new Uint8Array(length).fill(1)) },
);

type Data = string | Uint8Array;

/** Something to do with a connection that sends. */
type Step =
  | { type: 'message'; data: Data }
  | { type: 'fragments'; parts: Data[]; ping: boolean }
  | { type: 'ping' | 'pong'; data: Uint8Array }
  | { type: 'transmit' };

const fragments = (of: fc.Arbitrary<Data>): fc.Arbitrary<Data[]> => fc.array(of, { minLength: 1, maxLength: 5 });

const steps = (texts: fc.Arbitrary<string>, bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      fc.record({ type: fc.constant('message' as const), data: fc.oneof(texts, bytes) }),
      fc.record({
        type: fc.constant('fragments' as const),
        parts: fc.oneof(fragments(texts), fragments(bytes)),
        ping: fc.boolean(),
      }),
      fc.record({ type: fc.constantFrom('ping' as const, 'pong' as const), data: fc.uint8Array({ maxLength: 125 }) }),
      fc.record({ type: fc.constant('transmit' as const) }),
    ),
    { maxLength: 8 },
  );

/** Short messages in short fragments, or any in long ones. */
const conversation = fc.oneof(
  fc.record({ fragmentSize: fc.integer({ min: 1, max: 9 }), steps: steps(shortText, shortBytes) }),
  fc.record({ fragmentSize: fc.constantFrom(125, 1000, 65_536, undefined), steps: steps(anyText, anyBytes) }),
);

/** The transmitted bytes, and the events to which they must lead at the peer. */
function send(connection: Connection, steps: readonly Step[]): { bytes: Uint8Array; events: Summary[] } {
  const events: Summary[] = [];
  const parts: Uint8Array[] = [];
  for (const step of steps) {
    if (step.type === 'message') {
      connection.send(step.data);
      events.push(whole([step.data]));
    } else if (step.type === 'fragments') {
      for (const [i, part] of step.parts.entries()) {
        connection.sendFragment(part, i === step.parts.length - 1);
        if (step.ping && i === 0 && step.parts.length > 1) connection.ping('between');
      }
      if (step.ping && step.parts.length > 1) events.push(['ping', toHex(utf8('between'))]);
      events.push(whole(step.parts));
    } else if (step.type === 'transmit') {
      parts.push(drain(connection));
    } else {
      connection[step.type](step.data);
      events.push([step.type, toHex(step.data)]);
    }
  }
  connection.close(4000, 'done');
  events.push(['close', 4000, 'done']);
  assert.is(connection.queuedBytes, queued(connection, parts));
  return { bytes: concat(...parts), events };
}

/** Moves the bytes that wait to `parts`, and returns their number. */
function queued(connection: Connection, parts: Uint8Array[]): number {
  const bytes = drain(connection);
  parts.push(bytes);
  return bytes.length;
}

/** A message in parts, as it arrives: lone surrogates are U+FFFD. */
function whole(parts: readonly (string | Uint8Array)[]): Summary {
  const bytes = parts.filter((part) => typeof part !== 'string');
  if (bytes.length > 0) return ['binary', toHex(concat(...bytes))];
  return ['text', decodeStrictly(utf8(parts.join('')))];
}

const messages = fc.constantFrom('whole' as const, 'fragments' as const);

sending('everything that is sent arrives, however fragmented and cut, and the reference reads the same', () => {
  check(
    1500,
    fc.property(role, conversation, cuts, messages, (role, { fragmentSize, steps }, places, messages) => {
      const { bytes, events } = send(Connection.opened(role, {}, { fragmentSize, heartbeat: false }), steps);
      const peer = role === 'client' ? 'server' : 'client';

      const { frames, rest } = decodeFrames(bytes);
      assert.equal(judge(frames, peer === 'server'), { events, failure: undefined });
      assert.is(rest, 0);

      const arrived = play(peer, split(bytes, within(bytes, places)), { messages });
      assert.equal(arrived.events, events);
      assert.equal(arrived.end, ['end', 4000, true]);
    }),
  );
});

sending('no data frame is longer than fragmentSize, and all but the first of a message are Continuation frames', () => {
  check(
    500,
    fc.property(role, fc.oneof(shortText, shortBytes), fc.integer({ min: 1, max: 99 }), (role, data, fragmentSize) => {
      const connection = Connection.opened(role, {}, { fragmentSize, heartbeat: false });
      connection.send(data);
      const { frames } = decodeFrames(drain(connection));
      const last = frames.length - 1;
      for (const [i, { fin, opcode, payload }] of frames.entries()) {
        assert.equal([fin, opcode], [i === last, i > 0 ? 0 : typeof data === 'string' ? 1 : 2]);
        assert.ok(i === last ? payload.length <= fragmentSize : payload.length === fragmentSize);
      }
    }),
  );
});

sending('the bytes of the caller are never written to', () => {
  check(
    500,
    fc.property(role, anyBytes, (role, data) => {
      const before = data.slice();
      const connection = Connection.opened(role, {}, { heartbeat: false });
      connection.send(data);
      connection.ping(data.subarray(0, 125));
      drain(connection);
      assert.is(toHex(data), toHex(before));
    }),
  );
});

sending.run();
