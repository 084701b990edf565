/** The targets receive-server and receive-client: any stream of bytes, cut in any way, on an open connection (RFC 6455 5 to 8). */
import { concat, hex, toHex } from '../../../packages/core/test/bytes.ts';
import { decodeFrames, judge, judgeBeginning } from '../../../packages/core/test/reference.ts';
import { VECTORS } from '../../../packages/core/test/vectors.ts';
import { cutBy, Input } from '../input.ts';
import { type Rule, same, type Target, Violation } from '../target.ts';
import { checkOutcome, compare } from './checks.ts';
import { mutateFrames, simplerFrames } from './frames.ts';
import { brokenRule } from './rules.ts';
import { type Outcome, PLAIN, type ReceivedEvent, type Role, type Setting, type Subject } from './subject.ts';

/** An input: five bytes of setup, then the stream. */
interface Scene {
  readonly setting: Setting;
  readonly stream: Uint8Array<ArrayBuffer>;
  /** The greatest length of a part. */
  readonly longest: number;
  readonly seed: number;
}

const SETUP = 5;

/** Streams up to this length are also passed byte by byte. */
const SHORT = 600;

const LIMITS = [PLAIN.maxMessageSize, 0, 1, 10, 125, 126, 1000] as const;

/**
 * Returns the target for one role.
 *
 * @param also what else is done with each input, in our own targets
 */
export function receiveTarget(
  role: Role,
  subject: Subject,
  also?: (chunks: readonly Uint8Array[], setting: Setting, seed: number) => void,
): Target {
  const play = (chunks: Uint8Array[], setting: Setting): Outcome | Promise<Outcome> =>
    subject.play(role, chunks, setting);

  function fuzz(data: Uint8Array): void | Promise<void> {
    const scene = read(data, subject);
    const { setting, stream, longest, seed } = scene;
    const plain: Setting = { ...setting, fragments: false, poll: 'each chunk' };
    const ways: [way: string, Outcome | Promise<Outcome>][] = [
      ['whole', play([stream.slice()], plain)],
      ['cut', play(cutBy(stream, longest, seed), setting)],
    ];
    if (stream.length <= SHORT) ways.push(['byte by byte', play(cutBy(stream, 1, 0), plain)]);
    also?.(cutBy(stream, longest, seed), setting, seed);
    const check = (outcomes: Outcome[]): void => {
      const [whole, ...others] = outcomes.map((outcome, at) => [ways[at]?.[0] ?? '', outcome] as const);
      if (whole === undefined) return;
      const broken = ({ events }: Outcome): Rule | undefined => meaning(events, role, scene, subject).rule;
      for (const [, outcome] of [whole, ...others]) checkOutcome(outcome, role, setting, subject.has);
      for (const other of others)
        compare(whole, other, setting, subject.has, () => broken(whole[1]) ?? broken(other[1]));
      checkMeaning(whole[1].events, role, scene, subject);
    };
    const outcomes = ways.map(([, outcome]) => outcome);
    if (outcomes.some((outcome) => outcome instanceof Promise)) return Promise.all(outcomes).then(check);
    check(outcomes as Outcome[]);
  }

  return {
    name: `receive-${role}`,
    description: `Any stream, however it is cut, leads ${role === 'server' ? 'a server' : 'a client'} to the same events and answers, and they follow the RFC.`,
    corpus: `receive-${role}`,
    fuzz,
    *seeds() {
      for (const vector of VECTORS) if (vector.role === role) yield concat(new Uint8Array(SETUP), hex(vector.hex));
      yield concat(
        new Uint8Array(SETUP),
        hex(role === 'server' ? `82 ff ${SIGNED} 00000000 89 80 00000000` : `82 7f ${SIGNED} 89 00`),
      );
      for (const stream of COMPRESSED) {
        const bytes = role === 'server' ? maskWithZeros(hex(stream)) : hex(stream);
        yield concat(Uint8Array.of(4, 0, 3, 0, 1), bytes);
      }
    },
    *simpler(data) {
      for (const stream of simplerFrames(data.subarray(SETUP))) yield concat(data.subarray(0, SETUP), stream);
    },
    mutate: (data, random) => concat(data.subarray(0, SETUP), mutateFrames(data.subarray(SETUP), role, random)),
    describe: (data) => describe(read(data, subject), role),
    bytesOf: (data) => data.subarray(SETUP),
  };
}

/** 5.2: a length whose most significant bit is set, which would be none without it. */
const SIGNED = '8000000000000000';

/** RFC 7692 7.2.3: its examples, one after the other, and two of them fragmented. */
const COMPRESSED = [
  'c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00',
  '41 03 f2 48 cd 80 04 c9 c9 07 00',
  'c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00 c1 08 f3 48 cd c9 c9 07 00 00',
  'c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00 89 00 c1 01 00',
];

/** Returns a stream of short unmasked frames as a client sends it. */
function maskWithZeros(stream: Uint8Array): Uint8Array {
  const { frames } = decodeFrames(stream);
  return concat(
    ...frames.map(({ fin, rsv, opcode, payload }) =>
      concat(Uint8Array.of((fin ? 128 : 0) + rsv * 16 + opcode, 128 + payload.length, 0, 0, 0, 0), payload),
    ),
  );
}

function read(data: Uint8Array, { has }: Subject): Scene {
  const input = new Input(data);
  const flags = input.byte();
  const maxMessageSize = input.pick(LIMITS);
  const setting: Setting = {
    maxMessageSize: has.maxMessageSize === true ? maxMessageSize : PLAIN.maxMessageSize,
    compression: has.compression === true && (flags & 4) > 0,
    fragments: has.fragments === true && (flags & 1) > 0,
    poll: (flags & 2) > 0 ? 'at the end' : 'each chunk',
  };
  return { setting, longest: 1 + input.byte(), seed: input.short(), stream: input.rest() };
}

/** Returns what the reference expects, what was found before a failure, and the rule that makes the difference. */
function meaning(events: readonly ReceivedEvent[], role: Role, { stream, setting }: Scene, { has }: Subject) {
  const { frames, rest } = decodeFrames(stream);
  const expected = judge(frames, role === 'server', has);
  const failure = events.find(([type]) => type === 'fail');
  const found = events.slice(0, failure === undefined ? -1 : -2);
  const beginning = judgeBeginning(stream.subarray(stream.length - rest), role === 'server');
  const isSame = JSON.stringify(found) === JSON.stringify(expected.events) && failure?.[1] === expected.failure;
  // The reference cannot inflate.
  const isInflated = setting.compression && frames.some(({ rsv }) => rsv !== 0);
  const rule = isSame || isInflated ? undefined : brokenRule(found, failure?.[1], expected, rest, beginning);
  return { isInflated, rest, expected, failure, found, rule };
}

/** Checks that the events are those that the reference finds in the same bytes. */
function checkMeaning(events: readonly ReceivedEvent[], role: Role, scene: Scene, subject: Subject): void {
  const { isInflated, rest, expected, failure, found, rule } = meaning(events, role, scene, subject);
  if (isInflated) return;
  // 10.4: the reference has no limits.
  if (failure?.[1] === 1009 && expected.failure !== 1009) {
    same(
      'what comes before a limit is what the RFC says',
      ['actual', found],
      ['expected', expected.events.slice(0, found.length)],
      () => rule,
    );
    return;
  }
  same('events follow the RFC', ['actual', found], ['expected', expected.events], () => rule);
  const closed = expected.events.at(-1)?.[0] === 'close';
  // An incomplete frame may break a rule that the reference checks only for complete frames.
  if (expected.failure === undefined && rest > 0 && !closed) return;
  if (subject.has.otherCodes === true) {
    if ((failure === undefined) === (expected.failure === undefined)) return;
    throw new Violation('a connection fails when a rule is broken', { rule });
  }
  same(
    'the close code follows the RFC',
    ['actual', failure?.[1] ?? 0],
    ['expected', expected.failure ?? 0],
    () => rule,
  );
}

/** Describes the scene, with the frames that the reference finds. */
function describe({ setting, stream, longest, seed }: Scene, role: Role): string {
  const { frames, rest } = decodeFrames(stream);
  const lines = frames.map(({ fin, rsv, opcode, key, payload }) => {
    const bits = `${fin ? 'FIN ' : ''}${rsv === 0 ? '' : `RSV ${rsv.toString(2).padStart(3, '0')} `}`;
    return `  ${bits}opcode ${opcode}, ${key === undefined ? 'not masked' : `masked with ${toHex(Uint8Array.from(key))}`}, payload: ${toHex(payload)}`;
  });
  return [
    `a ${role} receives ${stream.length} bytes: ${toHex(stream)}`,
    ...lines,
    ...(rest > 0 ? [`  and ${rest} bytes of a frame that is not whole: ${toHex(stream.subarray(-rest))}`] : []),
    `cut into: ${cutBy(stream, longest, seed).map(toHex).join(' | ')}`,
    `with ${JSON.stringify(setting)}`,
  ].join('\n');
}
