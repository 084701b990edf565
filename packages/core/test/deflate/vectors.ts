/** Payloads of compressed messages as bytes, those of RFC 7692 7.2.3 among them, and what must come of them with pako. */
import type { Role } from '../../src/index.ts';
import { type Expectation, same } from '../runtimes/expectation.ts';
import { hex, join, type Summary, split, splitBytes, times, toHex } from '../support.ts';
import { compressed, events, frames, opened } from './tools.ts';

/** Payloads of one message each, cut into frames at the places, and the messages. */
const VALID: [name: string, messages: [payload: string, cuts?: number[]][], texts: string[]][] = [
  ['7.2.3.1 one block, one frame', [['f2 48 cd c9 c9 07 00']], ['Hello']],
  ['7.2.3.1 one block, two frames', [['f2 48 cd c9 c9 07 00', [3]]], ['Hello']],
  ['7.2.3.2 the window is shared', [['f2 48 cd c9 c9 07 00'], ['f2 00 11 00 00']], ['Hello', 'Hello']],
  [
    '7.2.3.2 the window is kept, but not used',
    [['f2 48 cd c9 c9 07 00'], ['f2 48 cd c9 c9 07 00']],
    ['Hello', 'Hello'],
  ],
  ['7.2.3.3 a block without compression', [['00 05 00 fa ff 48 65 6c 6c 6f 00']], ['Hello']],
  ['7.2.3.4 a block with BFINAL', [['f3 48 cd c9 c9 07 00 00']], ['Hello']],
  [
    '7.2.3.4 a block with BFINAL, then a message that uses its window',
    [['f3 48 cd c9 c9 07 00 00'], ['f2 00 11 00 00']],
    ['Hello', 'Hello'],
  ],
  [
    '7.2.3.4 BFINAL inside of a message, then a message that uses the window',
    [['f3 48 cd c9 c9 07 00 f2 00 11 00 00'], ['f2 00 11 00 00']],
    ['HelloHello', 'Hello'],
  ],
  [
    '7.2.3.4 BFINAL at the boundary of a fragment',
    [['f3 48 cd c9 c9 07 00 f2 00 11 00 00', [7]], ['f2 00 11 00 00']],
    ['HelloHello', 'Hello'],
  ],
  ['7.2.3.4 BFINAL, then nothing but the empty block in a fragment', [['f3 48 cd c9 c9 07 00 00', [7]]], ['Hello']],
  [
    '7.2.3.4 BFINAL twice',
    [['f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00'], ['f2 00 11 00 00']],
    ['HelloHello', 'Hello'],
  ],
  ['7.2.3.5 two blocks', [['f2 48 05 00 00 00 ff ff ca c9 c9 07 00']], ['Hello']],
  [
    '7.2.3.5 two blocks, cut at each byte',
    [['f2 48 05 00 00 00 ff ff ca c9 c9 07 00', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]]],
    ['Hello'],
  ],
  ['7.2.3.6 an empty message', [['00']], ['']],
  ['7.2.3.6 an empty last fragment', [['f2 48 cd c9 c9 07 00 00 00 ff ff 00', [11]]], ['Hello']],
  ['7.2.2 an empty fixed block', [['02 00']], ['']],
  ['5.4 empty fragments', [['f2 48 cd c9 c9 07 00', [0, 0, 3, 3, 7, 7]], ['f2 00 11 00 00']], ['Hello', 'Hello']],
];

/** Payloads that are not DEFLATE, truncated, or have bytes after the end. */
const CORRUPT: [name: string, payload: string][] = [
  ...Array.from({ length: 7 }, (_, length): [string, string] => [
    `HELLO cut to ${length} bytes`,
    'f248cdc9c90700'.slice(0, 2 * length),
  ]),
  ['7.2.3.3 an uncompressed block cut off inside of its bytes', '00 05 00 fa ff 48 65 6c'],
  ['7.2.3.3 an uncompressed block without the empty block', '00 05 00 fa ff 48 65 6c 6c 6f'],
  ['7.2.3.3 an uncompressed block with a wrong length', '00 05 00 fa fe 48 65 6c 6c 6f 00'],
  ['7.2.3.4 a block with BFINAL without the empty block', 'f3 48 cd c9 c9 07 00'],
  ['7.2.3.4 a block with BFINAL and a byte after the empty block', 'f3 48 cd c9 c9 07 00 00 01'],
  ['7.2.1 a payload from which 00 00 ff ff was not removed', 'f2 48 cd c9 c9 07 00 00 00 ff ff'],
  ['one byte too many', 'f2 48 cd c9 c9 07 00 01'],
  ['two bytes too many', 'f2 48 cd c9 c9 07 00 01 02'],
  ['a reserved type of block', '06'],
  ['a distance beyond the window', 'f2 00 11 00 00'],
  ['nothing but ff', times(100, 'ff')],
  ['a gzip header', '1f 8b 08 00 00 00 00 00'],
  ['plain text', '48 65 6c 6c 6f'],
];

/** One for each row and role. */
export const INFLATED: readonly Expectation[] = (['client', 'server'] as const).flatMap((role) => [
  ...VALID.map(([name, messages, texts]) => ({
    name: `${name}: each message is delivered (${role})`,
    run() {
      const bytes = join(messages.map(([payload, cuts]) => compressed(role, 1, hex(payload), cuts)));
      const expected = texts.map((text): Summary => ['text', text]);
      for (const mode of ['whole', 'fragments'] as const) {
        const fresh = () => opened(role, { messages: mode });
        same(events(fresh(), [bytes]), expected, `${mode}, one chunk`);
        same(events(fresh(), splitBytes(bytes)), expected, `${mode}, byte by byte`);
        for (let cut = 1; cut < bytes.length; cut++) {
          same(events(fresh(), split(bytes, [cut])), expected, `${mode}, cut at ${cut}`);
        }
      }
    },
  })),
  ...CORRUPT.map(([name, payload]) => ({
    name: `7.2.2 ${name} fails with 1007 (${role})`,
    run: () => expectCorrupt(role, hex(payload)),
  })),
]);

/** Behind a message that is right, this payload fails the connection with 1007, however it is cut. */
export function expectCorrupt(role: Role, payload: Uint8Array): void {
  for (const mode of ['whole', 'fragments'] as const) {
    for (const cuts of [[], [0], [Math.min(3, payload.length)]]) {
      const good = compressed(role, 2, hex('00'));
      const bad = compressed(role, 2, payload, cuts);
      for (const chunks of [[join([good, bad])], splitBytes(join([good, bad]))]) {
        const connection = opened(role, { messages: mode });
        const [first, fault, ...rest] = events(connection, chunks);
        same(first, ['binary', '']);
        same(fault?.slice(0, 2), ['fail', 'invalid-deflate'], `${mode}, ${cuts}`);
        same([Number(fault?.[2]) >= good.length, rest], [true, []], `${mode}, ${cuts}: the offset, and what follows`);
        same(toHex(frames(connection)[0]?.payload.subarray(0, 2) ?? hex('')), '03 ef');
      }
    }
  }
}
