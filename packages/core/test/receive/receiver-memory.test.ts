/**
 * Memory follows bytes received, never bytes announced, never the number of parts.
 *
 * `FULL=1` passes 4 GiB instead of what `npm run test:all` passes, 256 MiB (of text, 64 MiB), through `messages: 'fragments'`, and the figures are printed:
 * `FULL=1 npm test -- core/test/receiver-memory`
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Connection, type ConnectionOptions, type Role } from '../../src/index.ts';
import { MessageBuffer } from '../../src/receive/message-buffer.ts';
import { budget } from '../budget.ts';
import { bufferedBytes, retained, usedBytes } from '../memory.ts';
import { decodeFrames } from '../reference.ts';
import { concat, drain, hex, times, toHex } from '../support.ts';

const memory = suite('receiver-memory');

const KIB = 1024;
const MIB = 1024 * KIB;
const MANY = budget(200_000, 1_000_000);
const MANY_SAID = MANY.toLocaleString('en');

const UNLIMITED: ConnectionOptions = { maxMessageSize: Infinity };
const ROLES: Role[] = ['client', 'server'];

/** Memory stays within its bounds without a limit of fragments. */
function open(role: Role, options: ConnectionOptions = {}): Connection {
  return Connection.opened(role, {}, { heartbeat: false, maxFragments: Infinity, ...options });
}

/** Frames of one byte or none, `count` times, the first with an opcode; masked (with zeros) for a server. */
function fragments(role: Role, opcode: number, payload: '61' | '', count: number): Uint8Array<ArrayBuffer> {
  const second = (role === 'server' ? 0x80 : 0) | (payload === '' ? 0 : 1);
  const rest = concat(Uint8Array.of(0, second), hex(role === 'server' ? times(4, '00') : ''), hex(payload));
  const all = new Uint8Array(rest.length * count);
  for (let i = 0; i < count; i++) all.set(rest, i * rest.length);
  all[0] = opcode;
  return all;
}

/** Cuts bytes into chunks, one at a time. */
function* chunks(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** How many fragments come: texts and binary messages, many in a chunk and one. */
const WAYS = [
  { opcode: 1, size: 64 * KIB, name: 'text in chunks of 64 KiB' },
  { opcode: 2, size: 5, name: 'binary in chunks of 5 bytes' },
];

for (const role of ROLES) {
  for (const { opcode, size, name } of WAYS) {
    for (const [payload, limit] of [
      ['61', 3 * MIB],
      ['', MIB],
    ] as const) {
      const kind = payload === '' ? 'empty' : 'one-byte';
      memory(
        `10.4 ${MANY_SAID} ${kind} fragments of a message without an end occupy little memory: ${name} (${role})`,
        async () => {
          const stream = fragments(role, opcode, payload, MANY);
          const [bytes, connection] = await retained(() => {
            const to = open(role);
            for (const chunk of chunks(stream, size))
              for (const event of to.receive(chunk)) assert.is(event.type, 'open');
            return to;
          });
          assert.ok(bytes < limit, `${bytes} bytes are in use`);
          assert.is(connection.state, 'open');
        },
      );
    }
  }

  memory(`10.4 ${MANY_SAID} one-byte chunks of one frame occupy little memory (${role})`, async () => {
    const header = hex(role === 'server' ? '82 ff 0000000000100000 37 fa 21 3d' : '82 7f 0000000000100000');
    const stream = concat(header, new Uint8Array(MANY));
    for (const polled of [true, false]) {
      const [bytes, connection] = await retained(() => {
        const to = open(role);
        for (const chunk of chunks(stream, 1)) {
          to.receive(chunk);
          if (polled) for (const event of to) assert.is(event.type, 'open');
        }
        return to;
      });
      assert.ok(bytes < 3 * MIB, `${bytes} bytes, ${polled ? 'polled' : 'not polled'}`);
      assert.is(connection.state, 'open');
    }
  });
}

memory('10.4 a message occupies at most twice its length, whatever the number of its fragments', () => {
  const to = open('client');
  const stream = concat(fragments('client', 2, '61', MANY), hex('80 00'));
  const events = [...to.receive(stream)];
  const [, event] = events;
  assert.ok(events.length === 2 && event?.type === 'binary' && event.data.length === MANY);
  assert.ok(event.data.buffer.byteLength <= 2 * MANY + 4096, `${event.data.buffer.byteLength} bytes`);
});

memory('10.4 2^40 bytes that are only announced occupy nothing', async () => {
  for (const messages of ['whole', 'fragments'] as const) {
    // Of a text that no string can hold nothing is awaited: receiver.test.ts.
    for (const frame of messages === 'whole' ? ['02'] : ['01', '02']) {
      const [bytes, connections] = await retained(() =>
        Array.from({ length: 100 }, () => {
          const to = open('client', { ...UNLIMITED, messages });
          assert.equal([...to.receive(hex(`${frame} 7f 0000010000000000 61`))].length, messages === 'whole' ? 1 : 2);
          return to;
        }),
      );
      // The first byte of a message allocates up to 4 KiB.
      assert.ok(bytes < connections.length * 16 * KIB, `${bytes} bytes for ${connections.length} connections`);
    }
  }
});

memory('5.5.1 close releases an incomplete message', async () => {
  const [bytes, connection] = await retained(() => {
    const to = open('client');
    to.receive(concat(hex('82 7f 0000000000800000'), new Uint8Array(4 * MIB)));
    assert.equal(
      [...to].map(({ type }) => type),
      ['open'],
    );
    to.close(1000);
    return to;
  });
  assert.ok(bytes < MIB, `${bytes} bytes`);
  assert.is(connection.state, 'closing');
});

memory(
  `5.5.3 after ${MANY_SAID} Ping frames whose answers are not read, 4 KiB of Pong frames and the latest wait`,
  async () => {
    const stream = new Uint8Array(5 * MANY);
    for (let i = 0; i < MANY; i++) stream.set([0x89, 3, i >> 16, i >> 8, i], 5 * i);
    const to = open('client');
    const [bytes] = await retained(() => {
      for (const chunk of chunks(stream, 64 * KIB))
        for (const event of to.receive(chunk)) assert.ok(event.type !== 'fail');
    });
    assert.ok(bytes < MIB, `${bytes} bytes`);
    assert.is(to.queuedBytes, 9 * 455 + 9);
    const { frames, rest } = decodeFrames(drain(to));
    assert.equal([frames.length, rest, frames[0]?.opcode], [456, 0, 10]);
    assert.equal(
      [0, 454, 455].map((at) => toHex(frames[at]?.payload ?? hex(''))),
      ['00 00 00', '00 01 c6', toHex(stream.slice(-3))],
    );
  },
);

const CHUNK = 64 * KIB;

/** Payload that can be repeated: any bytes, or a text of 3-byte characters, which no chunk ends whole. */
const PAYLOAD = {
  binary: new Uint8Array(3 * CHUNK).map((_, i) => i * 7),
  text: hex(times(CHUNK, 'e2 82 ac')),
};

for (const role of ROLES) {
  for (const type of ['binary', 'text'] as const) {
    const size = process.env.FULL ? 2 ** 32 : budget(2 ** 24, type === 'binary' ? 2 ** 28 : 2 ** 26);
    memory(
      `10.4 a message of ${size / MIB} MiB in fragments passes in constant memory (${type}, ${role})`,
      async () => {
        const to = open(role, { ...UNLIMITED, messages: 'fragments' });
        const [bit, key] = role === 'server' ? ['ff', '00000000'] : ['7f', ''];
        const header = `${type === 'text' ? '81' : '82'} ${bit} ${size.toString(16).padStart(16, '0')} ${key}`;
        const before = await usedBytes();
        const started = performance.now();
        let received = 0;
        let pieces = 0;
        let peak = 0;
        const take = (chunk: Uint8Array): void => {
          for (const event of to.receive(chunk)) {
            if (event.type !== 'fragment') continue;
            received += event.data.length;
            pieces++;
            assert.is(event.final, received === size);
          }
        };

        take(hex(header));
        for (let at = 0; at < size; at += CHUNK) {
          const chunk = PAYLOAD[type].slice(at % (3 * CHUNK), (at % (3 * CHUNK)) + CHUNK);
          // 2^24, 2^26, 2^28 and 2^32 are 3 n + 1.
          if (at + CHUNK === size) chunk[CHUNK - 1] = 0x21;
          take(chunk);
          if (at % (size / budget(2, 8)) === 0) peak = Math.max(peak, (await usedBytes()) - before);
        }
        const seconds = (performance.now() - started) / 1000;
        assert.is(received, size);
        assert.ok(peak < MIB, `${peak} bytes more than before`);
        if (process.env.FULL) {
          const [more, rss] = [peak / KIB, process.memoryUsage().rss / MIB].map(Math.round);
          const time = `${role}, ${type}, ${pieces} pieces, ${seconds.toFixed(1)} s`;
          console.log(`  ${size} bytes, ${time}; at most ${more} KiB more in use than before, RSS ${rss} MiB`);
        }
      },
    );
  }
}

/** Appends parts of these lengths, with more bytes around them in their memory, and keeps nothing else of them. */
const holding =
  (announced: number, ...parts: readonly (readonly [length: number, more?: number])[]) =>
  (): MessageBuffer => {
    const buffer = new MessageBuffer();
    for (const [length, more = 0] of parts)
      buffer.append(new Uint8Array(length + more).subarray(more), 0, length, announced);
    return buffer;
  };

const emptied = (): MessageBuffer => {
  const buffer = holding(Infinity, [100], [5000], [100])();
  buffer.take();
  return buffer;
};

const MEMORY: readonly (readonly [what: string, make: () => MessageBuffer, occupied: number])[] = [
  ['a small part of large memory', holding(Infinity, [1500, 100_000]), 1500],
  ['a part that fills half of its memory', holding(Infinity, [5000, 5000]), 10_000],
  ['one byte after such a part', holding(Infinity, [5000, 5000], [1]), 10_002],
  ['one byte after such a part, with more announced', holding(9000, [5000, 5000], [1]), 10_002],
  ['one byte before a kept part', holding(Infinity, [1], [5000]), 5001],
  ['600 bytes before a kept part', holding(Infinity, [600], [5000]), 6024],
  ['nothing, after take', emptied, 0],
];

for (const [what, make, occupied] of MEMORY) {
  memory(`10.4 a buffer that holds ${what} occupies ${occupied} bytes`, async () => {
    const count = 100;
    const [bytes, buffers] = await retained(() => Array.from({ length: count }, make), bufferedBytes);
    assert.ok(Math.abs(bytes / count - occupied) < 300, `${bytes / count} bytes each`);
    assert.is(buffers.length, count);
  });
}

memory.run();
