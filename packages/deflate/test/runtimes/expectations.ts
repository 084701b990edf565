/** Compression in every runtime: pako alone, and behind two connections that negotiate it and send with it. */
import { permessageDeflate } from '../../../core/src/deflate/index.ts';
import { compressed, frames, opened } from '../../../core/test/deflate/tools.ts';
import { INFLATED } from '../../../core/test/deflate/vectors.ts';
import { byteByByte, Pair } from '../../../core/test/pair.ts';
import { type Expectation, same } from '../../../core/test/runtimes/expectation.ts';
import { equalBytes, join, summarize, toHex } from '../../../core/test/support.ts';
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
