// What the receiver does with the memory of chunks: views, copies, and the room of parsed headers.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { budget } from '../budget.ts';
import { collectGarbage } from '../garbage.ts';
import { encodeFrame } from '../reference.ts';
import { concat, equalBytes, hex, split, summarize, times, toHex } from '../support.ts';
import { client, drain, receive, server } from './tools.ts';

const receiver = suite('receiver-chunks');

receiver('5.2 a data frame that is whole in its chunk is unmasked in place and delivered as a view', () => {
  const chunk = concat(hex('ff ff'), hex('82 85 37 fa 21 3d 7f 9f 4d 51 58  89 81 01 00 00 00 60')).subarray(2);
  const to = server();
  to.receive(chunk);
  const binary = to.next(0);
  const ping = to.next(0);
  if (binary?.type !== 'binary' || ping?.type !== 'ping') return assert.unreachable();
  assert.equal(summarize(binary), ['binary', '48 65 6c 6c 6f']);
  assert.is(binary.data.buffer, chunk.buffer);
  assert.equal([binary.data.byteOffset, binary.data.length], [8, 5]);
  // What is short is a copy: the chunk is the data's.
  assert.equal([summarize(ping), ping.data.buffer.byteLength], [['ping', '61'], 1]);
});

receiver('events of a Buffer have plain Uint8Arrays', () => {
  const to = client();
  to.receive(Buffer.from('820161890162', 'hex'));
  for (const event of [to.next(0), to.next(0)]) {
    assert.ok(event !== undefined && 'data' in event && Object.getPrototypeOf(event.data) === Uint8Array.prototype);
  }
});

receiver('a message that is not whole in its chunk has memory of its own', () => {
  const chunks = split(hex('82 05 01 02 03 04 05'), [4]);
  const to = client();
  for (const chunk of chunks) to.receive(chunk);
  const event = to.next(0);
  for (const chunk of chunks) chunk.fill(0xff);
  assert.ok(event?.type === 'binary');
  assert.equal(summarize(event), ['binary', '01 02 03 04 05']);
});

for (const [name, to, digits, end] of [
  ['a short text', client(), '81 05 48 65 6c 6c 6f', '01 61'],
  ['a short masked text', server(), '81 85 00 00 00 00 48 65 6c 6c 6f', '81 00 00 00 00 61'],
  ['a masked text', server(), `81 c8 00 00 00 00 ${times(72, '61')}`, '81 00 00 00 00 61'],
  ['a long masked text', server(), `81 fe 0800 00 00 00 00 ${times(2048, '61')}`, '81 00 00 00 00 61'],
  ['a masked text that is not ASCII', server(), `81 fe 0800 00 00 00 00 ${times(1024, 'c3 a9')}`, '81 00 00 00 00 61'],
] as const) {
  receiver(`a chunk that has been parsed is released: ${name}`, async () => {
    const parse = (): WeakRef<ArrayBuffer> => {
      const chunk = hex(`${digits} 82`);
      to.receive(chunk);
      assert.equal(drain(to).length, 1);
      return new WeakRef(chunk.buffer);
    };
    const chunk = parse();
    await collectGarbage();
    assert.is(chunk.deref(), undefined);
    assert.equal(receive(to, end), [['binary', '61']]);
  });
}

receiver('transferring the memory of an event does not affect the message that began in the same chunk', () => {
  const to = client();
  const first = new Uint8Array(20_000).fill(7);
  first.set(hex(`82 0b ${times(11, '01')} 82 7e 7530`));
  to.receive(first);
  const event = to.next(0);
  assert.ok(event?.type === 'binary');
  assert.is(to.next(0), undefined);
  structuredClone(event.data, { transfer: [event.data.buffer as ArrayBuffer] });
  to.receive(new Uint8Array(30_000 - (20_000 - 17)).fill(7));
  const message = to.next(0);
  assert.ok(message?.type === 'binary');
  assert.ok(message.data.length === 30_000 && message.data.every((byte) => byte === 7));
});

/** Returns a binary frame, masked with a key that changes every byte or not masked. */
function binaryFrame(masked: boolean, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  return encodeFrame({ opcode: 2, payload, ...(masked ? { key: [0x37, 0xfa, 0x21, 0x3d] } : {}) });
}

/** Returns bytes that all differ from their neighbours. */
const pattern = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).map((_, i) => (i * 7 + 1) & 0xff);

for (const masked of [true, false]) {
  receiver(
    `a message that is moved inside its chunk leaves the events of the chunk as they are (masked: ${masked})`,
    () => {
      // Three by three these are all alignments as well.
      for (let before = 0; before <= 40; before += budget(3, 1)) {
        for (const rest of [0, 1, 2, 4, 8, 10, 14, 15, 100]) {
          const to = masked ? server() : client();
          const large = binaryFrame(masked, pattern(70_000));
          const small = binaryFrame(masked, pattern(before));
          const first = concat(small, large.subarray(0, large.length - rest));
          to.receive(first);
          const event = to.next(0);
          assert.ok(event?.type === 'binary');
          const next = to.next(0);
          if (next === undefined) to.receive(large.slice(large.length - rest));
          const message = next ?? to.next(0);
          assert.ok(message?.type === 'binary');
          equalBytes(message.data, pattern(70_000), `${before} bytes before, ${rest} to come`);
          equalBytes(event.data, pattern(before));
          // The application may write to all memory of an event.
          if (rest > 0) new Uint8Array(event.data.buffer).fill(0xff);
          if (rest > 0) equalBytes(message.data, pattern(70_000));
        }
      }
    },
  );

  receiver(`a message is moved into the space of its header if its last bytes then fit (masked: ${masked})`, () => {
    const frame = binaryFrame(masked, pattern(70_000));
    const header = frame.length - 70_000;
    for (let cut = 0; cut <= header; cut++) {
      for (let rest = 1; rest <= header + 1; rest++) {
        const to = masked ? server() : client();
        const around = concat(pattern(100), frame.subarray(cut, frame.length - rest), pattern(100));
        const chunks = [frame.slice(0, cut), around.subarray(100, -100), frame.slice(frame.length - rest)];
        for (const chunk of chunks) {
          to.receive(chunk);
          if (chunk !== chunks[2]) assert.is(to.next(0), undefined);
        }
        const event = to.next(0);
        assert.ok(event?.type === 'binary');
        const what = `${cut} bytes of the header before, ${rest} bytes behind`;
        equalBytes(event.data, pattern(70_000), what);
        // No allocation where it fits; never a byte beyond the chunk.
        assert.is(event.data.buffer === around.buffer, rest <= header - cut, what);
        equalBytes(concat(around.subarray(0, 100), around.subarray(-100)), concat(pattern(100), pattern(100)), what);
      }
    }
  });

  receiver(`a fragment moved into the space of its header leaves the next frames alone (masked: ${masked})`, () => {
    const key = masked ? { key: [1, 2, 3, 4] } : {};
    const stream = concat(
      encodeFrame({ fin: false, opcode: 2, payload: pattern(5000), ...key }),
      encodeFrame({ opcode: 9, payload: pattern(5), ...key }),
      encodeFrame({ opcode: 0, payload: pattern(4), ...key }),
      encodeFrame({ opcode: 2, payload: pattern(300), ...key }),
    );
    const to = masked ? server() : client();
    to.receive(stream);
    const events = [to.next(0), to.next(0), to.next(0)];
    assert.equal(
      events.map((event) => event && summarize(event)),
      [
        ['ping', toHex(pattern(5))],
        ['binary', toHex(concat(pattern(5000), pattern(4)))],
        ['binary', toHex(pattern(300))],
      ],
    );
  });
}

receiver.run();
