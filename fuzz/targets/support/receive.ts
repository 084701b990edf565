/** The targets receive-server and receive-client: any stream of bytes, cut in any way, on an open connection (RFC 6455 5 to 8). */
import type { Role } from '../../../packages/core/src/index.ts';
import { decodeFrames, judge } from '../../../packages/core/test/reference.ts';
import { concat, hex, type Summary, toHex } from '../../../packages/core/test/support.ts';
import { VECTORS } from '../../../packages/core/test/vectors.ts';
import { exercise } from './exercise.ts';
import { mutateFrames } from './frames.ts';
import { cutBy, Input } from './input.ts';
import { core, OF_COMPRESSED, type Outcome, PLAIN, type Setting, type Subject } from './subject.ts';
import { holds, same, type Target } from './target.ts';

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
 * @param subject the implementation. Default: core, whose commands and deadlines are then exercised as well
 */
export function receiveTarget(role: Role, subject: Subject = core): Target {
  const isCore = subject === core;
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
    if (isCore) exercise(role, cutBy(stream, longest, seed), setting, seed);
    const check = (outcomes: Outcome[]): void => {
      const [whole, ...others] = outcomes.map((outcome, at) => [ways[at]?.[0] ?? '', outcome] as const);
      if (whole === undefined) return;
      for (const [, outcome] of [whole, ...others]) checkOutcome(outcome, role, setting);
      for (const other of others) compare(whole, other, setting);
      checkMeaning(whole[1].events, role, scene);
    };
    const outcomes = ways.map(([, outcome]) => outcome);
    if (outcomes.some((outcome) => outcome instanceof Promise)) return Promise.all(outcomes).then(check);
    check(outcomes as Outcome[]);
  }

  return {
    name: `receive-${role}`,
    description: `Any stream, however it is cut, leads ${role === 'server' ? 'a server' : 'a client'} to the same events and answers, and they follow the RFC.`,
    fuzz,
    *seeds() {
      for (const vector of VECTORS) if (vector.role === role) yield concat(new Uint8Array(SETUP), hex(vector.hex));
      for (const stream of COMPRESSED) {
        const bytes = role === 'server' ? maskWithZeros(hex(stream)) : hex(stream);
        yield concat(Uint8Array.of(4, 0, 3, 0, 1), bytes);
      }
    },
    mutate: (data, random) => concat(data.subarray(0, SETUP), mutateFrames(data.subarray(SETUP), role, random)),
    describe: (data) => describe(read(data, subject), role),
  };
}

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
    maxMessageSize: has.maxMessageSize ? maxMessageSize : PLAIN.maxMessageSize,
    compression: has.compression && (flags & 4) > 0,
    fragments: has.fragments && (flags & 1) > 0,
    poll: (flags & 2) > 0 ? 'at the end' : 'each chunk',
  };
  return { setting, longest: 1 + input.byte(), seed: input.short(), stream: input.rest() };
}

/** Checks the rules that hold for every outcome by itself. */
function checkOutcome({ events, sent }: Outcome, role: Role, { maxMessageSize }: Setting): void {
  const types = events.map(([type]) => type).join(' ');
  holds('the order of events is kept', /^((text|binary|ping|pong) )*(close |fail )?end$/.test(types), () => types);
  for (const [type, data] of events) {
    const length = type === 'text' ? Buffer.byteLength(String(data)) : type === 'binary' ? bytesIn(String(data)) : 0;
    holds('no message is longer than maxMessageSize', length <= maxMessageSize, () => `${length} bytes`);
  }
  if (sent === undefined) return;
  const { frames, rest } = decodeFrames(sent);
  const verdict = judge(frames, role === 'client');
  holds('everything sent is legal', rest === 0 && verdict.failure === undefined, () => toHex(sent));
  const close = events.find(([type]) => type === 'close' || type === 'fail');
  const answers = verdict.events.filter(([type]) => type === 'close').map(([, code]) => code);
  same('a Close frame and a failure are answered', ['answers', answers], ['expected', close ? [close[1]] : []]);
}

const bytesIn = (digits: string): number => Math.ceil(digits.length / 3);

function compare(
  [one, whole]: readonly [string, Outcome],
  [two, other]: readonly [string, Outcome],
  { compression }: Setting,
): void {
  const either = (events: readonly Summary[]): boolean => events.some(([, , rule]) => OF_COMPRESSED.includes(rule));
  const blurred = compression && either(whole.events) && either(other.events);
  const blur = (events: readonly Summary[]): readonly Summary[] =>
    blurred ? events.map((event) => (event[0] === 'fail' ? ['fail', 'of a compressed payload'] : event)) : events;
  same('any cut gives the same events', [one, blur(whole.events)], [two, blur(other.events)]);
  if (whole.sent === undefined || other.sent === undefined || blurred) return;
  same('any cut gives the same answers', [one, whole.sent], [two, other.sent]);
}

/** Checks that the events are those that the reference finds in the same bytes. */
function checkMeaning(events: readonly Summary[], role: Role, { stream, setting }: Scene): void {
  const { frames, rest } = decodeFrames(stream);
  // The reference cannot inflate.
  if (setting.compression && frames.some(({ rsv }) => rsv !== 0)) return;
  const expected = judge(frames, role === 'server');
  const failure = events.find(([type]) => type === 'fail');
  const found = events.slice(0, failure === undefined ? -1 : -2);
  // 10.4: the reference has no limits.
  if (failure?.[1] === 1009) {
    same(
      'what comes before a limit is what the RFC says',
      ['actual', found],
      ['expected', expected.events.slice(0, found.length)],
    );
    return;
  }
  same('events follow the RFC', ['actual', found], ['expected', expected.events]);
  const closed = expected.events.at(-1)?.[0] === 'close';
  // An incomplete frame may break a rule that the reference checks only for complete frames.
  if (expected.failure === undefined && rest > 0 && !closed) return;
  same('the close code follows the RFC', ['actual', failure?.[1] ?? 0], ['expected', expected.failure ?? 0]);
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
