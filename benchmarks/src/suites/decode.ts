/** Decoding through the public interface: from the chunks of a transport to the messages of an application. */
import {
  type DecoderMaker,
  type DecodingContestant,
  decodingTask,
  SOCKLESS,
  SOCKLESS_IN_JAVASCRIPT,
  UNDICI,
  UNDICI_8,
  WEBSOCKET,
  WEBSOCKET_DRIVER,
  WS,
  WS_BUFFERUTIL,
} from '../codec/decoders.ts';
import {
  type Delivery,
  KIB,
  type Kind,
  MIB,
  type Mix,
  mixedStream,
  type Stream,
  sizeName,
  stream,
} from '../codec/inputs.ts';
import { type Contestant, codecSuite, type OwnTasks, type TaskMaker } from '../codec/task.ts';
import { ownDecoder } from '../own/codecs.ts';
import type { Case } from '../suite.ts';

interface DecodeCase extends Case {
  readonly masked: boolean;
  readonly stream: () => Stream;
}

const SIZES = [16, 125, KIB, 16 * KIB, 64 * KIB, MIB];
const KINDS: readonly Kind[] = ['text', 'CJK text', 'binary'];
const MIXES: readonly Mix[] = ['even', 'short'];
const MIX_NAMES: Readonly<Record<Mix, string>> = { even: '', short: 'most short, ' };
const DELIVERIES: readonly Delivery[] = ['coalesced', 'one frame per chunk', '1460-byte cuts', '1-byte cuts'];

/** The cases that `--quick` runs. */
const QUICK: readonly string[] = [
  ...SIZES.flatMap((size) => [
    `masked text ${sizeName(size)}, coalesced`,
    `masked binary ${sizeName(size)}, coalesced`,
  ]),
  'masked CJK text 1 KiB, coalesced',
  'masked text 1 KiB, one frame per chunk',
  'masked binary 16 KiB, 1460-byte cuts',
  'masked text 16 B, 1-byte cuts',
  'masked binary 1 KiB, 1-byte cuts',
  'unmasked text 16 B, coalesced',
  'unmasked binary 1 KiB, coalesced',
];

const cases: readonly DecodeCase[] = [true, false].flatMap((masked) => [
  ...DELIVERIES.flatMap((delivery) =>
    KINDS.flatMap((kind) => SIZES.filter(sized(delivery)).map((size) => cell(masked, kind, size, delivery))),
  ),
  ...MIXES.flatMap((mix) => [
    mixed(masked, mix, '64 KiB chunks', 64 * KIB),
    mixed(masked, mix, '1460-byte chunks', 1460),
  ]),
]);

/** All decoders. */
export const contestants: readonly Contestant[] = [
  SOCKLESS,
  SOCKLESS_IN_JAVASCRIPT,
  WS,
  WS_BUFFERUTIL,
  WEBSOCKET_DRIVER,
  WEBSOCKET,
  UNDICI,
  UNDICI_8,
].map(contestant);

export const suite = codecSuite({
  url: import.meta.url,
  name: 'decode',
  title: 'From chunks of bytes to whole messages, text as strings: masked at a server, unmasked at a client',
  unit: 'ns/message',
  cases,
  contestants,
  part: 'decoder',
});

/** The decoder of a contestant's file. */
export const ownTasks: OwnTasks = (own) => tasks(ownDecoder(own));

function cell(masked: boolean, kind: Kind, size: number, delivery: Delivery): DecodeCase {
  const name = `${masked ? 'masked' : 'unmasked'} ${kind} ${sizeName(size)}, ${delivery}`;
  return { name, slow: !QUICK.includes(name), masked, stream: () => stream(kind, size, masked, delivery) };
}

/** Slow or hostile peers send single bytes, but not many of them. */
function sized(delivery: Delivery): (size: number) => boolean {
  return (size) => delivery !== '1-byte cuts' || size === 16 || size === KIB;
}

function mixed(masked: boolean, mix: Mix, delivery: string, chunk: number): DecodeCase {
  const name = `${masked ? 'masked' : 'unmasked'} mixed 1-4096 B, ${MIX_NAMES[mix]}${delivery}`;
  return { name, slow: !masked, masked, stream: () => mixedStream(masked, chunk, mix) };
}

function contestant(decoding: DecodingContestant): Contestant {
  return {
    name: decoding.name,
    ...(decoding.env && { env: decoding.env }),
    get missing() {
      return decoding.missing;
    },
    load: async () => tasks(await decoding.load()),
  };
}

function tasks(make: DecoderMaker): TaskMaker {
  return (name) => {
    const found = cases.find((each) => each.name === name);
    return found && decodingTask(found.stream(), found.masked, make);
  };
}
