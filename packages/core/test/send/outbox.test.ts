// The bytes that wait for transmit: their memory, their order, and what can be dropped.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Opcode } from '../../src/frame/header.ts';
import type { Sender } from '../../src/send/sender.ts';
import { decodeFrames } from '../reference.ts';
import { ascii, concat, equalBytes, hex, join, toHex } from '../support.ts';
import { bytes, client, frames, of, server, transfer, transmitted } from './tools.ts';

const outbox = suite('outbox');

/** The payloads of the frames in `bytes`, which are whole frames. */
function payloads(bytes: Uint8Array): Uint8Array[] {
  const { frames, rest } = decodeFrames(bytes);
  assert.is(rest, 0, 'whole frames');
  return frames.map(({ payload }) => payload);
}

outbox('every part fills a buffer of its own', () => {
  for (const from of [server(), client()]) {
    for (const length of [0, 1, 16, 100, 1000, 5000, 16_380, 16_384, 100_000]) {
      from.message(of(1, length));
      from.message('é'.repeat(length));
      for (const part of transmitted(from)) assert.equal([part.byteOffset, part.buffer.byteLength], [0, part.length]);
    }
  }
});

outbox('senders that write in turns share no buffer, and each stream is in order', () => {
  const senders = [server(), client(), server()];
  const sent = senders.map((): Uint8Array[] => []);
  const got = senders.map((): Uint8Array[] => []);
  for (let turn = 0; turn < 2000; turn++) {
    const who = (turn * 7 + (turn >> 3)) % 3;
    const message = of(turn % 251, (turn * 37) % 700);
    senders[who]?.message(message);
    sent[who]?.push(message);
    if (turn % 5 === 0) got[turn % 3]?.push(...transmitted(senders[turn % 3] as Sender));
  }
  const buffers = new Set<ArrayBufferLike>();
  for (const [who, from] of senders.entries()) {
    got[who]?.push(...transmitted(from));
    for (const part of got[who] ?? []) {
      assert.not.ok(buffers.has(part.buffer), 'no buffer comes twice');
      buffers.add(part.buffer);
    }
    assert.equal(payloads(join(got[who] ?? [])).map(toHex), sent[who]?.map(toHex));
  }
});

outbox('all waiting messages leave in one part, even if the last is long', () => {
  for (const [length, size] of [
    [50_000, 50_004],
    [90_000, 90_010],
  ] as const) {
    const from = server();
    from.message('a');
    from.message(of(1, 100));
    from.message(of(2, length));
    assert.equal(
      transmitted(from).map((part) => part.length),
      [3 + 102 + size],
    );
  }
});

outbox('a scratch filled to its last byte is transmitted unchanged', () => {
  const from = server();
  for (let i = 1; i <= 6; i++) from.message(of(i, 16_380));
  const got = [from.transmit(100_000 - 1), from.transmit(1)];
  assert.equal(
    got.map((part) => part?.length),
    [98_304, undefined],
  );
  for (let i = 1; i <= 6; i++) from.message(of(i, 16_380));
  const first = from.transmit(1) as Uint8Array;
  const other = server();
  for (let i = 1; i <= 5; i++) other.message(of(100, 16_000));
  const messages = payloads(concat(first, ...transmitted(from)));
  assert.ok(messages.every((payload, i) => payload.every((byte) => byte === i + 1)));
  assert.is(messages.length, 6);
});

outbox('parts are divided to the length that the caller asks for, in order', () => {
  for (const max of [1, 2, 7, 125, 4096, 70_000]) {
    const from = server();
    const messages = [of(1, 3), of(2, 200), of(3, 9000), of(4, 40_000), of(5, 0), of(6, 1)];
    for (const message of messages) from.message(message, false, message.length === 9000);
    const parts = transmitted(from, max);
    assert.ok(parts.every(({ length }) => length > 0 && length <= max));
    assert.equal(payloads(join(parts)).map(toHex), messages.map(toHex));
    assert.is(from.queuedBytes, 0);
  }
});

outbox('a borrowed payload leaves by reference after its header, unless it is short or masked', () => {
  const from = server();
  const payload = of(7, 4096);
  from.message('before');
  from.message(payload, undefined, true);
  from.message('behind');
  const [before, header, lent, behind, ...more] = transmitted(from);
  assert.is(lent?.buffer, payload.buffer);
  assert.equal(
    [before, header, behind].map((part) => toHex(part ?? hex(''))),
    ['81 06 62 65 66 6f 72 65', '82 7e 10 00', '81 06 62 65 68 69 6e 64'],
  );
  assert.equal(more, []);
  for (const [copying, bytes] of [
    [server(), of(1, 4095)],
    [client(), of(1, 100_000)],
  ] as const) {
    copying.message(bytes, undefined, true);
    assert.ok(transmitted(copying).every(({ buffer }) => buffer !== bytes.buffer));
  }
});

outbox(
  'drop removes a borrowed payload that was transferred before its header left, and all messages behind it',
  () => {
    const from = server();
    const payload = of(7, 5000);
    from.message('before');
    from.message(payload, undefined, true);
    from.message('behind');
    from.close(hex('03 e8'));
    transfer(payload);
    assert.equal(transmitted(from).map(toHex), ['81 06 62 65 66 6f 72 65']);
    assert.is(from.broken, 'unsent');
    assert.is(from.drop(), 5004 + 8);
    assert.is(from.broken, undefined);
    assert.equal(transmitted(from).map(toHex), ['88 02 03 e8']);
  },
);

outbox('transferring a borrowed payload whose header has been transmitted stops the outbox', () => {
  for (const cut of [4, 5, 3000]) {
    const from = server();
    const payload = of(7, 5000);
    from.message(payload, undefined, true);
    for (let left = cut; left > 0; left -= from.transmit(left)?.length ?? left);
    transfer(payload);
    assert.is(from.transmit(), undefined);
    assert.is(from.broken, 'cut');
  }
});

outbox('drop removes the messages of which no byte has left', () => {
  const messages = [of(1, 3), of(2, 200), of(3, 5000), of(4, 30_000), of(5, 1)];
  const total = 5 + 204 + 5004 + 30_004 + 3;
  for (const lend of [false, true]) {
    for (let first = 0; first < total; first += first < 300 ? 1 : 997) {
      const from = server();
      for (const message of messages) from.message(message, undefined, lend);
      from.close(hex('03 f5'));
      const parts: Uint8Array[] = [];
      for (let left = first; left > 0; left -= parts.at(-1)?.length ?? 0) parts.push(from.transmit(left) as Uint8Array);
      const waiting = from.queuedBytes;
      const dropped = from.drop();
      assert.is(from.queuedBytes, waiting - dropped);
      assert.is(from.drop(), 0, 'there is nothing more to drop');
      const got = payloads(concat(...parts, ...transmitted(from)));
      assert.is(toHex(got.pop() ?? hex('')), '03 f5', 'the Close frame stays');
      assert.equal(got.map(toHex), messages.slice(0, got.length).map(toHex));
      const size = got.reduce((sum, { length }) => sum + length + (length < 126 ? 2 : 4), 0);
      assert.ok(size >= first && size - first < 30_004, `${first}: only the frame that was cut is finished`);
    }
  }
});

outbox('drop keeps the head of the opening handshake', () => {
  for (const first of [0, 1, 7, 15, 16]) {
    const from = server();
    from.head('HTTP/1.1 101\r\n\r\n');
    from.message(of(1, 100));
    const parts = first === 0 ? [] : [from.transmit(first) as Uint8Array];
    assert.is(from.drop(), 102);
    equalBytes(
      concat(...parts, ...transmitted(from)),
      Uint8Array.from('HTTP/1.1 101\r\n\r\n', (c) => c.charCodeAt(0)),
    );
  }
});

outbox('after a drop a sender sends messages as a new sender does', () => {
  const from = server();
  from.message(of(1, 100));
  from.message(of(2, 100));
  from.transmit(50);
  from.drop();
  transmitted(from);
  from.message('a');
  assert.equal(transmitted(from).map(toHex), ['81 01 61']);
  assert.is(from.queuedBytes, 0);
});

const HEAD = 'HTTP/1.1 101\r\n\r\n';

outbox(
  'transmit, drop, transmit, drop: wherever each transmit stops, a drop keeps only the head and a frame that was cut',
  () => {
    const sizes = [HEAD.length, 102, 2, 4 + 200];
    const total = sizes.reduce((sum, size) => sum + size, 0);
    for (let first = 0; first <= total; first++) {
      for (const second of [0, 1, 3, 200]) {
        const from = server();
        from.head(HEAD);
        for (const length of [100, 0, 200]) from.message(of(1, length));
        const got = first === 0 ? [] : [from.transmit(first) as Uint8Array];
        from.drop();
        // What the first drop has kept is the rest of a head or frame that has been transmitted in part.
        const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0));
        const kept = first === 0 ? HEAD.length : (ends.find((end) => end >= first) as number);
        assert.is(from.queuedBytes, kept - first, `${first}`);
        for (const length of [50, 60]) from.message(of(2, length));
        for (let left = second; left > 0 && from.queuedBytes > 0; left -= got.at(-1)?.length ?? 0)
          got.push(from.transmit(left) as Uint8Array);
        from.drop();
        const sent = got.reduce((sum, { length }) => sum + length, 0);
        const bytes = concat(...got, ...transmitted(from));
        assert.is(toHex(bytes.subarray(0, HEAD.length)), toHex(ascii(HEAD)));
        const left = payloads(bytes.subarray(HEAD.length));
        const after = [...ends.filter((end) => end <= kept), kept + 52, kept + 52 + 62];
        const begun = after.find((end) => end >= Math.max(sent, HEAD.length));
        assert.equal([bytes.length, left.length <= 5], [begun, true], `${first}, ${second}`);
        from.close(hex('03 e8'));
        assert.equal(transmitted(from).map(toHex), ['88 02 03 e8'], `${first}, ${second}: nothing else is left`);
      }
    }
  },
);

outbox('when exactly the head has been transmitted, drop keeps nothing', () => {
  const from = server();
  from.head(HEAD);
  from.message(of(1, 100));
  from.transmit(HEAD.length);
  assert.is(from.drop(), 102);
  from.message(of(2, 100));
  assert.is(from.drop(), 102);
  assert.is(from.transmit(), undefined);
});

outbox('senders that write in turns do not mix their bytes in the scratch', () => {
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

outbox('transmitted bytes are never written to again', () => {
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

outbox.run();
