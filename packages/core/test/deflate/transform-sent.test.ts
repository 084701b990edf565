// RFC 7692 6 and 7.2: what is sent, through connections that have agreed on compression.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Role } from '../../src/index.ts';
import { ROLES } from '../connection/tools.ts';
import { equalBytes, hex, join, type Summary, toHex, utf8 } from '../support.ts';
import {
  compressed,
  events,
  frame,
  frames,
  HELLO,
  HELLO_AGAIN,
  HELLO_FINAL,
  NO_TAKEOVER,
  noise,
  opened,
  payload,
  type Setting,
  TEXT,
} from './tools.ts';
import { inflate } from './zlib.ts';

const test = suite('RFC 7692 7.2 sent');

test('7.2.3.1, 7.2.3.2 the examples of the RFC are sent byte for byte', () => {
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

test('7.1.1 without context takeover equal messages become equal bytes, and a message received must not refer to the one before, in both roles', () => {
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
    assert.equal(events(opened(role, {}, { agreement: NO_TAKEOVER }), [twice]), [TEXT, TEXT]);
    const final = join([compressed(role, 1, HELLO_FINAL), compressed(role, 1, HELLO_FINAL)]);
    assert.equal(events(opened(role, {}, { agreement: NO_TAKEOVER }), [final]), [TEXT, TEXT]);
  }
});

for (const role of ROLES) {
  const other: Role = role === 'client' ? 'server' : 'client';

  test(`7.2.1 empty messages are compressed to at least one byte, and arrive (${role})`, () => {
    const sender = opened(role);
    const receiver = opened(other);
    for (const data of ['', 'Hello', '', new Uint8Array(0), new Uint8Array(0), 'Hello']) sender.send(data);
    const all = frames(sender);
    assert.ok(all.every(({ payload, rsv }) => payload.length > 0 && rsv === 4));
    const bytes = join(all.map((of) => frame(other, of)));
    assert.equal(events(receiver, [bytes]), [['text', ''], TEXT, ['text', ''], ['binary', ''], ['binary', ''], TEXT]);
  });

  test(`7.2.1 messages shorter than threshold are not compressed (${role})`, () => {
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

  test(`7.2.1 the first fragment decides whether the message is compressed (${role})`, () => {
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

  test(`7.2.1 fragments share a window, and all but the last keep their tail (${role})`, () => {
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

  test(`7.2.1 empty fragments and fragments that end inside a surrogate pair arrive (${role})`, () => {
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

  test(`6.1 fragmentSize divides compressed messages, with RSV1 on the first frame only (${role})`, () => {
    const data = new Uint8Array(5000).map((_, i) => (i * i * 7919) >> 5);
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

  test(`6.1 a compressed message does not change when more is sent (${role})`, () => {
    const connection = opened(role);
    const messages = [1, 2, 3].map((seed) => new Uint8Array(200_000).map((_, i) => (i * i * seed * 7919) >> 7));
    for (const data of messages) connection.send(data);
    opened(role).send(messages[1] as Uint8Array);
    equalBytes(inflate(frames(connection).map(({ payload }) => payload)), join(messages));
  });

  test(`6.1 control frames and their answers are never compressed (${role})`, () => {
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
    test(`7.1.2 messages compressed for a window of 2^${bits} bytes can be decompressed with it (${role})`, () => {
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

test.run();
