// RFC 7692 6 and 7.2: what is received, through connections that have agreed on compression.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection } from '../../src/index.ts';
import { ROLES } from '../connection/tools.ts';
import { decodeFrames } from '../reference.ts';
import { drain, equalBytes, hex, join, joinFragments, splitBytes, summarize, toHex, utf8, ZEROS } from '../support.ts';
import { compressed, events, frame, frames, HELLO, HELLO_AGAIN, noise, opened, payload, TEXT } from './tools.ts';
import { expectCorrupt, INFLATED } from './vectors.ts';
import { deflate } from './zlib.ts';

const test = suite('RFC 7692 7.2 deflate/transform');

for (const { name, run } of INFLATED) test(name, run);

for (const role of ROLES) {
  test(`6.1 messages that are not compressed do not change the window (${role})`, () => {
    const plain = (opcode: number, text: string) => frame(role, { opcode, payload: utf8(text) });
    const bytes = join([
      ...[compressed(role, 1, HELLO), plain(1, 'Hello'), plain(2, ''), compressed(role, 2, HELLO_AGAIN)],
      ...[
        frame(role, { fin: false, opcode: 1, payload: utf8('He') }),
        plain(0, 'llo'),
        compressed(role, 1, HELLO_AGAIN),
      ],
    ]);
    const expected = [TEXT, TEXT, ['binary', ''], ['binary', '48 65 6c 6c 6f'], TEXT, TEXT];
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
      assert.equal(events(connection, chunks), [['ping', toHex(HELLO)], ['pong', ''], TEXT]);
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
      '5.4 a new message inside of a compressed message',
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

  test(`10.4 on the wire a compressed message may take 2 × maxMessageSize + 64 KiB, plus 16 bytes for each of its frames (${role})`, () => {
    // Empty blocks, without end.
    const payload = join(Array<Uint8Array>(2000).fill(hex('00 00 00 ff ff')));
    const part = (first: boolean): Uint8Array =>
      frame(role, { fin: false, rsv: first ? 4 : 0, opcode: first ? 2 : 0, payload });
    for (const [maxMessageSize, parts] of [
      [10_000, 8],
      [17_151, 9],
      [17_152, 10],
    ] as const) {
      const connection = opened(role, { maxMessageSize, maxFrameSize: 20_000 });
      for (let count = 0; count < parts; count++) assert.equal(events(connection, [part(count === 0)]), []);
      const offset = parts * part(true).length;
      assert.equal(events(connection, [part(false)]), [['fail', 'message-too-big', offset]]);
      assert.is(frames(connection).length, 1);
    }
  });

  test(`10.4 the limit on the wire grows by 16 bytes a frame, but stops after maxMessageSize frames (${role})`, () => {
    for (const messages of ['whole', 'fragments'] as const) {
      const connection = opened(role, { maxMessageSize: 5, maxFrameSize: 100, messages });
      const begin = frame(role, { fin: false, rsv: 4, opcode: 2, payload: hex('00 00 00 ff ff') });
      const rest = frame(role, { fin: false, opcode: 0, payload: hex('00 00 00 ff ff') });
      const count = Math.floor((2 * 5 + 65_536 + 5 * 16) / 5);
      assert.equal(events(connection, [begin, join(Array<Uint8Array>(count - 1).fill(rest))]), []);
      assert.equal(events(connection, [rest]), [['fail', 'message-too-big', begin.length + (count - 1) * rest.length]]);
    }
  });

  test(`7.2.1 a message of maxMessageSize bytes is delivered, even if each byte is a compressed fragment (${role})`, () => {
    const data = new Uint8Array(16_384).map((_, i) => (i * i) >> 3);
    const peer = opened(role === 'server' ? 'client' : 'server');
    for (let at = 0; at < data.length; at++) {
      peer.sendFragment(data.subarray(at, at + 1), at === data.length - 1, { compress: true });
    }
    const bytes = drain(peer);
    const length = payload(decodeFrames(bytes).frames).length;
    assert.ok(length > 2 * data.length + 65_536, `${length} bytes of payload would be too long in one frame`);
    const [message, ...more] = opened(role, { maxMessageSize: data.length }).receive(bytes);
    assert.equal(more, []);
    assert.ok(message?.type === 'binary');
    equalBytes(message.data, data);
  });

  test(`7.2.2 "hello hello hello" without its last bytes fails with 1007 (${role})`, () =>
    expectCorrupt(role, deflate('hello hello hello').slice(0, -3)));

  test(`7.2.2 a compressed message that is truncated at any byte, or has any byte after its end, is never delivered (${role})`, () => {
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

  test(`8.1 a compressed text that is not UTF-8 fails with 1007 (${role})`, () => {
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

  test(`8.1 the offset of invalid UTF-8 in an uncompressed text is correct after a compressed message too (${role})`, () => {
    const bytes = join([compressed(role, 1, HELLO), frame(role, { opcode: 1, payload: hex('61 e2 82') })]);
    for (const chunks of [[bytes], splitBytes(bytes)]) {
      assert.equal(events(opened(role), chunks), [TEXT, ['fail', 'invalid-utf8', bytes.length]]);
    }
  });

  test(`8.1 a code point may lie across two outputs of 64 KiB (${role})`, () => {
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

  test(`6.1 RSV1 without the extension fails with 1002 (${role})`, () => {
    const connection = Connection.opened(role, {}, { random: ZEROS, heartbeat: false });
    assert.equal(events(connection, [compressed(role, 1, HELLO)]), [['open'], ['fail', 'reserved-bits', 0]]);
  });

  test(`7.2.2 fragments are delivered as they are decompressed, at most 64 KiB each, and belong to the application (${role})`, () => {
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

  test(`7.2.2 decompressed messages belong to the application (${role})`, () => {
    const connection = opened(role);
    const [first] = [...connection.receive(compressed(role, 2, deflate('Hello')))];
    events(connection, [compressed(role, 2, deflate('World'))]);
    assert.equal(first, { type: 'binary', data: utf8('Hello') });
  });

  test(`7.2.2 a pause interrupts the delivery of a compressed message (${role})`, () => {
    const connection = opened(role, { messages: 'fragments' });
    connection.receive(join([compressed(role, 2, deflate(new Uint8Array(200_000))), compressed(role, 1, HELLO)]));
    assert.is(connection.poll()?.type, 'fragment');
    connection.pause();
    assert.is(connection.poll(), undefined);
    // A frame that arrives meanwhile waits after the rest of the message.
    connection.receive(frame(role, { opcode: 9 }));
    connection.resume();
    const all = joinFragments([...connection]).map(summarize);
    assert.equal(
      all.map(([type]) => type),
      ['binary', 'text', 'ping'],
    );
  });
}

test.run();
