// Connections that share their options, and with them receivers and senders that are idle, against such that share nothing.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { DeflateTransform, permessageDeflate } from '../../src/deflate/index.ts';
import {
  Connection,
  type ConnectionEvent,
  type ResolvedServerOptions,
  type Role,
  resolveServerOptions,
  type ServerOptions,
} from '../../src/index.ts';
import { PLAIN } from '../deflate/tools.ts';
import { decodeFrames, encodeFrame } from '../reference.ts';
import { concat, drain, equalBytes, hex, join, type Summary, summarize } from '../support.ts';
import { check } from './check.ts';
import { anyStream, mutatedStream, text, validStream } from './streams.ts';

const spare = suite('properties/spare');

const COMPRESSION = { level: 1, memLevel: 8, threshold: 20 } as const;

/** How a connection comes about. */
interface Kind {
  readonly role: Role;
  /** By an opening handshake of its own, or of somebody else's. */
  readonly opens: boolean;
  /** Where it compresses: the options are the same. */
  readonly compresses: boolean;
  /** What it receives once it is open. */
  readonly stream: Uint8Array;
}

type Data = string | Uint8Array;

/** What may happen to a connection. */
type Act =
  | { type: 'receive'; size: number; poll: boolean }
  | { type: 'send'; data: Data }
  | { type: 'fragment'; data: Data; final: boolean }
  | { type: 'ping' | 'pong'; data: Uint8Array }
  | { type: 'close'; code: number }
  | { type: 'wait'; time: number }
  | { type: Plain };

type Plain = 'poll' | 'transmit' | 'drain' | 'flush' | 'release' | 'pause' | 'resume' | 'end';

/** What one connection did: its events, what its commands threw, and its bytes. */
class Run {
  readonly #connection: Connection;
  readonly #stream: Uint8Array;
  readonly #head: number;
  readonly #events: ConnectionEvent[] = [];
  readonly #seen: Summary[] = [];
  readonly #sent: Uint8Array[] = [];
  // What was transmitted, as it was then, and where it lies until it has been released.
  #views: [view: Uint8Array, before: Uint8Array][] = [];
  #at = 0;

  constructor(kind: Kind, options: ResolvedServerOptions) {
    const { role, opens, compresses, stream } = kind;
    if (opens && role === 'client') {
      this.#connection = Connection.client('ws://example.com/', options as object);
    } else if (opens) {
      this.#connection = Connection.server(options);
    } else {
      const transform = compresses ? new DeflateTransform(role, PLAIN, pako, COMPRESSION) : undefined;
      this.#connection = Connection.opened(role, { transform }, options);
    }
    const head = opens ? headFor(role) : hex('');
    this.#head = head.length;
    this.#stream = concat(head, stream);
  }

  act(act: Act, now: number): void {
    const connection = this.#connection;
    try {
      switch (act.type) {
        case 'receive': {
          // A head is parsed in one piece, for there is more to see behind it.
          const size = act.size + (this.#at === 0 ? this.#head : 0);
          const chunk = this.#stream.slice(this.#at, this.#at + size);
          this.#at += chunk.length;
          connection.receive(chunk, now);
          if (act.poll) this.#poll();
          break;
        }
        case 'send':
          connection.send(act.data);
          break;
        case 'fragment':
          connection.sendFragment(act.data, act.final);
          break;
        case 'ping':
        case 'pong':
          connection[act.type](act.data);
          break;
        case 'close':
          connection.close(act.code, 'bye', now);
          break;
        case 'wait':
          connection.timeout(now);
          break;
        case 'poll':
          this.#poll();
          break;
        case 'transmit':
          // So many bytes exactly: in how many parts they come depends on other connections.
          for (let left = 50; left > 0; ) {
            const length = this.#transmit(left);
            if (length === 0) break;
            left -= length;
          }
          break;
        case 'drain':
        case 'flush':
          while (this.#transmit() > 0);
          if (act.type === 'flush') this.#release();
          break;
        case 'release':
          this.#release();
          break;
        case 'pause':
          connection.pause();
          break;
        case 'resume':
          connection.resume(now);
          break;
        case 'end':
          connection.receiveEnd(now);
      }
    } catch (error) {
      this.#seen.push(['throws', String((error as { rule?: string }).rule ?? error)]);
    }
    this.#seen.push(['state', connection.state, connection.transport, connection.deadline]);
  }

  #poll(): void {
    for (const event of this.#connection) {
      // The transport may have ended before the request was polled.
      if (event.type === 'request' && this.#connection.state === 'connecting') this.#connection.accept();
      this.#events.push(event);
      this.#seen.push(event.type === 'pong' ? [...summarize(event), event.latency ?? -1] : summarize(event));
    }
  }

  #transmit(max?: number): number {
    const view = this.#connection.transmit(undefined, max);
    if (view === undefined) return 0;
    const copy = view.slice();
    this.#sent.push(copy);
    this.#views.push([view, copy]);
    return view.length;
  }

  #release(): void {
    this.assertIntact();
    this.#connection.written();
    this.#views = [];
  }

  /** What was given and not released, and what was delivered, is as it was. */
  assertIntact(): void {
    for (const [view, before] of this.#views) equalBytes(view, before, 'what was transmitted');
  }

  /** All of it, once it is over. */
  outcome(now: number): { seen: readonly Summary[]; sent: Uint8Array } {
    this.#connection.resume(now);
    this.#poll();
    this.#connection.receiveEnd(now);
    this.#poll();
    while (this.#transmit() > 0);
    this.assertIntact();
    const delivered = this.#seen.filter(([type]) => EVENTS.has(type));
    const later = this.#events.map((event) =>
      event.type === 'pong' ? [...summarize(event), event.latency ?? -1] : summarize(event),
    );
    assert.equal(later, delivered, 'what was delivered stays as it is');
    return { seen: this.#seen, sent: join(this.#sent) };
  }
}

const EVENTS = new Set(['request', 'open', 'text', 'binary', 'fragment', 'ping', 'pong', 'close', 'fail', 'end']);

const same = (bytes: Uint8Array): void => void bytes.fill(7);

/** A source of masking keys that are all different. */
function different(): (bytes: Uint8Array) => void {
  let next = 1;
  return (bytes) => {
    for (let at = 0; at < bytes.length; at++) {
      next = (Math.imul(next, 16_807) + at) & 0x7fffffff;
      bytes[at] = next >> 8;
    }
  };
}

/** The head of an opening handshake as the peer of a role sends it, where that has the random source `same`. */
function headFor(role: Role): Uint8Array {
  const client = Connection.client('ws://example.com/', { random: same });
  const request = drain(client);
  if (role === 'server') return request;
  const server = Connection.server();
  for (const event of server.receive(request)) if (event.type === 'request') server.accept();
  return drain(server);
}

/** What a connection sent, in a form in which masking keys do not matter. */
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
    spare(`each does what it would do alone; options: ${name}; masking keys: ${keys}`, () => {
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
          random: opensAtAll ? same : different(),
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
    });
  }
}

spare.run();
