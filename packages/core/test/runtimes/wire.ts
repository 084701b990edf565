/** The vector table, run: what must come of each row, however its bytes arrive. */
import { PROTOCOL_RULES } from '../../src/rules.ts';
import { decodeFrames } from '../reference.ts';
import { concat, hex, play, type Summary, split, splitBytes, toHex, ZEROS } from '../support.ts';
import { VECTORS, type Vector } from '../vectors.ts';
import { type Expectation, same } from './expectation.ts';

/** Rows up to this many bytes are cut in two at every position. */
const SHORT = 64;

/** Rows of more bytes arrive byte by byte but once: it takes an interpreter long, and the shorter rows show the rest. */
const LONG = 4096;

const GARBAGE = hex('81 05 48 65 6c 6c 6f ff ff ff 00 88 82 34 b3 e3 25 37 5a');
const GOOD = { client: hex('81 02 6f 6b'), server: hex('81 82 37 fa 21 3d 58 91') };

/** One for each row. */
export const WIRE: readonly Expectation[] = VECTORS.map((vector) => ({
  name: `${vector.section} ${vector.name} (${vector.role})`,
  slow: vector.hex.length > 100_000,
  run() {
    const bytes = hex(vector.hex);
    expect(vector, 'whole', [bytes.slice()]);
    expect(vector, 'byte by byte', splitBytes(bytes));
    expectTrailing(vector, bytes);
    if (bytes.length > LONG) return;
    expect(vector, 'byte by byte, polled at the end', splitBytes(bytes), 'at the end');
    expectTrailing(vector, bytes, splitBytes);
    for (let cut = 1; cut < bytes.length && bytes.length <= SHORT; cut++) {
      expect(vector, `cut at ${cut}`, split(bytes, [cut]));
    }
  },
}));

/** In both modes: the pieces that `messages: 'fragments'` delivers join to the same messages. */
function expect(vector: Vector, how: string, chunks: Uint8Array[], poll?: 'at the end', more: Summary[] = []): void {
  for (const messages of ['whole', 'fragments'] as const) {
    const copies = chunks.map((chunk) => chunk.slice());
    const { events, end, sent } = play(vector.role, copies, { random: ZEROS, ...vector.options, messages }, poll);
    const fault: Summary[] = vector.rule === undefined ? [] : [['fail', vector.rule, vector.offset ?? 0]];
    same(events, [...(vector.events ?? []), ...fault, ...more], `${how}, messages: ${messages}`);

    const close = vector.rule === undefined ? received(vector)?.[1] : PROTOCOL_RULES[vector.rule].code;
    same(sentCode(sent), close, `${how}: the code of our Close frame`);
    const pings = events.filter(([type]) => type === 'ping').map(([, data]) => data);
    same(pongs(sent), pings, `${how}: the Pong frames that we sent`);
    same(end, ['end', received(vector)?.[1] ?? 1006, received(vector) !== undefined], `${how}: the last event`);
  }
}

/** Nothing behind a broken rule or a Close frame counts, and what is behind a good frame does. */
function expectTrailing(vector: Vector, bytes: Uint8Array, cut = (whole: Uint8Array) => [whole]): void {
  const over = vector.rule !== undefined || received(vector) !== undefined;
  const behind = over ? GARBAGE : GOOD[vector.role];
  const more: Summary[] = over ? [] : [['text', 'ok']];
  const how = `with bytes behind it${cut === splitBytes ? ', byte by byte' : ''}`;
  expect(vector, how, cut(concat(bytes, behind)), undefined, more);
  expect(vector, `${how}, which come later`, [...cut(bytes), behind], undefined, more);
}

/** The payloads of the Pong frames among the frames that were sent. */
function pongs(sent: Uint8Array): string[] {
  return decodeFrames(sent).frames.flatMap(({ opcode, payload }) => (opcode === 10 ? [toHex(payload)] : []));
}

/** The Close frame that the row contains. */
function received(vector: Vector): Summary | undefined {
  return vector.events?.find(([type]) => type === 'close');
}

/** The code of the Close frame among the frames that were sent, 1005 when it has none; undefined when there is none. */
function sentCode(sent: Uint8Array): number | undefined {
  const { frames, rest } = decodeFrames(sent);
  same(rest, 0, 'bytes behind the last frame that was sent');
  const [close, ...others] = frames.filter(({ opcode }) => opcode === 8);
  same(others.length, 0, 'more than one Close frame');
  if (close === undefined) return undefined;
  return close.payload.length === 0 ? 1005 : new DataView(close.payload.buffer).getUint16(0);
}
