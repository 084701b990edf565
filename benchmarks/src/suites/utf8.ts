/** Texts alone: the cost of validating and decoding UTF-8 with framing, beside Node's functions without framing. */
import { isUtf8 } from 'node:buffer';
import { type DecoderMaker, type DecodingContestant, decodingTask, SOCKLESS, WS } from '../codec/decoders.ts';
import { KIB, type Kind, payload, sizeName, stream } from '../codec/inputs.ts';
import { type Contestant, codecSuite, type OwnTasks, type Task, type TaskMaker } from '../codec/task.ts';
import { ownDecoder } from '../own/codecs.ts';
import type { Case } from '../suite.ts';

interface Utf8Case extends Case {
  readonly kind: Kind;
  readonly size: number;
}

const KINDS = { text: 'ASCII', 'CJK text': 'CJK', 'mixed text': 'mixed' };
const SIZES = [16, 125, KIB, 16 * KIB, 64 * KIB];

const cases: readonly Utf8Case[] = Object.entries(KINDS).flatMap(([kind, name]) =>
  SIZES.map((size) => ({
    name: `${name} ${sizeName(size)}`,
    slow: size === 125 || size === 16 * KIB,
    kind: kind as Kind,
    size,
  })),
);

/** The last two have neither frames nor events: they are limits, not peers. */
export const contestants: readonly Contestant[] = [
  framed(SOCKLESS),
  framed(WS),
  bare('isUtf8 + toString', (bytes) => {
    if (!isUtf8(bytes)) throw new Error('this is valid');
    return bytes.toString();
  }),
  bare('TextDecoder', textDecoder()),
];

export const suite = codecSuite({
  url: import.meta.url,
  name: 'utf8',
  title: 'Valid texts from unmasked frames, coalesced; beside Node’s own functions on bare payloads, the limit',
  unit: 'ns/message',
  cases,
  contestants,
  limit: 'isUtf8 + toString',
  part: 'decoder',
});

/** The decoder of a contestant's file. */
export const ownTasks: OwnTasks = (own) => tasks(ownDecoder(own));

function framed({ load, ...rest }: DecodingContestant): Contestant {
  return {
    ...rest,
    load: async () => tasks(await load()),
  };
}

function tasks(make: DecoderMaker): TaskMaker {
  return (name) => {
    const found = cases.find((each) => each.name === name);
    return found && decodingTask(stream(found.kind, found.size, false, 'coalesced'), false, make);
  };
}

function bare(name: string, decode: (bytes: Buffer) => string): Contestant {
  return {
    name,
    load: () =>
      Promise.resolve((caseName) => {
        const found = cases.find((each) => each.name === caseName);
        return found && bareTask(found, decode);
      }),
  };
}

function bareTask({ kind, size }: Utf8Case, decode: (bytes: Buffer) => string): Task {
  const { messages, length } = stream(kind, size, false, 'coalesced');
  const payloads = Array.from({ length: messages }, (_, seed) => payload(kind, size, seed));
  return {
    operations: messages,
    most: KIB,
    run(rounds) {
      let decoded = 0;
      for (let round = 0; round < rounds; round++) {
        for (const bytes of payloads) decoded += decode(bytes).length;
      }
      return decoded === rounds * length ? rounds * messages : Number.NaN;
    },
  };
}

function textDecoder(): (bytes: Buffer) => string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return (bytes) => decoder.decode(bytes);
}
