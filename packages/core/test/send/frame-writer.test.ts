// 5.2, 5.3: header, payload and mask of every length, and the keys.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { resolveOptions } from '../../src/connection/resolved-options.ts';
import { Opcode } from '../../src/frame/header.ts';
import { host } from '../../src/host.ts';
import { Sender } from '../../src/send/sender.ts';
import { type Frame, transform } from '../reference.ts';
import { concat, decodeStrictly, drain, equalBytes, hex, times, toHex, utf8 } from '../support.ts';
import { bytes, client, frames, KEY, parts, random, sent, server } from './tools.ts';

const writer = suite('frame-writer');

function text(from: readonly Frame[]): string {
  return decodeStrictly(concat(...from.map(({ payload }) => payload)));
}

writer('short texts are right with a non-ASCII character at any place', () => {
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

writer('short payloads are right from any place in their memory', () => {
  for (const each of [server(), client()]) {
    for (let length = 0; length < 40; length++) {
      const payload = bytes(length + 5).subarray(length % 5, length + (length % 5));
      each.message(payload);
      assert.is(toHex(concat(...frames(each).map((frame) => frame.payload))), toHex(payload));
    }
  }
});

writer('5.2 binary messages are right in each class of length', () => {
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

writer('5.2, 5.6 texts of characters of 1 to 4 bytes are right in each class of length', () => {
  for (const character of ['a', 'é', '€', '🐯']) {
    const size = utf8(character).length;
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

writer('5.6 a lone surrogate is sent as U+FFFD', () => {
  const from = server();
  from.message('a\ud800b');
  assert.is(sent(from), '81 05 61 ef bf bd 62');
});

const { utf8Length, writeLatin1, writeUtf8 } = host;

writer.after.each(() => {
  Object.assign(host, { utf8Length, writeLatin1, writeUtf8 });
});

for (const [name, offers] of [
  ['measures', {}],
  ['writes UTF-8', { utf8Length: undefined, writeLatin1: undefined }],
  ['offers nothing', { utf8Length: undefined, writeLatin1: undefined, writeUtf8: undefined }],
] as const) {
  for (const character of ['a', 'é', '€', '🐯', '\ud800', '\udc00']) {
    const codePoint = character.codePointAt(0)?.toString(16);
    writer(
      `5.6 texts that are long enough to be measured are right, with U+${codePoint}, on a host that ${name}`,
      () => {
        Object.assign(host, offers);
        // The one other character is where a look at the beginning, or at the end, does not find it.
        for (const ascii of [4095, 4096, 30_000, 65_535, 70_000]) {
          for (const data of [
            'a'.repeat(ascii) + character,
            character + 'a'.repeat(ascii),
            'a'.repeat(2000) + character + 'b'.repeat(ascii),
            character.repeat(ascii),
          ]) {
            const expected = utf8(data);
            for (const from of [server(), client()]) {
              from.message(data);
              const [frame, ...more] = frames(from);
              assert.equal([frame?.fin, frame?.opcode, more.length], [true, 1, 0]);
              equalBytes(frame?.payload, expected, `${ascii}`);
            }
          }
        }
      },
    );
  }
}

writer('a text that is measured gets exactly the memory that it needs', () => {
  for (const text of ['a'.repeat(90_000), 'é'.repeat(45_000)]) {
    const from = server();
    from.message(text);
    from.message('b');
    const [frame] = parts(from);
    assert.equal([frame?.length, frame?.buffer.byteLength], [90_010, 90_010]);
  }
});

writer('a payload is copied when it is sent', () => {
  for (const length of [1, 32, 33, 1023, 4095, 4096, 20_000, 100_000]) {
    const from = server();
    const payload = bytes(length);
    from.message(payload);
    payload.fill(0xff);
    equalBytes(frames(from)[0]?.payload, bytes(length));
  }
});

writer('5.3 masking never writes to the bytes of the caller', () => {
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

writer('a view is sent from its place in its buffer', () => {
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

writer('5.3 each frame has a fresh masking key, in the order of the random source', () => {
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

writer('5.3 without the option random the keys come from the host, and do not repeat', () => {
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

writer('when the random source throws, nothing is queued, and the next frame is right', () => {
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

writer('5.3 payloads of any length are masked as the RFC says', () => {
  for (let length = 0; length <= 300; length++) {
    const from = client();
    from.message(bytes(length));
    const header = length < 126 ? 6 : 8;
    assert.is(toHex(drain(from).subarray(header)), toHex(transform(bytes(length), [...KEY])));
  }
});

writer('a text of more bytes than characters does not run over the end of the scratch', () => {
  for (const each of [server(), client()]) {
    for (let left = 40; left < 400; left += 7) {
      each.message(new Uint8Array(60_000));
      each.message(new Uint8Array(98_304 - 60_000 - 20 - left));
      each.message('€'.repeat(100));
      assert.is(text(frames(each).slice(2)), '€'.repeat(100), `about ${left} bytes left`);
    }
  }
});

writer('the longest header is right', () => {
  const from = client();
  from.message(bytes(65536));
  assert.is(toHex(drain(from).subarray(0, 14)), `82 ff ${times(5, '00')} 01 00 00 37 fa 21 3d`);
});

writer.run();
