/** Passes the same bytes to us and to the peers, and counts agreements and explained disagreements. */
import fc from 'fast-check';
import type { Role } from '../../packages/core/src/index.ts';
import {
  anyStream,
  cuts,
  mutatedStream,
  text,
  validStream,
  within,
} from '../../packages/core/test/properties/streams.ts';
import { hex, type Summary, split, splitBytes, toHex } from '../../packages/core/test/support.ts';
import { VECTORS } from '../../packages/core/test/vectors.ts';
import { compare, type Input, transcript } from './compare.ts';
import { HEADS, type Head, head, type Opening, socklessClient, socklessServer } from './handshake.ts';
import { explainAnswer } from './leniency.ts';
import type { Implementation, Message } from './outcome.ts';
import { sockless } from './peers.ts';
import { explain, withoutMark } from './strictness.ts';

/** The peers, and the amount of testing. */
export interface Differential {
  readonly peers: readonly Implementation[];
  readonly openings: readonly Opening[];
  /** The number of random streams; also the number of heads, and ten times the number of conversations. */
  readonly runs: number;
  readonly seed: number;
}

/** Counts of what was found, by `peer` or `peer: explanation`. */
export interface Tally {
  readonly agreed: Map<string, number>;
  readonly explained: Map<string, number>;
}

const LIMIT = 16 * 1024 * 1024;
/** Vectors up to this many bytes are also passed byte by byte. */
const SHORT = 300;

/**
 * Compares all vectors, random streams, random heads, and the messages that each implementation sends.
 *
 * @throws {Error} with a transcript and the seed, for the first disagreement that is not explained
 */
export async function differ({ peers, openings, runs, seed }: Differential): Promise<Tally> {
  const tally: Tally = { agreed: new Map(), explained: new Map() };
  for (const vector of VECTORS) {
    const bytes = hex(vector.hex);
    const limit = vector.options?.maxMessageSize ?? LIMIT;
    for (const chunks of [[bytes], ...(bytes.length <= SHORT ? [splitBytes(bytes)] : [])]) {
      await receive({ role: vector.role, chunks, limit });
    }
  }
  const streams = fc.oneof(validStream, anyStream, mutatedStream);
  await check(runs, fc.tuple(streams, cuts), async ([{ role, bytes }, places]) => {
    await receive({ role, chunks: split(bytes, within(bytes, places)), limit: LIMIT });
  });
  for (const example of HEADS) await ask(example);
  await check(runs, head, ask);
  await check(Math.ceil(runs / 10), fc.tuple(role, fc.array(message, { maxLength: 8 })), ([to, sent]) =>
    send(to, sent),
  );
  return tally;

  async function receive(input: Input): Promise<void> {
    const found = await compare(sockless, peers, input);
    for (const { name } of peers.filter(({ roles }) => roles.includes(input.role))) {
      const disagreement = found.find(({ peer }) => peer === name);
      if (disagreement === undefined) count(tally.agreed, name);
      else {
        const strictness = explain(disagreement);
        if (strictness === undefined) throw new Error(transcript(disagreement));
        count(tally.explained, `${name}: ${strictness.name}`);
      }
    }
  }

  async function ask({ role, bytes }: Head): Promise<void> {
    const ours = await (role === 'server' ? socklessServer : socklessClient).answer(bytes);
    for (const opening of openings) {
      if (opening.role !== role) continue;
      const { name } = opening;
      const theirs = await opening.answer(bytes);
      const explanation = explainAnswer(name, bytes, ours);
      if (theirs.accept === ours.accept) count(tally.agreed, name);
      else if (explanation !== undefined) count(tally.explained, `${name}: ${explanation}`);
      else {
        const [a, b] = [ours, theirs].map(({ accept, why }) => accept ?? why);
        const text = JSON.stringify(Buffer.from(bytes).toString('latin1'));
        throw new Error(`a ${role} gets\n  ${text}\n  sockless: ${a}\n  ${name}: ${b}`);
      }
    }
  }

  /** Every implementation receives what every other sends. */
  async function send(to: Role, messages: readonly Message[]): Promise<void> {
    const expected = messages.map(
      (item): Summary => (typeof item === 'string' ? ['text', item] : ['binary', toHex(item)]),
    );
    const from: Role = to === 'server' ? 'client' : 'server';
    for (const sender of [sockless, ...peers]) {
      if (sender.send === undefined) continue;
      const bytes = await sender.send(from, messages);
      for (const receiver of [sockless, ...peers]) {
        if (!receiver.roles.includes(to)) continue;
        const { events, verdict } = await receiver.receive(to, [bytes], LIMIT);
        const wanted = receiver.name === 'undici' ? expected.map(withoutMark) : expected;
        if (verdict !== 'ok' || JSON.stringify(events) !== JSON.stringify(wanted)) {
          throw new Error(
            `${sender.name} sends to a ${to}\n  ${JSON.stringify(expected)}\n  ${receiver.name}: ${JSON.stringify(events)}`,
          );
        }
        count(tally.agreed, receiver.name);
      }
    }
  }

  async function check<T>(numRuns: number, of: fc.Arbitrary<T>, property: (value: T) => Promise<void>): Promise<void> {
    await fc.assert(fc.asyncProperty(of, property), { numRuns, seed, includeErrorInReport: true });
  }
}

const role = fc.constantFrom<Role>('client', 'server');
const message = fc.oneof(text, fc.uint8Array({ maxLength: 300 }));

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
