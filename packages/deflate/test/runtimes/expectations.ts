/** Compression in every runtime: pako alone, and behind two connections that negotiate it and send with it. */
import { permessageDeflate } from '../../../core/src/deflate/index.ts';
import { compressed, frame, frames, opened } from '../../../core/test/deflate/tools.ts';
import { INFLATED } from '../../../core/test/deflate/vectors.ts';
import { byteByByte, Pair } from '../../../core/test/pair.ts';
import { type Expectation, same } from '../../../core/test/runtimes/expectation.ts';
import { expectAlone, transfer } from '../../../core/test/runtimes/ownership.ts';
import { equalBytes, join, split, summarize, toHex } from '../../../core/test/support.ts';
import { pako } from '../../src/index.ts';
import { noise, text } from '../messages.ts';

const OPTIONS = { windowBits: 15, level: 6, memLevel: 8 };

/** Each message compressed, without the tail, in one window. */
function deflated(messages: readonly Uint8Array[], options = OPTIONS): Uint8Array[] {
  const deflater = pako.createDeflater(options);
  return messages.map((data) => {
    const output = deflater.deflate(data).slice();
    return output.length === 0 ? Uint8Array.of(0) : output.subarray(0, -4);
  });
}

const MESSAGES = [
  ...[0, 1, 64, 1024, 65_536].map((size) => text(size)),
  ...[1, 64, 1024, 10_000].map((size) => noise(size)),
  text(1024),
];

/** All that pako makes of messages: every engine must make the same. */
export function* deflateTranscript(): Generator<Uint8Array> {
  for (const [windowBits, level] of [
    [9, 6],
    [12, 1],
    [15, 6],
    [15, 9],
  ] as const) {
    yield* deflated(MESSAGES, { ...OPTIONS, windowBits, level });
  }
}

/** A fragment, not the last one, of a compressed message. */
const part = (to: 'client' | 'server', payload: Uint8Array, first: boolean): Uint8Array<ArrayBuffer> =>
  frame(to, { fin: false, rsv: first ? 4 : 0, opcode: first ? 2 : 0, payload });

/** What compression must fulfil whatever the host offers. */
export const DEFLATE: readonly Expectation[] = [
  ...INFLATED.map(({ name, run }) => ({ name: `RFC 7692 ${name}`, run })),
  {
    name: 'RFC 7692 7.2.1 "Hello" twice is compressed as in the examples of 7.2.3.1 and 7.2.3.2',
    run() {
      const hello = Uint8Array.of(0x48, 0x65, 0x6c, 0x6c, 0x6f);
      same(deflated([hello, hello]).map(toHex), ['f2 48 cd c9 c9 07 00', 'f2 00 11 00 00']);
    },
  },
  ...(['client', 'server'] as const).flatMap((role): Expectation[] => [
    {
      slow: true,
      name: `RFC 7692 7.1 two ends agree, and messages of every size arrive (from the ${role})`,
      run() {
        for (const parameters of [{}, { clientNoContextTakeover: true, serverMaxWindowBits: 9 }]) {
          const compression = permessageDeflate(pako, { ...parameters, threshold: 0 });
          const pair = new Pair({ client: { compression }, server: { compression } }).run();
          const from = pair[role].connection;
          const to = pair[role === 'client' ? 'server' : 'client'];
          for (const data of MESSAGES) {
            to.events.length = 0;
            from.send(data);
            pair.run();
            const [event] = to.events;
            if (event?.type !== 'binary') throw new Error(`${data.length} bytes: ${event?.type}`);
            equalBytes(event.data, data, `${data.length} bytes`);
          }
          pair.cut = byteByByte;
          to.events.length = 0;
          from.send('漢字 text '.repeat(200));
          pair.run();
          same(to.events.map(summarize), [['text', '漢字 text '.repeat(200)]]);
          const written = join(pair[role].out.written).length;
          const all = MESSAGES.reduce((sum, { length }) => sum + length, 0);
          same(written < 0.7 * all, true, `${written} of ${all} bytes`);
        }
      },
    },
    {
      name: `RFC 7692 7.2.3.4 a flood of blocks with BFINAL fails the connection, and so do endless blocks without output (at the ${role})`,
      run() {
        const flood = new Uint8Array(10_000).map((_, at) => (at % 2 === 0 ? 3 : 0));
        const connection = opened(role);
        const [fail] = connection.receive(compressed(role, 2, flood));
        same(fail?.type === 'fail' && [fail.error.rule, String(fail.error.cause)], [
          'invalid-deflate',
          'RangeError: a message has more than 1024 blocks with BFINAL set, and less than 64 bytes of output for each',
        ]);

        const nothing = new Uint8Array(13_000).map((_, at) => (at % 5 < 3 ? 0 : 0xff));
        const endless = opened(role, { maxMessageSize: 1000, maxFrameSize: 20_000 });
        for (let count = 1; count <= 5; count++) {
          same([...endless.receive(part(role, nothing, count === 1))], []);
        }
        const [last] = endless.receive(part(role, nothing, false));
        same(last?.type === 'fail' && last.error.rule, 'message-too-big');
      },
    },
    {
      name: `bytes of compressed messages fill a buffer of their own, whole and in fragments (at the ${role})`,
      slow: true,
      run() {
        const messages = [1, 63, 64, 65, 1000, 4096, 10_000, 65_535, 65_536, 65_537, 200_000].flatMap((size) => [
          text(size),
          noise(size),
        ]);
        for (const [opcode, mask] of [
          [1, 0x7f],
          [2, 0xff],
        ] as const) {
          for (const data of messages) {
            const [body] = deflated([data.map((byte) => byte & mask)]) as [Uint8Array];
            const stream = compressed(role, opcode, body);
            for (const mode of ['whole', 'fragments'] as const) {
              for (const cuts of [[], [stream.length >> 1], [1, 9, stream.length - 1]]) {
                const connection = opened(role, { messages: mode });
                for (const chunk of split(stream, cuts)) {
                  for (const event of connection.receive(chunk)) {
                    if (event.type === 'fail') throw event.error;
                    if (event.type === 'text' || !('data' in event)) continue;
                    expectAlone(event.data, [], `${event.type} of ${data.length}`);
                  }
                }
              }
            }
          }
        }
      },
    },
    {
      name: `when an application transfers bytes of compressed messages, nothing is lost or the connection fails with 1011 (at the ${role})`,
      run() {
        if (transfer === undefined) return;
        const [one, two] = deflated([noise(70_000, 1), noise(70_000, 2)]) as [Uint8Array, Uint8Array];
        for (const mode of ['whole', 'fragments'] as const) {
          const connection = opened(role, { messages: mode });
          const plain = frame(role, { opcode: 2, payload: Uint8Array.of(1) });
          let received = 0;
          const take = (chunk: Uint8Array): string => {
            for (const event of connection.receive(chunk)) {
              if (event.type === 'fail') return event.error.rule;
              if (event.type !== 'binary' && event.type !== 'fragment') continue;
              received += event.data.length;
              transfer?.(event.data);
            }
            return '';
          };
          same(take(compressed(role, 2, one)), '');
          same(received, 70_000, mode);
          // A message that is a view of its chunk takes the compressed one behind it with it.
          same(take(join([plain, compressed(role, 2, two)])), 'handler-failed');
          same(received, 70_001, mode);
        }
      },
    },
    {
      name: `a decoder of the application's sees nothing but the text (at the ${role})`,
      run() {
        const seen: number[] = [];
        const decode = (bytes: Uint8Array): string => {
          seen.push(bytes.length);
          expectAlone(bytes, [], 'a text');
          return '';
        };
        const connection = opened(role, { textDecoder: { decode } });
        const texts = [5, 100, 5000].map((size) => text(size).map((byte) => byte & 0x7f));
        for (const body of deflated(texts)) for (const _ of connection.receive(compressed(role, 1, body)));
        same(seen.includes(5000), true);
      },
    },
    {
      slow: true,
      name: `RFC 7692 8 a bomb fails with 1009 before it is inflated (at the ${role})`,
      run() {
        const [bomb] = deflated([new Uint8Array(1_000_000)], { ...OPTIONS, level: 9 });
        for (const messages of ['whole', 'fragments'] as const) {
          const connection = opened(role, { maxMessageSize: 100_000, messages });
          const events = [...connection.receive(compressed(role, 2, bomb ?? new Uint8Array(0)))];
          const last = events.at(-1);
          same(last?.type === 'fail' && last.error.rule, 'message-too-big', messages);
          same(toHex(frames(connection)[0]?.payload.subarray(0, 2) ?? new Uint8Array(0)), '03 f1', 'our Close frame');
          const delivered = events.reduce((sum, event) => sum + (event.type === 'fragment' ? event.data.length : 0), 0);
          same(delivered <= 100_000, true, `${delivered} bytes were delivered`);
        }
      },
    },
  ]),
];
