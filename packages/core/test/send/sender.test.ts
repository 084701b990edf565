import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConnectionOptions } from '../../src/connection/options.ts';
import { resolveOptions } from '../../src/connection/resolved-options.ts';
import { Opcode } from '../../src/frame/header.ts';
import { host } from '../../src/host.ts';
import { StateError } from '../../src/rules.ts';
import { Sender } from '../../src/send/sender.ts';
import { collectGarbage } from '../garbage.ts';
import { decodeFrames, type Frame, transform } from '../reference.ts';
import { concat, decodeStrictly, drain, equalBytes, hex, times, toHex } from '../support.ts';

const sender = suite('sender');

/** Always the masking key of the examples of 5.7. */
const KEY = hex('37 fa 21 3d');
const random = (bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.length; at += 4) bytes.set(KEY, at);
};

function server(options: ConnectionOptions = {}): Sender {
  return new Sender(resolveOptions(options), false);
}

function client(options: ConnectionOptions = {}): Sender {
  return new Sender(resolveOptions({ random, ...options }), true);
}

/** All that waits; and then nothing waits. */
function take(from: Sender): Uint8Array {
  const queued = from.queuedBytes;
  const bytes = drain(from);
  assert.is(queued, bytes.length, 'queuedBytes is what transmit gives');
  assert.is(from.queuedBytes, 0);
  return bytes;
}

/** All that waits, as hex. */
function sent(from: Sender): string {
  return toHex(take(from));
}

/** All frames that wait, as the reference decodes them. */
function frames(from: Sender): Frame[] {
  const { frames, rest } = decodeFrames(take(from));
  assert.is(rest, 0);
  return frames;
}

function text(from: readonly Frame[]): string {
  return decodeStrictly(concat(...from.map(({ payload }) => payload)));
}

/** Bytes that are all different from their neighbours. */
function bytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => (i * 7) & 0xff);
}

sender('every short text, with a character that is not ASCII at every place', () => {
  const texts: string[] = [];
  for (const fill of 'a\0') {
    for (let length = 0; length < 35; length++) {
      texts.push(fill.repeat(length));
      for (const odd of ['\u0080', 'é', '文', '\u{1f600}', '\ud800']) {
        for (let at = 0; at <= length; at++) texts.push(fill.repeat(at) + odd + fill.repeat(length - at));
      }
    }
  }
  for (const each of [server(), client()]) {
    for (const message of texts) {
      each.message(message);
      assert.is(text(frames(each)), message.replace('\ud800', '\ufffd'));
    }
  }
});

sender('bytes of every short length, from every place', () => {
  for (const each of [server(), client()]) {
    for (let length = 0; length < 40; length++) {
      const payload = bytes(length + 5).subarray(length % 5, length + (length % 5));
      each.message(payload);
      assert.is(toHex(concat(...frames(each).map((frame) => frame.payload))), toHex(payload));
    }
  }
});

sender('5.7 the examples, byte for byte', () => {
  const plain = server();
  plain.message('Hello');
  assert.is(sent(plain), '81 05 48 65 6c 6c 6f');

  const masked = client();
  masked.message('Hello');
  assert.is(sent(masked), '81 85 37 fa 21 3d 7f 9f 4d 51 58');

  plain.fragment('Hel', false);
  plain.fragment('lo', true);
  assert.is(sent(plain), '01 03 48 65 6c 80 02 6c 6f');

  plain.control(Opcode.Ping, hex('48 65 6c 6c 6f'));
  assert.is(sent(plain), '89 05 48 65 6c 6c 6f');

  masked.pong(hex('48 65 6c 6c 6f'));
  assert.is(sent(masked), '8a 85 37 fa 21 3d 7f 9f 4d 51 58');

  plain.message(bytes(256));
  assert.is(sent(plain), `82 7e 01 00 ${toHex(bytes(256))}`);

  plain.message(bytes(65536));
  assert.is(sent(plain), `82 7f 00 00 00 00 00 01 00 00 ${toHex(bytes(65536))}`);
});

sender('nothing waits at first', () => {
  assert.equal([server().transmit(), server().queuedBytes], [undefined, 0]);
});

sender('6.1 frames of one batch leave in order, and small ones as one piece', () => {
  const from = server();
  from.message('a');
  from.control(Opcode.Ping, hex('01'));
  from.message(hex('02 03'));
  from.close(hex('03 e8'));
  assert.is(from.queuedBytes, 14);
  assert.is(toHex(from.transmit() ?? hex('')), '81 01 61 89 01 01 82 02 02 03 88 02 03 e8');
  assert.is(from.transmit(), undefined);
});

sender('5.2 binary messages of each class of length', () => {
  for (const length of [0, 1, 32, 33, 125, 126, 1023, 1024, 16_383, 16_384, 16_385, 65_535, 65_536, 200_000]) {
    for (const from of [server(), client()]) {
      const payload = bytes(length);
      from.message(payload);
      const [frame, ...more] = frames(from);
      assert.equal(more, []);
      assert.equal([frame?.fin, frame?.opcode, frame?.payload.length], [true, 2, length]);
      equalBytes(frame?.payload, bytes(length));
      equalBytes(payload, bytes(length), 'the bytes of the caller');
    }
  }
});

sender('5.2, 5.6 texts around each class of length, of characters of 1 to 4 bytes', () => {
  for (const character of ['a', 'é', '€', '🐯']) {
    const size = new TextEncoder().encode(character).length;
    for (const limit of [125, 126, 65_535, 65_536]) {
      for (const padding of [0, 1, 2, 3]) {
        // So that the number of UTF-16 code units is on one side of the limit and that of bytes on the other, too.
        for (const count of [limit, limit - padding, Math.floor(limit / size), Math.floor(limit / size) - 1]) {
          const data = 'b'.repeat(padding) + character.repeat(count);
          for (const from of [server(), client()]) {
            from.message(data);
            const [frame, ...more] = frames(from);
            assert.is(more.length, 0);
            assert.equal([frame?.fin, frame?.opcode], [true, 1]);
            const expected = frame?.payload.length ?? 0;
            assert.is(frame?.extended, expected <= 125 ? 0 : expected <= 65_535 ? 2 : 8);
            assert.ok(frame !== undefined && text([frame]) === data, `${count} × ${character} behind ${padding}`);
          }
        }
      }
    }
  }
});

sender('5.6 a lone surrogate is sent as U+FFFD', () => {
  const from = server();
  from.message('a\ud800b');
  assert.is(sent(from), '81 05 61 ef bf bd 62');
});

const { measured, writeUtf8 } = host;

sender.after.each(() => {
  Object.assign(host, { measured, writeUtf8 });
});

for (const [name, offers] of [
  ['measures', { measured, writeUtf8 }],
  ['writes UTF-8', { measured: undefined, writeUtf8 }],
  ['offers nothing', { measured: undefined, writeUtf8: undefined }],
] as const) {
  for (const character of ['a', 'é', '€', '🐯', '\ud800', '\udc00']) {
    const codePoint = character.codePointAt(0)?.toString(16);
    sender(`5.6 texts that are long enough to be measured, with U+${codePoint}, by a host that ${name}`, () => {
      Object.assign(host, offers);
      // The one other character is where a look at the beginning, or at the end, does not find it.
      for (const ascii of [4095, 4096, 30_000, 65_535, 70_000]) {
        for (const data of [
          'a'.repeat(ascii) + character,
          character + 'a'.repeat(ascii),
          'a'.repeat(2000) + character + 'b'.repeat(ascii),
          character.repeat(ascii),
        ]) {
          const expected = new TextEncoder().encode(data);
          for (const from of [server(), client()]) {
            from.message(data);
            const [frame, ...more] = frames(from);
            assert.equal([frame?.fin, frame?.opcode, more.length], [true, 1, 0]);
            equalBytes(frame?.payload, expected, `${ascii}`);
          }
        }
      }
    });
  }
}

sender('a text that is measured gets the memory that it needs, and no more', () => {
  for (const text of ['a'.repeat(80_000), 'é'.repeat(40_000)]) {
    const from = server();
    from.message(text);
    from.message('b');
    const [frame] = parts(from);
    assert.equal([frame?.length, frame?.buffer.byteLength], [80_010, 80_010]);
  }
});

sender('5.4 fragments: the first names the type, the last is final, control frames may lie between', () => {
  const from = server();
  from.fragment(hex('01'), false);
  from.control(Opcode.Ping, hex(''));
  from.fragment(hex(''), false);
  from.fragment(hex('02 03'), true);
  from.message('a');
  from.fragment('b', true);
  from.fragment('', false);
  from.fragment('', true);
  assert.is(sent(from), '02 01 01 89 00 00 00 80 02 02 03 81 01 61 81 01 62 01 00 80 00');
});

sender('5.4 a message does not begin between the fragments of another', () => {
  const from = server();
  from.fragment('a', false);
  for (const data of ['b', hex('62')]) {
    assert.throws(
      () => from.message(data),
      (error: Error) => error instanceof StateError && error.rule === 'message-in-progress',
    );
  }
  from.fragment('c', true);
  from.message('d');
  assert.is(sent(from), '01 01 61 80 01 63 81 01 64');
});

sender('5.4 the fragments of a message are of one type', () => {
  for (const [first, other] of [
    ['a', hex('62')],
    [hex('61'), 'b'],
  ] as const) {
    const from = server();
    from.fragment(first, false);
    assert.throws(
      () => from.fragment(other, true),
      (error: Error) => error instanceof TypeError && error.message.includes('one type'),
    );
    from.fragment(first, true);
    assert.is(frames(from).length, 2);
  }
});

sender('5.4 a surrogate pair that two fragments share is sent with the second', () => {
  const from = server();
  from.fragment('a\ud83d', false);
  from.fragment('\udc2fb', true);
  assert.is(sent(from), '01 01 61 80 05 f0 9f 90 af 62');

  from.fragment('\ud800', false);
  from.fragment('\udc00\udbff', false);
  from.fragment('\udfff', true);
  assert.is(sent(from), '01 00 00 04 f0 90 80 80 80 04 f4 8f bf bf');

  from.fragment('\ud800\udc00', false);
  assert.is(sent(from), '01 04 f0 90 80 80');
  from.fragment('', true);
  assert.is(sent(from), '80 00');

  from.fragment('\ud83d', false);
  from.fragment('', false);
  from.fragment('\udc2f', false);
  from.fragment('', true);
  assert.is(sent(from), '01 00 00 00 00 04 f0 9f 90 af 80 00');
});

sender('5.4 a piece that could not be sent has not been taken: half a surrogate pair is not sent twice', () => {
  let broken = true;
  const from = client({
    random: (bytes) => {
      if (broken) throw new RangeError('no entropy');
      bytes.fill(0);
    },
  });
  assert.throws(() => from.fragment('a\ud83d', false), /no entropy/);
  broken = false;
  from.fragment('a\ud83d', false);
  from.fragment('\ude00', true);
  const { frames } = decodeFrames(take(from));
  assert.is(frames.map(({ payload }) => decodeStrictly(payload)).join(''), 'a😀');
});

sender('5.4 half a surrogate pair whose other half never comes is U+FFFD', () => {
  const from = server();
  from.fragment('\ud83d', false);
  from.fragment('a\ud83d', false);
  from.fragment('', true);
  from.fragment('\udc2f', false);
  from.fragment('\ud83d', true);
  from.message('b');
  assert.is(sent(from), '01 00 00 04 ef bf bd 61 80 03 ef bf bd 01 03 ef bf bd 80 03 ef bf bd 81 01 62');
});

sender('5.4 longer messages are sent in fragments of fragmentSize', () => {
  const from = server({ fragmentSize: 3 });
  from.message(hex('01 02 03'));
  assert.is(sent(from), '82 03 01 02 03');
  from.message(hex('01 02 03 04'));
  assert.is(sent(from), '02 03 01 02 03 80 01 04');
  from.message(hex('01 02 03 04 05 06'));
  assert.is(sent(from), '02 03 01 02 03 80 03 04 05 06');
  from.message('');
  from.message('Hello');
  assert.is(sent(from), '81 00 01 03 48 65 6c 80 02 6c 6f');
  // A text is cut wherever its bytes are.
  from.message('🐯');
  assert.is(sent(from), '01 03 f0 9f 90 80 01 af');
});

sender('5.4 fragments of the application are cut further, and only the last is final', () => {
  const from = server({ fragmentSize: 2 });
  from.fragment('abc', false);
  from.fragment('', false);
  from.fragment('defgh', true);
  assert.is(sent(from), '01 02 61 62 00 01 63 00 00 00 02 64 65 00 02 66 67 80 01 68');
});

sender('5.4 cut messages are masked frame by frame, and long fragments can be lent', () => {
  const masked = client({ fragmentSize: 2 });
  masked.message('abc');
  assert.is(sent(masked), '01 82 37 fa 21 3d 56 98 80 81 37 fa 21 3d 54');

  const payload = bytes(12_000);
  const from = server({ fragmentSize: 5000 });
  from.message(payload, undefined, true);
  const pieces = [...parts(from)];
  assert.equal(
    pieces.map(({ length }) => length),
    [4, 5000, 4, 5000, 4 + 2000],
  );
  assert.equal([pieces[1]?.buffer, pieces[3]?.byteOffset], [payload.buffer, 5000]);
  equalBytes(
    concat(...pieces),
    concat(
      ...[hex('02 7e 13 88'), payload.subarray(0, 5000)],
      ...[hex('00 7e 13 88'), payload.subarray(5000, 10_000)],
      ...[hex('80 7e 07 d0'), payload.subarray(10_000)],
    ),
  );
});

/** The pieces as transmit gives them. */
function* parts(from: Sender): Generator<Uint8Array> {
  for (let piece = from.transmit(); piece !== undefined; piece = from.transmit()) yield piece;
}

sender('a payload is copied at once', () => {
  for (const length of [1, 32, 33, 1023, 4095, 4096, 20_000, 100_000]) {
    const from = server();
    const payload = bytes(length);
    from.message(payload);
    payload.fill(0xff);
    equalBytes(frames(from)[0]?.payload, bytes(length));
  }
});

sender('5.3 a masked payload is copied, and the bytes of the caller never written to', () => {
  const payload = bytes(100_000);
  const from = client();
  from.message(payload);
  from.fragment(payload.subarray(1, 40_000), false);
  from.fragment(payload.subarray(40_000), true);
  from.control(Opcode.Ping, payload.subarray(0, 125));
  from.pong(payload.subarray(0, 125));
  const pieces = [...parts(from)];
  assert.ok(pieces.every(({ buffer }) => buffer !== payload.buffer));
  equalBytes(payload, bytes(100_000));
});

sender('bytes are sent from where they lie in their buffer', () => {
  const memory = bytes(4000);
  for (const from of [server(), client()]) {
    for (const [start, end] of [
      [3, 8],
      [5, 105],
      [7, 3999],
    ] as const) {
      from.message(memory.subarray(start, end));
      equalBytes(frames(from)[0]?.payload, memory.subarray(start, end));
    }
  }
});

sender('a head leaves as it is, in order', () => {
  const from = server();
  from.message('a');
  from.head('HTTP');
  from.message('b');
  assert.is(from.queuedBytes, 10);
  assert.is(sent(from), '81 01 61 48 54 54 50 81 01 62');
});

sender('5.5.3 Pong frames of 4 KiB wait together, in their places; beyond that one for all', () => {
  for (const [from, size] of [
    [server(), 4],
    [client(), 8],
  ] as const) {
    const places = 4096 / size;
    const payload = (index: number): Uint8Array => Uint8Array.of(index >> 8, index);
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 1_000_000; index++) {
        from.pong(payload(index));
        if (index === places) from.message('a');
      }
      assert.is(from.queuedBytes, 4096 + size + size - 1);
      const seen = frames(from);
      // The one without a place goes when there is one again, behind what has been sent meanwhile.
      assert.equal(seen.map(({ opcode }) => opcode).slice(-3), [10, 1, 10]);
      assert.is(seen.length, places + 2);
      for (const [index, each] of seen.slice(0, places).entries()) assert.equal(each.payload, payload(index));
      assert.equal(seen.at(-1)?.payload, payload(999_999));
    }
  }
});

sender('5.5.3 what has left makes room, once the last Pong frame has', () => {
  const from = server();
  const payload = bytes(125);
  for (let index = 0; index < 33; index++) from.pong(payload);
  assert.is(from.queuedBytes, 33 * 127);
  // 32 in their places, and one that is replaced.
  from.pong(payload);
  assert.is(from.queuedBytes, 33 * 127);
  for (let left = 32 * 127; left > 0; left -= 127) assert.is(from.transmit(127)?.length, 127);
  from.pong(hex('01'));
  from.pong(hex('02'));
  assert.is(sent(from), '8a 01 02');
  from.pong(hex('03'));
  from.pong(hex('04'));
  assert.is(sent(from), '8a 01 03 8a 01 04');
});

sender('5.5.2 a Pong frame keeps its place among all others, behind our Close frame as well', () => {
  const from = server();
  from.fragment('a', false);
  from.pong(hex('01'));
  from.fragment('b', true);
  from.pong(hex('02'));
  from.close(hex('03 e8'));
  from.pong(hex('03'));
  from.pong(hex('04'));
  assert.is(sent(from), '01 01 61 8a 01 01 80 01 62 8a 01 02 88 02 03 e8 8a 01 03 8a 01 04');
});

sender('what is dropped is no Close frame, and no Pong frame behind it', () => {
  for (const more of [0, 1, 100]) {
    const from = server();
    from.message(bytes(10));
    from.message(bytes(5000));
    assert.is(toHex(from.transmit(3) as Uint8Array), toHex(Uint8Array.of(0x82, 10, bytes(10)[0] as number)));
    from.pong(hex('01'));
    from.close(hex('03 e8'));
    for (let index = 0; index < more; index++) from.pong(bytes(125));
    const waits = from.queuedBytes;
    const dropped = from.drop();
    const placed = Math.min(more, 32);
    assert.is(dropped, 4 + 5000 + 3);
    assert.is(from.queuedBytes, waits - dropped);
    const [rest, ...others] = [sent(from)].map((digits) => hex(digits));
    assert.equal(others, []);
    const { frames: seen } = decodeFrames((rest as Uint8Array).subarray(9));
    assert.equal(
      seen.map(({ opcode }) => opcode),
      [8, ...Array(placed + (more > 32 ? 1 : 0)).fill(10)],
    );
  }
});

sender('5.5.2 a waiting Pong frame counts, masked or not, and leaves in its place', () => {
  for (const [from, header] of [
    [server(), 2],
    [client(), 6],
  ] as const) {
    from.message('a');
    from.pong(hex('01 02 03'));
    assert.is(from.queuedBytes, header + 1 + header + 3);
    from.message('b');
    assert.equal(
      frames(from).map(({ opcode }) => opcode),
      [1, 10, 1],
    );
  }
});

sender(
  '5.5.1 a waiting Pong frame leaves before our Close frame, and nothing of a message in progress after it',
  () => {
    const from = server();
    from.fragment('a\ud83d', false);
    from.pong(hex('01'));
    from.close(hex(''));
    assert.is(sent(from), '01 01 61 8a 01 01 88 00');
  },
);

sender('5.5 control frames carry up to 125 bytes', () => {
  for (const from of [server(), client()]) {
    from.control(Opcode.Ping, bytes(125));
    from.control(Opcode.Pong, bytes(0));
    from.close(bytes(125));
    const seen = frames(from).map(({ fin, opcode, payload }) => [fin, opcode, toHex(payload)]);
    assert.equal(seen, [
      [true, 9, toHex(bytes(125))],
      [true, 10, ''],
      [true, 8, toHex(bytes(125))],
    ]);
  }
});

sender('5.3 a fresh masking key for each frame, in the order of the random source', () => {
  let next = 0;
  const from = client({ random: (pool) => pool.set(pool.map(() => next++ & 0xff)), fragmentSize: 2 });
  from.message('a');
  from.message(hex('01 02 03'));
  from.fragment('b', true);
  from.control(Opcode.Ping, hex(''));
  from.close(hex(''));
  const keys = frames(from).map(({ key }) => toHex(Uint8Array.from(key ?? [])));
  assert.equal(keys, ['00 01 02 03', '04 05 06 07', '08 09 0a 0b', '0c 0d 0e 0f', '10 11 12 13', '14 15 16 17']);
});

sender('5.3 without a random source of its own it takes the one of the host, and no key twice', () => {
  const from = new Sender(resolveOptions(), true);
  const other = new Sender(resolveOptions(), true);
  for (let i = 0; i < 3000; i++) {
    from.message('a');
    other.message('a');
  }
  const all = [...frames(from), ...frames(other)];
  const keys = new Set(all.map(({ key }) => String(key)));
  assert.ok(keys.size >= 5995, `${keys.size} of 6000 keys are different`);
  assert.ok(all.every(({ payload }) => toHex(payload) === '61'));
});

sender('5.1 a server masks nothing', () => {
  const from = new Sender(resolveOptions({ random }), false);
  from.message('Hello');
  from.close(hex('03 e8'));
  assert.is(sent(from), '81 05 48 65 6c 6c 6f 88 02 03 e8');
});

sender('when the random source throws, nothing is queued, and the next frame is right', () => {
  let broken = true;
  const from = client({
    random: (pool) => {
      if (broken) throw new Error('no entropy');
      random(pool);
    },
  });
  assert.throws(() => from.message('Hello'), 'no entropy');
  assert.throws(() => from.message(bytes(20_000)), 'no entropy');
  assert.is(from.queuedBytes, 0);
  broken = false;
  from.message(bytes(20_000));
  equalBytes(frames(from)[0]?.payload, bytes(20_000));
  from.message('Hello');
  assert.is(sent(from), '81 85 37 fa 21 3d 7f 9f 4d 51 58');
});

sender('senders that write in turns share a scratch, but not their bytes', () => {
  const senders = Array.from({ length: 5 }, (_, i) => (i % 2 === 0 ? server() : client()));
  const expected: Uint8Array[][] = senders.map(() => []);
  // Far more than the scratch holds, of short and long messages.
  for (let round = 0; round < 600; round++) {
    for (const [i, from] of senders.entries()) {
      const payload = bytes(1 + ((round * 31 + i * 7) % 400)).map((byte) => byte ^ i);
      if (round % 7 === 0) from.message(decodeAscii(payload));
      else from.message(round % 50 === 49 ? bytes(20_000 + i) : payload);
      expected[i]?.push(
        round % 7 === 0 ? payload.map((byte) => byte & 0x7f) : round % 50 === 49 ? bytes(20_000 + i) : payload,
      );
      if (round % 11 === i) from.control(Opcode.Ping, payload.subarray(0, 3));
    }
  }
  for (const [i, from] of senders.entries()) {
    const payloads = frames(from).filter(({ opcode }) => opcode !== 9);
    assert.is(payloads.length, 600);
    for (const [n, { payload }] of payloads.entries()) {
      equalBytes(payload, expected[i]?.[n] ?? hex(''), `message ${n} of sender ${i}`);
    }
  }
});

function decodeAscii(from: Uint8Array): string {
  return String.fromCharCode(...from.map((byte) => byte & 0x7f));
}

sender('what was handed out is not written to again', () => {
  const from = server();
  const other = client();
  from.message('first');
  const first = from.transmit() ?? hex('');
  const before = toHex(first);
  for (let i = 0; i < 5000; i++) {
    from.message('x'.repeat(i % 100));
    other.message('y'.repeat(i % 100));
    if (i % 3 === 0) from.transmit();
  }
  assert.is(toHex(first), before);
});

sender('keeps nothing of a long frame that it has handed out', async () => {
  const from = client();
  const transmit = (): WeakRef<ArrayBufferLike> => {
    from.message(bytes(100_000));
    return new WeakRef((from.transmit() ?? hex('')).buffer);
  };
  const memory = transmit();
  await collectGarbage();
  assert.is(memory.deref(), undefined);
  assert.is(from.transmit(), undefined);
});

sender('queuedBytes is exact after each step', () => {
  const from = client({ fragmentSize: 1000 });
  const steps: [act: () => void, more: number][] = [
    [() => from.message('é'), 6 + 2],
    [() => from.message(bytes(126)), 8 + 126],
    [() => from.message(bytes(2500)), 3 * 8 + 2500],
    [() => from.fragment('a\ud83d', false), 6 + 1],
    [() => from.fragment('\udc2f', true), 6 + 4],
    [() => from.pong(hex('01 02')), 6 + 2],
    [() => from.pong(hex('01 02 03')), 6 + 3],
    [() => from.head('HTTP/1.1 1'), 10],
    [() => from.close(hex('03 e8')), 6 + 2],
  ];
  let queued = 0;
  for (const [act, more] of steps) {
    act();
    queued += more;
    assert.is(from.queuedBytes, queued, String(act));
  }
  for (const piece of parts(from)) {
    queued -= piece.length;
    assert.is(from.queuedBytes, queued);
  }
  assert.is(queued, 0);
});

sender('goes on after it has been drained, any number of times', () => {
  const from = server();
  for (let i = 0; i < 3000; i++) {
    from.message(i % 100 === 0 ? bytes(30_000) : 'a'.repeat(i % 50));
    assert.is(frames(from).length, 1);
  }
});

sender('5.3 masks as 5.3 says, whatever the length', () => {
  for (let length = 0; length <= 300; length++) {
    const from = client();
    from.message(bytes(length));
    const header = length < 126 ? 6 : 8;
    assert.is(toHex(drain(from).subarray(header)), toHex(transform(bytes(length), [...KEY])));
  }
});

sender('the longest header', () => {
  const from = client();
  from.message(bytes(65536));
  assert.is(toHex(drain(from).subarray(0, 14)), `82 ff ${times(5, '00')} 01 00 00 37 fa 21 3d`);
});

sender('10.4: what has been transmitted is let go, though something always waits behind it', async () => {
  const from = server();
  const transmitted: WeakRef<Uint8Array>[] = [];
  from.message(bytes(4096), undefined, true);
  for (let i = 0; i < 500; i++) {
    from.message(bytes(4096), undefined, true);
    // A header, and the payload behind it by reference.
    for (const out of [from.transmit(), from.transmit()]) transmitted.push(new WeakRef(out as Uint8Array));
  }
  await collectGarbage();
  assert.ok(from.queuedBytes > 4096, 'something waits');
  const kept = transmitted.filter((out) => out.deref() !== undefined).length;
  assert.ok(kept < 20, `${kept} of ${transmitted.length} pieces are kept`);
});

sender('10.4: texts that wait keep about their bytes, not three for each character', () => {
  const from = server();
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 8; i++) from.message('a'.repeat(100_000));
  for (let out = from.transmit(); out !== undefined; out = from.transmit()) buffers.add(out.buffer);
  const kept = [...buffers].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  assert.ok(kept < 1.5 * 8 * 100_000, `${kept} bytes are kept`);
});

sender.run();
