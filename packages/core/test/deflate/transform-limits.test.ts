// RFC 7692 7.2 and RFC 6455 10.4: bombs, and the memory of engines.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { DeflateTransform } from '../../src/deflate/index.ts';
import type { Connection, ConnectionOptions } from '../../src/index.ts';
import { ROLES } from '../connection/tools.ts';
import { drain, hex, join, splitBytes, summarize, toHex, utf8 } from '../support.ts';
import { counted } from './counted.ts';
import {
  compressed,
  events,
  frame,
  frames,
  HELLO,
  HELLO_AGAIN,
  NO_TAKEOVER,
  opened,
  PLAIN,
  type Setting,
  TEXT,
} from './tools.ts';
import { deflate } from './zlib.ts';

const test = suite('RFC 7692 7.2 limits');

// Bombs

const KIB = 1024;
const LIMIT = 64 * KIB;

const SIZES: [length: number, limit: number][] = [
  [LIMIT + 1, LIMIT],
  [1024 * KIB, LIMIT],
  [1024 * KIB, 100],
  [1024 * KIB, 0],
  [8192 * KIB, 1000 * KIB],
];

for (const role of ROLES) {
  for (const [length, maxMessageSize] of SIZES) {
    test(`a bomb of ${length} bytes fails with 1009 at ${maxMessageSize} + 1 (${role})`, () => {
      const bomb = deflate(new Uint8Array(length), { level: 9 });
      assert.ok(length < 1e6 || length / bomb.length > 1000);
      const places = Array.from({ length: bomb.length - 1 }, (_, i) => i + 1);
      for (const bytes of [compressed(role, 2, bomb), compressed(role, 2, bomb, places)]) {
        for (const chunks of [[bytes], ...(bytes.length < 20_000 ? [splitBytes(bytes)] : [])]) {
          for (const messages of ['whole', 'fragments'] as const) {
            const counting = counted();
            const connection = opened(
              role,
              { maxMessageSize, maxFrameSize: LIMIT, messages },
              { engine: counting.engine },
            );
            const found = events(connection, chunks);
            assert.equal(
              found.map((event) => event.slice(0, 2)),
              [['fail', 'message-too-big']],
            );
            assert.ok(counting.inflated > maxMessageSize, 'not before the limit is passed');
            assert.ok(counting.inflated <= maxMessageSize + LIMIT, `${counting.inflated} bytes`);
            const [close] = frames(connection);
            assert.is(toHex(close?.payload.subarray(0, 2) ?? hex('')), '03 f1');
          }
        }
      }
    });
  }

  test(`a message of exactly maxMessageSize is delivered, however it is compressed (${role})`, () => {
    for (const length of [0, 1, 100, LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT]) {
      const data = new Uint8Array(length).fill(0x61);
      const [bomb, stored] = [deflate(data, { level: 9 }), deflate(data, { level: 0 })];
      for (const [i, bytes] of [bomb, stored].entries()) {
        // The limit of messages applies to the decompressed length, that of frames to the length on the wire.
        const options: ConnectionOptions = { maxMessageSize: length, maxFrameSize: 10 * LIMIT };
        const places = [1, 2].filter((place) => place < bytes.length);
        for (const cuts of [[], places]) {
          assert.equal(
            events(opened(role, options), [compressed(role, 1, bytes, cuts)]),
            [['text', 'a'.repeat(length)]],
            `${i}`,
          );
        }
      }
    }
  });

  test(`10.4 the limit applies to each message by itself, compressed or not (${role})`, () => {
    const options: ConnectionOptions = { maxMessageSize: 5, maxFrameSize: 100 };
    const plain = frame(role, { opcode: 1, payload: utf8('Hello') });
    const bytes = join([compressed(role, 1, HELLO), plain, compressed(role, 1, HELLO_AGAIN, [2]), plain]);
    assert.equal(events(opened(role, options), [bytes]), [TEXT, TEXT, TEXT, TEXT]);
    const late = join([bytes, frame(role, { opcode: 1, payload: utf8('Hello!') })]);
    assert.equal(events(opened(role, options), [late]).at(-1), ['fail', 'message-too-big', bytes.length]);
  });
}

// Memory

const BOTH: Setting = {
  agreement: { serverMaxWindowBits: 11, clientMaxWindowBits: 12 },
  transform: { level: 3, memLevel: 2 },
};

for (const role of ROLES) {
  const own = role === 'server' ? 11 : 12;
  const theirs = role === 'server' ? 12 : 11;
  const made = [`deflater ${own} 3 2`, `inflater ${theirs}`];

  test(`an engine is used from the first compressed message on, and closed with our Close frame (${role})`, () => {
    const counting = counted();
    const connection = opened(role, {}, { ...BOTH, engine: counting.engine });
    connection.send('Hello', { compress: false });
    events(connection, [frame(role, { opcode: 1 })]);
    assert.equal(counting.log, []);
    for (let i = 0; i < 2; i++) connection.send('Hello');
    assert.equal(counting.log, made.slice(0, 1));
    events(connection, [compressed(role, 1, HELLO), compressed(role, 1, HELLO_AGAIN)]);
    assert.equal(counting.log, made);
    connection.close(1000);
    assert.equal(counting.log, [...made, 'deflater closed', 'inflater closed']);
    // Nothing that still arrives is decompressed; only the peer's Close frame counts.
    const rest = join([compressed(role, 1, HELLO), compressed(role, 1, hex('ff ff'), [1]), frame(role, { opcode: 8 })]);
    assert.equal(events(connection, [rest]), [['close', 1005, '']]);
    connection.receiveEnd();
    assert.is([...connection].at(-1)?.type, 'end');
    assert.is(counting.log.length, 4);
  });

  test(`7.1.1 without context takeover an engine is reset after each message (${role})`, () => {
    const counting = counted();
    const connection = opened(role, {}, { agreement: NO_TAKEOVER, engine: counting.engine });
    connection.sendFragment('Hel', false);
    connection.sendFragment('lo', true);
    events(connection, [compressed(role, 1, HELLO, [3])]);
    assert.equal(counting.log, ['deflater 15 6 8', 'deflater reset', 'inflater 15', 'inflater reset']);
  });

  for (const [name, how] of Object.entries<(connection: Connection) => void>({
    'the end of the transport': (connection) => void [...connection.receiveEnd()],
    "the peer's Close frame": (connection) => void events(connection, [frame(role, { opcode: 8 })]),
    'a broken rule': (connection) => void events(connection, [frame(role, { opcode: 3 })]),
    'data that is not DEFLATE': (connection) => void events(connection, [compressed(role, 1, hex('ff ff'))]),
  })) {
    test(`${name} closes the deflater and the inflater (${role})`, () => {
      const counting = counted();
      const connection = opened(role, {}, { engine: counting.engine });
      connection.send('Hello');
      events(connection, [compressed(role, 1, HELLO)]);
      how(connection);
      assert.equal(counting.log.slice(2), ['deflater closed', 'inflater closed']);
    });
  }

  for (const messages of ['whole', 'fragments'] as const) {
    test(`close drops the rest of a compressed message that is being read: ${messages} (${role})`, () => {
      const big = compressed(role, 2, deflate(new Uint8Array(500_000)));
      const connection = opened(role, { messages });
      // Half of it has arrived, and with fragments half of that has been polled.
      connection.receive(join([big.slice(0, 200)]));
      assert.is(connection.poll()?.type, messages === 'whole' ? undefined : 'fragment');
      connection.close(1001);
      drain(connection);
      const rest = join([
        big.slice(200),
        compressed(role, 1, HELLO),
        frame(role, { opcode: 8, payload: hex('03 e9') }),
      ]);
      assert.equal(events(connection, [rest]), [['close', 1001, '']]);
      assert.equal([...connection.receiveEnd()].map(summarize), [['end', 1001, true]]);
    });
  }

  test(`a failure drops the rest of a compressed message that is being read (${role})`, () => {
    const connection = opened(role, { messages: 'fragments', idleTimeout: 1000 });
    const bytes = compressed(role, 2, deflate(new Uint8Array(500_000)));
    connection.receive(bytes.slice(), 0);
    assert.is(connection.poll()?.type, 'fragment');
    connection.timeout(1000);
    assert.equal([...connection].map(summarize), [
      ['fail', 'idle-timeout', bytes.length],
      ['end', 1006, false],
    ]);
  });
}

test('read returns undefined after the last bytes', () => {
  const transform = new DeflateTransform('server', PLAIN, pako, { level: 6, memLevel: 8, threshold: 0 });
  transform.write(hex('f2 48 cd c9 c9 07 00'));
  assert.is(toHex(transform.read() as Uint8Array), toHex(utf8('Hello')));
  assert.ok(transform.drained);
  assert.is(transform.read(), undefined);
  transform.close();
});

test.run();
