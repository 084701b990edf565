// 5.5: control frames, and the answers to Ping frames that wait.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Opcode } from '../../src/frame/header.ts';
import { StateError } from '../../src/rules.ts';
import type { Sender } from '../../src/send/sender.ts';
import { decodeFrames } from '../reference.ts';
import { hex, toHex } from '../support.ts';
import { bytes, client, frames, sent, server } from './tools.ts';

const control = suite('control');

control('5.5.3 up to 4 KiB of answers wait in their places, and beyond that only the latest', () => {
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
      // The answer without room leaves when there is room, after everything sent meanwhile.
      assert.equal(seen.map(({ opcode }) => opcode).slice(-3), [10, 1, 10]);
      assert.is(seen.length, places + 2);
      for (const [index, each] of seen.slice(0, places).entries()) assert.equal(each.payload, payload(index));
      assert.equal(seen.at(-1)?.payload, payload(999_999));
    }
  }
});

control('5.5.3 there is room for answers again when the last of them has left', () => {
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

control('5.5.2 an answer keeps its place among all frames, even after our Close frame', () => {
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

control('drop keeps our Close frame and the answers after it', () => {
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

/** Returns a sender of each role, and the length of the header of a short frame. */
const inBothRoles = (): [from: Sender, header: number][] => [
  [server(), 2],
  [client(), 6],
];

/** Queues 4 KiB of answers, so that there is no room for another one, and returns how many they are. */
function fill(from: Sender, header: number): number {
  const count = 4096 / (header + 2);
  for (let index = 0; index < count; index++) from.pong(hex('00 00'));
  assert.is(from.queuedBytes, 4096);
  return count;
}

control(
  '5.5.3 an answer that is held for lack of room counts in queuedBytes, and leaves after everything sent meanwhile',
  () => {
    for (const [from, header] of inBothRoles()) {
      const count = fill(from, header);
      from.message('a');
      from.pong(hex('01 02 03'));
      assert.is(from.queuedBytes, 4096 + header + 1 + header + 3);
      from.message('b');
      const seen = frames(from);
      assert.equal(
        seen.slice(count).map(({ opcode, payload }) => [opcode, toHex(payload)]),
        [
          [1, '61'],
          [1, '62'],
          [10, '01 02 03'],
        ],
      );
    }
  },
);

control(
  '5.5.3 if the random source of a `pong` calls `pong` again and then throws, only the second answer is sent',
  () => {
    let fails = true;
    const from: Sender = client({
      random() {
        if (!fails) return;
        fails = false;
        assert.throws(
          () => from.pong(hex('02')),
          (error: unknown) => error instanceof StateError && error.rule === 'random-reentered',
        );
        throw new Error('no entropy');
      },
    });
    assert.throws(() => from.pong(hex('01')), 'no entropy');
    assert.equal(
      frames(from).map(({ opcode, payload }) => [opcode, toHex(payload)]),
      [[10, '02']],
    );
  },
);

control(
  '5.5.3 while 4 KiB of answers wait before our Close frame, only one of the answers made after close is kept',
  () => {
    for (const [from, header] of inBothRoles()) {
      fill(from, header);
      from.pong(hex('01'));
      from.close(hex('03 e8'));
      const before = from.queuedBytes;
      for (let index = 0; index < 10; index++) from.pong(hex('02'));
      assert.is(from.queuedBytes, before + header + 1);
    }
  },
);

control(
  '5.5.1 if an answer is already held for lack of room when we close, it leaves before the Close frame, even within a fragmented message',
  () => {
    for (const [from, header] of inBothRoles()) {
      const count = fill(from, header);
      from.fragment('a', false);
      from.pong(hex('01 02 03'));
      from.fragment('b\ud83d', false);
      from.close(hex(''));
      assert.equal(
        frames(from)
          .slice(count)
          .map(({ fin, opcode, payload }) => [fin, opcode, toHex(payload)]),
        [
          [false, 1, '61'],
          [false, 0, '62'],
          [true, 10, '01 02 03'],
          [true, 8, ''],
        ],
      );
      assert.ok(from.isIdle, 'no message is in progress');
    }
  },
);

control('drop keeps an answer that is held for lack of room, which leaves before our Close frame', () => {
  const from = server();
  fill(from, 2);
  from.message('a');
  from.pong(hex('01 02 03'));
  assert.is(from.drop(), 4096 + 3);
  assert.is(from.queuedBytes, 5);
  from.close(hex(''));
  assert.is(sent(from), '8a 03 01 02 03 88 00');
});

control('5.5.3 an answer that could not be masked is held, and leaves later with its own payload', () => {
  let works = true;
  const random = (bytes: Uint8Array): void => {
    if (!works) throw new RangeError('no entropy');
    bytes.fill(0);
  };
  for (const transmit of [
    (from: Sender) => from.transmit(1_000_000),
    (from: Sender) => from.transmitInto(new Uint8Array(1_000_000)),
  ]) {
    works = true;
    const from = client({ random });
    fill(from, 6);
    from.pong(hex('01 02 03'));
    // One call of the random source fills 2048 keys. 512 of them are used, and these are the others.
    for (let n = 0; n < 1536; n++) from.control(Opcode.Ping, hex(''));
    transmit(from);
    works = false;
    assert.is(from.queuedBytes, 9);
    assert.throws(() => transmit(from), /no entropy/);
    assert.throws(() => from.close(hex('')), /no entropy/);
    assert.is(from.queuedBytes, 9, 'it is still held');
    from.pong(hex('04'));
    works = true;
    assert.is(sent(from), '8a 81 00 00 00 00 04');
    assert.ok(from.isIdle);
  }
});

control('5.5 control frames carry up to 125 bytes', () => {
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

control.run();
