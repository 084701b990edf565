/** A prepared message is on the wire what `send` makes of the same message, on any number of connections at once. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { DeflateTransform } from '../../src/deflate/index.ts';
import { Connection, type PreparedMessage, prepare } from '../../src/index.ts';
import { NO_TAKEOVER, PLAIN } from '../deflate/tools.ts';
import { join, toHex } from '../support.ts';
import { check } from './check.ts';
import { role, text } from './streams.ts';

const prepared = suite('properties/prepared');

const data = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 60 }) },
  { weight: 1, arbitrary: fc.constantFrom(4000, 5000, 20_000).map((length) => 'é'.repeat(length)) },
  { weight: 1, arbitrary: fc.constantFrom(4092, 4096, 70_000).map((length) => new Uint8Array(length).fill(7)) },
);

const endpoint = fc.record({
  role,
  compression: fc.constantFrom('none', 'takeover', 'no takeover'),
  windowBits: fc.constantFrom(9, 15),
  threshold: fc.constantFrom(0, 30),
  fragmentSize: fc.constantFrom(5, 1000, Infinity),
});

type Endpoint = typeof endpoint extends fc.Arbitrary<infer T> ? T : never;

const message = fc.record({
  data,
  compress: fc.constantFrom(undefined, true, false),
  asText: fc.boolean(),
  /** To which connections, as bits. */
  to: fc.nat(7),
  /** Whether it is sent with `sendAtOnce`. */
  atOnce: fc.boolean(),
  /** What else is sent there, before. */
  other: fc.boolean(),
  /** What the transport takes behind it. */
  room: fc.constantFrom(0, 1, 100, 10_000, Infinity),
});

/** Always the same masking key: how many of them a message takes may differ. */
const random = (bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; at++) bytes[at] = 0x51 * (at & 3) + 7;
};

function open({ role, compression, windowBits, threshold, fragmentSize }: Endpoint): Connection {
  const base = compression === 'takeover' ? PLAIN : NO_TAKEOVER;
  const agreement = { ...base, serverMaxWindowBits: windowBits, clientMaxWindowBits: windowBits };
  const transform = new DeflateTransform(role, agreement, pako, { level: 6, memLevel: 8, threshold });
  return Connection.opened(role, compression === 'none' ? {} : { transform }, {
    ...{ heartbeat: false, random, fragmentSize, maxQueuedBytes: Infinity },
  });
}

/** What a connection has sent. */
class Wire {
  readonly connection: Connection;
  readonly parts: Uint8Array[] = [];

  constructor(endpoint: Endpoint) {
    this.connection = open(endpoint);
  }

  /** Returns whether the message has left already. */
  sendAtOnce(message: PreparedMessage): boolean {
    const { queuedBytes } = this.connection;
    const frame = this.connection.sendAtOnce(message);
    if (frame === undefined) return false;
    assert.is(queuedBytes, 0);
    this.parts.push(frame);
    return true;
  }

  take(room: number): void {
    for (let left = room; left > 0; ) {
      const part = this.connection.transmit(undefined, left);
      if (part === undefined) return;
      this.parts.push(part);
      left -= part.length;
    }
  }
}

prepared(
  'a prepared message has the bytes that send would write, whatever is sent before it, after it, and on other connections',
  () => {
    check(
      700,
      fc.property(
        fc.array(endpoint, { minLength: 1, maxLength: 3 }),
        fc.array(message, { maxLength: 8 }),
        (endpoints, messages) => {
          const [ours, theirs] = [endpoints.map((each) => new Wire(each)), endpoints.map((each) => new Wire(each))];
          for (const { data, compress, asText, to, atOnce, other, room } of messages) {
            const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
            const isText = typeof data === 'string' && asText;
            const given = isText ? bytes : data;
            const options = { compress, ...(isText && { text: true }) };
            const once: PreparedMessage = prepare(given, options);
            assert.is(once.length, bytes.length);
            for (const [n, each] of ours.entries()) {
              if ((to & (1 << n)) === 0) continue;
              const same = theirs[n] as Wire;
              for (const { connection } of other ? [each, same] : []) connection.send('in between');
              same.connection.send(given, options);
              if (!atOnce) each.connection.send(once);
              else if (each.sendAtOnce(once)) same.take(Infinity);
              assert.equal(each.connection.statistics, same.connection.statistics);
              assert.is(each.connection.queuedBytes, same.connection.queuedBytes);
              each.take(room);
              same.take(room);
            }
          }
          for (const [n, each] of ours.entries()) {
            const same = theirs[n] as Wire;
            each.take(Infinity);
            same.take(Infinity);
            assert.is(toHex(join(each.parts)), toHex(join(same.parts)));
          }
        },
      ),
    );
  },
);

prepared.run();
