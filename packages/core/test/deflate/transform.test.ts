// RFC 7692 6 and 7.2: what is sent for a message, and what is received, through connections that have agreed on it.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { type DeflateEngine, type Deflater, DeflateTransform, type Inflater } from '../../src/deflate/index.ts';
import { Connection, type ConnectionOptions, type Role } from '../../src/index.ts';
import { seeded } from '../pair.ts';
import {
  drain,
  equalBytes,
  hex,
  join,
  joinFragments,
  type Summary,
  splitBytes,
  summarize,
  toHex,
  ZEROS,
} from '../support.ts';
import { compressed, events, frame, frames, NO_TAKEOVER, opened, PLAIN, payload, type Setting, utf8 } from './tools.ts';
import { expectCorrupt, INFLATED } from './vectors.ts';
import { deflate, inflate } from './zlib.ts';

const test = suite('RFC 7692 7.2 deflate/transform');

const ROLES: Role[] = ['client', 'server'];
const HELLO = hex('f2 48 cd c9 c9 07 00');
const HELLO_AGAIN = hex('f2 00 11 00 00');
const HELLO_FINAL = hex('f3 48 cd c9 c9 07 00 00');
const Text: Summary = ['text', 'Hello'];

// Received

for (const { name, run } of INFLATED) test(name, run);

for (const role of ROLES) {
  test(`6.1 plain messages between compressed ones do not touch the window (${role})`, () => {
    const plain = (opcode: number, text: string) => frame(role, { opcode, payload: utf8(text) });
    const bytes = join([
      ...[compressed(role, 1, HELLO), plain(1, 'Hello'), plain(2, ''), compressed(role, 2, HELLO_AGAIN)],
      ...[
        frame(role, { fin: false, opcode: 1, payload: utf8('He') }),
        plain(0, 'llo'),
        compressed(role, 1, HELLO_AGAIN),
      ],
    ]);
    const expected = [Text, Text, ['binary', ''], ['binary', '48 65 6c 6c 6f'], Text, Text];
    for (const mode of ['whole', 'fragments'] as const) {
      for (const chunks of [[bytes], splitBytes(bytes)]) {
        assert.equal(events(opened(role, { messages: mode }), chunks), expected, mode);
      }
    }
  });

  test(`6.1 control frames between compressed fragments are not compressed (${role})`, () => {
    const [first, second] = [HELLO.slice(0, 3), HELLO.slice(3)];
    const bytes = join([
      frame(role, { fin: false, rsv: 4, opcode: 1, payload: first }),
      frame(role, { opcode: 9, payload: HELLO }),
      frame(role, { opcode: 10 }),
      frame(role, { opcode: 0, payload: second }),
    ]);
    for (const chunks of [[bytes], splitBytes(bytes)]) {
      const connection = opened(role);
      assert.equal(events(connection, chunks), [['ping', toHex(HELLO)], ['pong', ''], Text]);
      assert.equal(
        frames(connection).map(({ rsv, opcode, payload }) => [rsv, opcode, toHex(payload)]),
        [[0, 10, toHex(HELLO)]],
      );
    }
  });

  /** Frames, and the rule that the last of them breaks. */
  const broken: [name: string, rule: string, frames: Uint8Array[]][] = [
    ['6.1 RSV1 on a Ping frame', 'reserved-bits', [frame(role, { rsv: 4, opcode: 9 })]],
    ['6.1 RSV1 on a Pong frame', 'reserved-bits', [frame(role, { rsv: 4, opcode: 10 })]],
    ['6.1 RSV1 on a Close frame', 'reserved-bits', [frame(role, { rsv: 4, opcode: 8, payload: hex('03e8') })]],
    [
      '6.1 RSV1 on a continuation of a compressed message',
      'reserved-bits',
      [
        frame(role, { fin: false, rsv: 4, opcode: 1, payload: HELLO.slice(0, 3) }),
        frame(role, { rsv: 4, opcode: 0, payload: HELLO.slice(3) }),
      ],
    ],
    [
      '6.1 RSV1 on a continuation of a plain message',
      'reserved-bits',
      [frame(role, { fin: false, opcode: 1 }), frame(role, { rsv: 4, opcode: 0, payload: HELLO })],
    ],
    ['6.1 RSV1 on a continuation of nothing', 'reserved-bits', [frame(role, { rsv: 4, opcode: 0, payload: HELLO })]],
    ['5.2 RSV2', 'reserved-bits', [frame(role, { rsv: 2, opcode: 1 })]],
    ['5.2 RSV3 beside RSV1', 'reserved-bits', [frame(role, { rsv: 5, opcode: 1, payload: HELLO })]],
    [
      '5.4 a continuation behind a compressed message that is complete',
      'continuation-without-message',
      [compressed(role, 1, HELLO), frame(role, { opcode: 0, payload: utf8('Hello') })],
    ],
    [
      '5.4 a continuation behind a compressed message of two frames',
      'continuation-without-message',
      [compressed(role, 1, HELLO, [3]), frame(role, { opcode: 0, payload: HELLO })],
    ],
    [
      '5.4 a new message inside of a compressed one',
      'message-interleaved',
      [frame(role, { fin: false, rsv: 4, opcode: 1, payload: HELLO.slice(0, 3) }), compressed(role, 1, HELLO)],
    ],
  ];
  for (const [name, rule, all] of broken) {
    test(`${name} fails with 1002 (${role})`, () => {
      const offset = all.slice(0, -1).reduce((sum, { length }) => sum + length, 0);
      for (const chunks of [[join(all)], splitBytes(join(all))]) {
        const connection = opened(role);
        assert.equal(events(connection, chunks).at(-1), ['fail', rule, offset]);
        assert.is(toHex(frames(connection)[0]?.payload.subarray(0, 2) ?? hex('')), '03 ea');
      }
    });
  }

  // 1007

  test(`10.4 a compressed message has at most twice maxMessageSize and 64 KiB on the wire, whatever it becomes (${role})`, () => {
    // Empty blocks, without end.
    const payload = join(Array<Uint8Array>(2000).fill(hex('00 00 00 ff ff')));
    const part = (first: boolean): Uint8Array =>
      frame(role, { fin: false, rsv: first ? 4 : 0, opcode: first ? 2 : 0, payload });
    for (const [maxMessageSize, parts] of [
      [10_000, 8],
      [17_232, 10],
    ] as const) {
      const connection = opened(role, { maxMessageSize, maxFrameSize: 20_000 });
      for (let count = 0; count < parts; count++) assert.equal(events(connection, [part(count === 0)]), []);
      const offset = parts * part(true).length;
      assert.equal(events(connection, [part(false)]), [['fail', 'message-too-big', offset]]);
      assert.is(frames(connection).length, 1);
    }
  });

  test(`7.2.2 "hello hello hello" without its last bytes fails with 1007 (${role})`, () =>
    expectCorrupt(role, deflate('hello hello hello').slice(0, -3)));

  test(`7.2.2 a message that is cut off, at any byte, or goes on, with any byte, is never delivered (${role})`, () => {
    const whole = deflate('hello hello hello, this is a longer text with ünïcödé and repetitions, hello hello');
    for (let length = 0; length < whole.length; length++) {
      const found = events(opened(role), [compressed(role, 2, whole.slice(0, length))]);
      assert.equal(
        found.map((event) => event.slice(0, 2)),
        [['fail', 'invalid-deflate']],
        `${length} bytes`,
      );
    }
    for (let value = 0; value < 256; value++) {
      const longer = join([whole, Uint8Array.of(value)]);
      const found = events(opened(role), [compressed(role, 2, longer)]);
      assert.equal(
        found.map((event) => event.slice(0, 2)),
        [['fail', 'invalid-deflate']],
        `${value} behind it`,
      );
    }
  });

  test(`8.1 text that is not UTF-8 once it is decompressed fails with 1007 (${role})`, () => {
    for (const bad of ['ff', 'e2 82', 'ed a0 80', 'c0 af', `${'61'.repeat(70_000)} 80`]) {
      const bytes = compressed(role, 1, deflate(hex(bad)));
      for (const mode of ['whole', 'fragments'] as const) {
        for (const chunks of [[bytes], splitBytes(bytes)]) {
          const connection = opened(role, { messages: mode });
          assert.equal(events(connection, chunks).at(-1), ['fail', 'invalid-utf8', 0], bad.slice(0, 20));
          assert.is(toHex(frames(connection)[0]?.payload.subarray(0, 2) ?? hex('')), '03 ef');
        }
      }
    }
  });

  test(`8.1 behind a compressed message a plain text still fails where it ends (${role})`, () => {
    const bytes = join([compressed(role, 1, HELLO), frame(role, { opcode: 1, payload: hex('61 e2 82') })]);
    for (const chunks of [[bytes], splitBytes(bytes)]) {
      assert.equal(events(opened(role), chunks), [Text, ['fail', 'invalid-utf8', bytes.length]]);
    }
  });

  test(`8.1 a text with a code point across pieces of 64 KiB is whole (${role})`, () => {
    for (const shift of [0, 1, 2, 3]) {
      const text = 'x'.repeat(shift) + '\u{1f600}'.repeat(50_000);
      const bytes = compressed(role, 1, deflate(text));
      for (const mode of ['whole', 'fragments'] as const) {
        const found = events(opened(role, { messages: mode }), [bytes]);
        assert.is(found.length, 1);
        assert.ok(found[0]?.[1] === text, `${mode}, ${shift}`);
      }
    }
  });

  test(`6.1 without the extension RSV1 fails with 1002 (${role})`, () => {
    const connection = Connection.opened(role, {}, { random: ZEROS, heartbeat: false });
    assert.equal(events(connection, [compressed(role, 1, HELLO)]), [['open'], ['fail', 'reserved-bits', 0]]);
  });

  test(`7.2.2 fragments are delivered as they are decompressed, of at most 64 KiB, and are the application's (${role})`, () => {
    const data = noise(300_000, 1).map((byte) => byte & 15);
    const connection = opened(role, { messages: 'fragments', maxMessageSize: Number.POSITIVE_INFINITY });
    const pieces = [...connection.receive(compressed(role, 2, deflate(data)))];
    assert.ok(pieces.length > 4);
    const lengths = pieces.map((piece) => (piece.type === 'fragment' ? piece.data.length : -1));
    assert.ok(
      lengths.every((length) => length >= 0 && length <= 65_536),
      lengths.join(),
    );
    assert.equal(
      pieces.map((piece) => piece.type === 'fragment' && piece.final),
      pieces.map((_, i) => i === pieces.length - 1),
    );
    events(opened(role), [compressed(role, 2, deflate(new Uint8Array(70_000)))]);
    equalBytes(join(pieces.map((piece) => (piece.type === 'fragment' ? piece.data : hex('')))), data);
  });

  test(`7.2.2 messages are the application's (${role})`, () => {
    const connection = opened(role);
    const [first] = [...connection.receive(compressed(role, 2, deflate('Hello')))];
    events(connection, [compressed(role, 2, deflate('World'))]);
    assert.equal(first, { type: 'binary', data: utf8('Hello') });
  });

  test(`7.2.2 a message that is being delivered waits while the application pauses (${role})`, () => {
    const connection = opened(role, { messages: 'fragments' });
    connection.receive(join([compressed(role, 2, deflate(new Uint8Array(200_000))), compressed(role, 1, HELLO)]));
    assert.is(connection.poll()?.type, 'fragment');
    connection.pause();
    assert.is(connection.poll(), undefined);
    // What arrives meanwhile waits its turn behind the rest of the message.
    connection.receive(frame(role, { opcode: 9 }));
    connection.resume();
    const all = joinFragments([...connection]).map(summarize);
    assert.equal(
      all.map(([type]) => type),
      ['binary', 'text', 'ping'],
    );
  });
}

// Sent

test('7.2.3.1, 7.2.3.2 what is sent, byte for byte', () => {
  const server = opened('server');
  server.send('Hello');
  server.send('Hello');
  server.send(utf8('Hello'));
  assert.equal(
    frames(server).map(({ fin, rsv, opcode, payload }) => [fin, rsv, opcode, toHex(payload)]),
    [
      [true, 4, 1, toHex(HELLO)],
      [true, 4, 1, toHex(HELLO_AGAIN)],
      [true, 4, 2, '02 13 00 00'],
    ],
  );
});

test('7.1.1 without context takeover equal messages are equal bytes, in both roles and directions', () => {
  for (const [role, name] of [
    ['server', 'serverNoContextTakeover'],
    ['client', 'clientNoContextTakeover'],
  ] as const) {
    const send = (setting: Setting) => {
      const connection = opened(role, {}, setting);
      for (let i = 0; i < 3; i++) connection.send('Hello');
      return frames(connection).map(({ payload }) => toHex(payload));
    };
    const same = Array(3).fill(toHex(HELLO));
    const shared = [toHex(HELLO), toHex(HELLO_AGAIN), '02 13 00 00'];
    assert.equal(send({ agreement: { [name]: true } }), same);
    assert.equal(send({ agreement: NO_TAKEOVER }), same);
    const other = role === 'server' ? 'clientNoContextTakeover' : 'serverNoContextTakeover';
    assert.equal(send({ agreement: { [other]: true } }), shared);

    // What is received: the other's parameter counts. Without takeover, a distance into the message before is invalid.
    const receive = (setting: Setting) => {
      const bytes = join([compressed(role, 1, HELLO), compressed(role, 1, HELLO_AGAIN)]);
      return events(opened(role, {}, setting), [bytes]).map(([type]) => type);
    };
    assert.equal(receive({ agreement: { [name]: true } }), ['text', 'text']);
    assert.equal(receive({ agreement: { [other]: true } }), ['text', 'fail']);
    const twice = join([compressed(role, 1, HELLO), compressed(role, 1, HELLO)]);
    assert.equal(events(opened(role, {}, { agreement: NO_TAKEOVER }), [twice]), [Text, Text]);
    const final = join([compressed(role, 1, HELLO_FINAL), compressed(role, 1, HELLO_FINAL)]);
    assert.equal(events(opened(role, {}, { agreement: NO_TAKEOVER }), [final]), [Text, Text]);
  }
});

for (const role of ROLES) {
  const other: Role = role === 'client' ? 'server' : 'client';

  test(`7.2.1 empty messages (${role})`, () => {
    const sender = opened(role);
    const receiver = opened(other);
    for (const data of ['', 'Hello', '', new Uint8Array(0), new Uint8Array(0), 'Hello']) sender.send(data);
    const all = frames(sender);
    assert.ok(all.every(({ payload, rsv }) => payload.length > 0 && rsv === 4));
    const bytes = join(all.map((of) => frame(other, of)));
    assert.equal(events(receiver, [bytes]), [['text', ''], Text, ['text', ''], ['binary', ''], ['binary', ''], Text]);
  });

  test(`7.2.1 threshold: shorter messages are sent as they are (${role})`, () => {
    for (const [threshold, length, rsv] of [
      [0, 0, 4],
      [10, 9, 0],
      [10, 10, 4],
      [1024, 1023, 0],
      [1024, 1024, 4],
    ] as const) {
      for (const data of ['x'.repeat(length), new Uint8Array(length)]) {
        const connection = opened(role, {}, { transform: { threshold } });
        connection.send(data);
        connection.send(data, {});
        connection.send(data, { compress: undefined });
        connection.send(data, { compress: true });
        connection.send(data, { compress: false });
        assert.equal(
          frames(connection).map(({ rsv }) => rsv),
          [rsv, rsv, rsv, 4, 0],
          `${length} of ${threshold}`,
        );
      }
    }
  });

  test(`7.2.1 the first fragment says whether the message is compressed (${role})`, () => {
    for (const [options, rsv] of [
      [undefined, 4],
      [{ compress: true }, 4],
      [{ compress: false }, 0],
    ] as const) {
      const connection = opened(role, {}, { transform: { threshold: 1000 } });
      connection.sendFragment('Hel', false, options);
      connection.sendFragment('l', false, { compress: rsv === 0 });
      connection.sendFragment('o', true, { compress: rsv === 0 });
      const all = frames(connection);
      assert.equal(
        all.map(({ fin, rsv, opcode }) => [fin, rsv, opcode]),
        [
          [false, rsv, 1],
          [false, 0, 0],
          [true, 0, 0],
        ],
      );
      const whole = payload(all);
      assert.is(new TextDecoder().decode(rsv === 0 ? whole : inflate([whole])), 'Hello');
    }
  });

  test(`7.2.1 fragments are compressed across, and all but the last keep their tail (${role})`, () => {
    const connection = opened(role);
    const text = 'all work and no play makes Jack a dull boy. ';
    for (let i = 0; i < 5; i++) connection.sendFragment(text, i === 4);
    const all = frames(connection);
    for (const [i, { payload, fin }] of all.entries()) {
      assert.is(fin, i === 4);
      assert.is(toHex(payload.slice(-4)) === '00 00 ff ff', i < 4, `fragment ${i}`);
      if (i > 0) assert.ok(payload.length < 16, 'the window is shared between fragments');
    }
    assert.is(new TextDecoder().decode(inflate([payload(all)])), text.repeat(5));
    const bytes = join(all.map((of) => frame(other, of)));
    assert.equal(events(opened(other), [bytes]), [['text', text.repeat(5)]]);
  });

  test(`7.2.1 fragments with surrogates cut in two, empty ones, and an empty last one (${role})`, () => {
    for (const agreement of [{}, NO_TAKEOVER]) {
      const connection = opened(role, {}, { agreement });
      const receiver = opened(other, {}, { agreement });
      for (let i = 0; i < 2; i++) {
        for (const piece of ['', 'a\ud83d', '\ude00', '', '']) connection.sendFragment(piece, false);
        connection.ping('p');
        connection.sendFragment('', true);
        for (const piece of [hex('01'), hex(''), hex('')]) connection.sendFragment(piece, false);
        connection.sendFragment(hex(''), true);
        connection.send('', { compress: false });
      }
      const bytes = join(frames(connection).map((of) => frame(other, of)));
      const once: Summary[] = [
        ['ping', '70'],
        ['text', 'a\u{1f600}'],
        ['binary', '01'],
        ['text', ''],
      ];
      assert.equal(events(receiver, [bytes]), [...once, ...once]);
    }
  });

  test(`6.1 fragmentSize cuts what is compressed, RSV1 on the first only (${role})`, () => {
    const data = Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 7919) >> 5);
    for (const size of [1, 7, 100, 1023, 1024, 1025, 100_000]) {
      const connection = opened(role, { fragmentSize: size });
      connection.send(data);
      const all = frames(connection);
      assert.ok(all.every(({ payload }) => payload.length <= size));
      assert.equal(
        all.map(({ fin, rsv, opcode }) => [fin, rsv, opcode]),
        all.map((_, i) => [i === all.length - 1, i === 0 ? 4 : 0, i === 0 ? 2 : 0]),
      );
      equalBytes(inflate([payload(all)]), data);
    }
  });

  test(`6.1 what is sent stays as it was while more is sent (${role})`, () => {
    const connection = opened(role);
    const messages = [1, 2, 3].map((seed) =>
      Uint8Array.from({ length: 200_000 }, (_, i) => (i * i * seed * 7919) >> 7),
    );
    for (const data of messages) connection.send(data);
    opened(role).send(messages[1] as Uint8Array);
    equalBytes(inflate(frames(connection).map(({ payload }) => payload)), join(messages));
  });

  test(`6.1 control frames are never compressed, nor is the answer to one (${role})`, () => {
    const connection = opened(role);
    connection.sendFragment('x'.repeat(100), false);
    connection.ping('x'.repeat(100));
    connection.pong('y'.repeat(100));
    events(connection, [frame(role, { opcode: 9, payload: utf8('z'.repeat(100)) })]);
    connection.close(1000, 'w'.repeat(100));
    const all = frames(connection);
    assert.equal(
      all.map(({ rsv, opcode }) => [rsv, opcode]),
      [
        [4, 1],
        [0, 9],
        [0, 10],
        [0, 10],
        [0, 8],
      ],
    );
    assert.is(new TextDecoder().decode(all[4]?.payload.subarray(2)), 'w'.repeat(100));
  });

  // Windows

  for (let bits = 8; bits <= 15; bits++) {
    test(`7.1.2 what is sent with a window of 2^${bits} bytes decodes with it (${role})`, () => {
      const name = role === 'server' ? 'serverMaxWindowBits' : 'clientMaxWindowBits';
      const connection = opened(role, {}, { agreement: { [name]: bits } });
      // Each 200 random bytes come again at every distance there is.
      const random = (seed: number) => noise(200, seed);
      const gap = (length: number) => noise(length, 1000 + length);
      const messages = [0, 30, 60, 100, 250, 500, 1000, 3000, 7000, 15_000, 31_000, 33_000].flatMap((length, seed) => [
        random(seed),
        gap(length),
        random(seed),
      ]);
      for (const data of messages) connection.send(data);
      const payloads = frames(connection).map(({ payload }) => payload);
      // zlib itself has no raw window of 2^8, but an inflater that has one refuses longer distances.
      equalBytes(inflate(payloads, bits), join(messages));

      const receiver = opened(other, { messages: 'whole' }, { agreement: { [name]: bits } });
      const found = events(receiver, [join(payloads.map((of) => compressed(other, 2, of)))]);
      assert.is(found.length, messages.length);
      for (const [i, event] of found.entries()) assert.equal(event, ['binary', toHex(messages[i] as Uint8Array)]);
    });

    if (bits < 15) {
      test(`7.1.2 a distance of more than 2^${bits} bytes fails with 1007 (${role})`, () => {
        const name = role === 'server' ? 'clientMaxWindowBits' : 'serverMaxWindowBits';
        const data = noise(2 ** bits + 300, bits);
        const sender = opened(other);
        sender.send(data);
        sender.send(data);
        const bytes = join(frames(sender).map((of) => frame(role, of)));
        assert.equal(
          events(opened(role), [bytes]).map(([type]) => type),
          ['binary', 'binary'],
        );
        const found = events(opened(role, {}, { agreement: { [name]: bits } }), [bytes]);
        assert.equal(
          found.map(([type]) => type),
          ['binary', 'fail'],
        );
        assert.is(found[1]?.[1], 'invalid-deflate');
      });
    }
  }
}

/** Bytes that do not compress, the same for the same seed. */
function noise(length: number, seed: number): Uint8Array {
  const random = seeded(seed);
  return Uint8Array.from({ length }, () => random() * 256);
}

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
        // Of a compressed message what counts is what it becomes, of a frame what it is.
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

  test(`10.4 the limit counts each message anew, compressed and plain (${role})`, () => {
    const options: ConnectionOptions = { maxMessageSize: 5, maxFrameSize: 100 };
    const plain = frame(role, { opcode: 1, payload: utf8('Hello') });
    const bytes = join([compressed(role, 1, HELLO), plain, compressed(role, 1, HELLO_AGAIN, [2]), plain]);
    assert.equal(events(opened(role, options), [bytes]), [Text, Text, Text, Text]);
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

  test(`an engine is used from the first compressed message on, and let go of with our Close frame (${role})`, () => {
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
    // What still arrives is not decompressed; the peer's Close frame is what counts.
    const rest = join([compressed(role, 1, HELLO), compressed(role, 1, hex('ff ff'), [1]), frame(role, { opcode: 8 })]);
    assert.equal(events(connection, [rest]), [['close', 1005, '']]);
    connection.receiveEnd();
    assert.is([...connection].at(-1)?.type, 'end');
    assert.is(counting.log.length, 4);
  });

  test(`7.1.1 without context takeover it is reset behind each message (${role})`, () => {
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
    'what is not DEFLATE': (connection) => void events(connection, [compressed(role, 1, hex('ff ff'))]),
  })) {
    test(`it is let go of with ${name} (${role})`, () => {
      const counting = counted();
      const connection = opened(role, {}, { engine: counting.engine });
      connection.send('Hello');
      events(connection, [compressed(role, 1, HELLO)]);
      how(connection);
      assert.equal(counting.log.slice(2), ['deflater closed', 'inflater closed']);
    });
  }

  for (const messages of ['whole', 'fragments'] as const) {
    test(`closing while a compressed message is half read drops the rest: ${messages} (${role})`, () => {
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

  test(`failing while a compressed message is half read delivers nothing more (${role})`, () => {
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

test('what has been read to its end gives nothing more', () => {
  const transform = new DeflateTransform('server', PLAIN, pako, { level: 6, memLevel: 8, threshold: 0 });
  transform.write(hex('f2 48 cd c9 c9 07 00'));
  assert.is(toHex(transform.read() as Uint8Array), toHex(utf8('Hello')));
  assert.ok(transform.drained);
  assert.is(transform.read(), undefined);
  transform.close();
});

interface Counts {
  readonly engine: DeflateEngine;
  /** How many bytes the inflaters have given. */
  inflated: number;
  /** What was made, reset and closed. */
  readonly log: string[];
}

/** The engine of the tests, with what it does counted. */
function counted(): Counts {
  const log: string[] = [];
  /** Calls the method of `of`, and says so. */
  const logged = (name: string, of: Deflater | Inflater) => ({
    reset(): void {
      log.push(`${name} reset`);
      of.reset();
    },
    close(): void {
      log.push(`${name} closed`);
      of.close();
    },
  });
  const engine: DeflateEngine = {
    createDeflater(options) {
      log.push(`deflater ${options.windowBits} ${options.level} ${options.memLevel}`);
      const inner = pako.createDeflater(options);
      return { deflate: (data) => inner.deflate(data), ...logged('deflater', inner) };
    },
    createInflater(options) {
      log.push(`inflater ${options.windowBits}`);
      const inner = pako.createInflater(options);
      return {
        write: (data) => inner.write(data),
        read() {
          const output = inner.read();
          counts.inflated += output.length;
          return output;
        },
        get drained() {
          return inner.drained;
        },
        endsBlock: () => inner.endsBlock(),
        ...logged('inflater', inner),
      };
    },
  };
  const counts: Counts = { engine, inflated: 0, log };
  return counts;
}

test.run();
