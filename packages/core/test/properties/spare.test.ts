// Connections that share their options, and with them receivers and senders that are idle, against such that share nothing.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { randomBytes, seeded } from '../../../adapter/src/testing/random.ts';
import { pako } from '../../../deflate/src/index.ts';
import { permessageDeflate } from '../../src/deflate/index.ts';
import { type ResolvedServerOptions, type Role, resolveServerOptions, type ServerOptions } from '../../src/index.ts';
import { decodeFrames, encodeFrame } from '../reference.ts';
import { hex, join, SEVENS } from '../support.ts';
import { check } from './check.ts';
import { type Act, COMPRESSION, type Data, type Kind, type Plain, Run } from './run.ts';
import { anyStream, mutatedStream, text, validStream } from './streams.ts';

const spare = suite('properties/spare');

/** Returns what a connection sent, without masking keys unless it opens by a handshake. */
function unmasked(sent: Uint8Array, opens: boolean): unknown {
  if (opens) return sent;
  const { frames, rest } = decodeFrames(sent);
  return [frames.map(({ key, ...frame }) => ({ ...frame, masked: key !== undefined })), rest];
}

const payload = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constantFrom(126, 1100, 4096, 9000, 66_000).map((n) => new Uint8Array(n).fill(n & 0xff)) },
);
const data: fc.Arbitrary<Data> = fc.oneof(text, payload, fc.constantFrom('a'.repeat(5000), 'é'.repeat(3000)));

const just = (...types: Plain[]): fc.Arbitrary<Act> => fc.record({ type: fc.constantFrom(...types) });

const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      type: fc.constant('receive' as const),
      size: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 300 }), fc.constant(70_000)),
      poll: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
    }),
  },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('send' as const), data }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('fragment' as const), data, final: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('ping' as const, 'pong' as const),
      data: fc.uint8Array({ maxLength: 9 }),
    }),
  },
  { weight: 8, arbitrary: just('poll', 'transmit', 'drain', 'flush', 'release') },
  { weight: 1, arbitrary: just('pause', 'resume', 'resume', 'resume') },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('wait' as const), time: fc.integer({ min: 0, max: 900 }) }) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      { weight: 2, arbitrary: fc.record({ type: fc.constant('close' as const), code: fc.constantFrom(1000, 3000) }) },
      { weight: 1, arbitrary: just('end') },
    ),
  },
);

/** What the options may be besides their defaults. */
const OPTIONS: Record<string, ServerOptions> = {
  'no others': {},
  'rate limits': {
    rateLimits: { messages: { perSecond: 5, burst: 4 }, bytes: { perSecond: 2000 }, controlFrames: { perSecond: 3 } },
  },
  fragments: { messages: 'fragments', fragmentSize: 30 },
  'no decoder of the host': {
    textDecoder: { decode: (bytes) => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) },
    autoPong: false,
  },
  compression: { compression: permessageDeflate(pako, COMPRESSION) },
};

/** Frames that suit a role, most of them legal; some compressed. */
const streamFor = (role: Role): fc.Arbitrary<Uint8Array> => {
  const key = role === 'server' ? { key: [1, 2, 3, 4] } : {};
  const compressed = [true, false].map((fin) =>
    encodeFrame({ opcode: fin ? 1 : 0, rsv: fin ? 4 : 0, payload: hex('f2 48 cd c9 c9 07 00'), ...key }),
  );
  return fc
    .array(
      fc.oneof(
        { weight: 5, arbitrary: validStream },
        { weight: 1, arbitrary: anyStream },
        { weight: 1, arbitrary: mutatedStream },
        { weight: 1, arbitrary: fc.constantFrom(...compressed).map((bytes) => ({ role, bytes })) },
      ),
      { minLength: 2, maxLength: 6 },
    )
    .map((streams) => join(streams.filter((stream) => stream.role === role).map(({ bytes }) => bytes)));
};

const kindOf = (...roles: Role[]): fc.Arbitrary<Kind> =>
  fc
    .tuple(fc.constantFrom(...roles), fc.boolean(), fc.integer({ min: 0, max: 3 }))
    .chain(([role, opens, compresses]) =>
      streamFor(role).map((stream) => ({ role, opens, compresses: compresses === 0, stream })),
    );

const interleaving = fc.record({
  kinds: fc.oneof(
    ...[kindOf('client'), kindOf('server'), kindOf('client', 'server')].map((kind) =>
      fc.array(kind, { minLength: 2, maxLength: 5 }),
    ),
  ),
  steps: fc.array(fc.tuple(fc.nat(4), act), { minLength: 40, maxLength: 150 }),
});

for (const [name, options] of Object.entries(OPTIONS)) {
  for (const keys of ['the same', 'all different'] as const) {
    spare(
      `connections that share their options do what each would do alone; options: ${name}; masking keys: ${keys}`,
      () => {
        // With keys that differ, an opening handshake would as well.
        const opensAtAll = keys === 'the same';
        const resolve = (): ResolvedServerOptions =>
          resolveServerOptions({
            heartbeat: { interval: 400, timeout: 3000 },
            ...{
              idleTimeout: 5000,
              messageProgress: { bytes: 100, within: 2000 },
              stallTimeout: 3000,
              closeTimeout: 2000,
              ...options,
            },
            random: opensAtAll ? SEVENS : randomBytes(seeded(1)),
          });
        check(
          120,
          fc.property(interleaving, ({ kinds: all, steps }) => {
            const kinds = all.map((kind) => ({ ...kind, opens: kind.opens && opensAtAll }));
            const shared = resolve();
            const runs = kinds.map((kind) => new Run(kind, shared));
            const plans: [act: Act, now: number][][] = kinds.map(() => []);
            let now = 0;
            for (const [which, act] of steps) {
              if (act.type === 'wait') now += act.time;
              const i = which % runs.length;
              runs[i]?.act(act, now);
              plans[i]?.push([act, now]);
            }
            for (const run of runs) run.assertIntact();
            for (const [i, kind] of kinds.entries()) {
              const alone = new Run(kind, resolve());
              for (const [act, then] of plans[i] ?? []) alone.act(act, then);
              const expected = alone.outcome(now);
              const actual = runs[i]?.outcome(now);
              assert.equal(actual?.seen, expected.seen);
              assert.equal(unmasked(actual?.sent ?? hex(''), kind.opens), unmasked(expected.sent, kind.opens));
            }
          }),
        );
      },
    );
  }
}

spare.run();
