/**
 * Two applications and the network between them do what they like, from a seed, on a clock that does not wait. What holds
 * whatever they do is checked; one seed leads to the same bytes and the same events, always.
 */
import * as assert from 'uvu/assert';
import { pako } from '../../../deflate/src/index.ts';
import { permessageDeflate } from '../../src/deflate/index.ts';
import type { ConnectionEvent, EndEvent, ServerOptions } from '../../src/index.ts';
import { byteByByte, type Cut, cutAt, cutRandomly, type End, Pair, type Random } from '../pair.ts';
import { Application, MAX_QUEUED, received } from './application.ts';
import { NEVER } from './tools.ts';

/** How often something was done to a connection, by kind. */
export type Faults = Map<string, number>;

/** The result of one schedule. */
export interface Outcome {
  readonly pair: Pair;
  /** Messages that arrived. */
  readonly messages: number;
  readonly faults: Faults;
  /** Of all that was written and delivered; the same for the same seed. */
  readonly digest: number;
}

const CUTS: readonly Cut[] = [cutAt(), cutAt(), byteByByte, cutRandomly(3), cutRandomly(200)];

/** A network that only delays and cuts, and applications that only send; or all that can be. */
export type Manner = 'kind' | 'rough';

const STEPS = 60;
const PATIENCE = 400; // milliseconds

/** The answers that wait when both Close frames are there; the pings of this world have short payloads. */
const LAST_PONGS = 100;

/** The longest message, a pong and a Close frame, with their headers, and the pongs that wait in their places. */
const MAX_MORE = 4500 + 14 + 2 * 139 + 4096;

/**
 * Runs one schedule.
 *
 * @throws {AssertionError} when something does not hold; its message names the seed
 */
export function simulate(seed: number, manner: Manner = seed % 4 === 0 ? 'kind' : 'rough'): Outcome {
  const world = new World(seed, manner);
  try {
    world.run();
    return world.check();
  } catch (error) {
    throw new Error(`seed ${seed}, ${manner}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

class World {
  readonly pair: Pair;
  readonly #manner: Manner;
  readonly #random: Random;
  readonly #applications: readonly [client: Application, server: Application];
  readonly #faults: Faults = new Map();
  readonly #rates: boolean;

  constructor(seed: number, manner: Manner) {
    this.#manner = manner;
    const patience = manner === 'kind' ? NEVER : PATIENCE;
    const options: ServerOptions = {
      ...{ heartbeat: { interval: 300, timeout: patience }, idleTimeout: patience },
      ...{ messageProgress: { bytes: 100, within: patience }, stallTimeout: patience },
      ...{ closeTimeout: 3000, handshakeTimeout: patience, maxQueuedBytes: manner === 'kind' ? NEVER : MAX_QUEUED },
      messages: seed % 5 === 0 ? 'fragments' : 'whole',
      compression: seed % 3 === 0 ? permessageDeflate(pako, { level: 1, memLevel: 1, threshold: 20 }) : undefined,
    };
    this.#rates = manner === 'rough' && seed % 7 === 0;
    const rateLimits = this.#rates ? { messages: { perSecond: 4, burst: 3 }, controlFrames: { perSecond: 4 } } : {};
    this.pair = new Pair({
      seed,
      client: { ...options, fragmentSize: 700 },
      server: { ...options, rateLimits },
      opened: seed % 3 !== 0 && seed % 2 === 0,
    });
    const { client, server, random } = this.pair;
    this.#random = random;
    const full = (): void => this.#count('queue full');
    this.#applications = [new Application(client, random, full), new Application(server, random, full)];
    this.pair.latency = () => random() * 40;
    this.pair.cut = this.#pick(CUTS);
    for (const end of [client, server]) end.reports = random() < 0.7;
    if (manner === 'kind') this.pair.run();
    else if (random() < 0.05) server.onEvent = (event, connection) => this.#reject(event, connection);
  }

  /** Both applications and the network act, time passes, and in the end the network recovers. */
  run(): void {
    const { pair } = this;
    const usual: readonly (() => void)[] = [
      () => this.#pick(this.#applications).sendText(),
      () => this.#pick(this.#applications).sendBinary(),
      () => this.#pick(this.#applications).sendFragment(),
      () => this.#pick(this.#applications).ping(),
      () => pair.run(pair.now + this.#random() * 300),
    ];
    for (let step = Math.floor(this.#random() * STEPS); step >= 0; step--) {
      if (this.#manner === 'kind' || this.#random() < 0.7) this.#pick(usual)();
      else this.#harm(this.#pick(this.#applications).end);
      for (const { end } of this.#applications) {
        assert.ok(
          this.#manner === 'kind' || end.connection.queuedBytes < MAX_QUEUED + MAX_MORE,
          'the outbox is bounded',
        );
        this.#checkWait(end);
      }
    }
    for (const { end } of this.#applications) {
      end.out.stalled = false;
      end.out.capacity = NEVER;
      end.connection.resume(pair.now);
    }
    const last = this.#pick(this.#applications).end.connection;
    if (last.state !== 'closed') last.close(1000, '', pair.now);
    pair.run(pair.now + 20_000);
  }

  /** Does one thing that can go wrong to an end. */
  #harm(end: End): void {
    const { pair } = this;
    const { connection, out } = end;
    const harms: readonly (readonly [kind: string, likely: number, () => void])[] = [
      ['pause', 1, () => connection.pause()],
      ['resume', 1, () => connection.resume(pair.now)],
      ['stall', 0.5, () => Object.assign(out, { stalled: true })],
      ['go on', 1, () => Object.assign(out, { stalled: false })],
      ['other cuts', 1, () => Object.assign(out, { cut: this.#pick(CUTS) })],
      ['little room', 0.5, () => Object.assign(out, { capacity: 100 })],
      ['a few bytes at a time', 0.5, () => Object.assign(out, { most: 1 + Math.floor(this.#random() * 40) })],
      ['much room', 1, () => Object.assign(out, { capacity: NEVER })],
      ['slow', 0.5, () => Object.assign(out, { latency: 300 })],
      ['drop all from here on', 0.1, () => Object.assign(out, { dropping: true })],
      ['close', 0.1, () => connection.close(4000, 'rough', pair.now)],
      ['a handler fails', 0.05, () => connection.fail('handler-failed', 'rough', pair.now)],
      ['the reader is too slow', 0.2, () => connection.fail('reader-too-slow', 'rough', pair.now)],
      ['end one way', 0.1, () => out.end(pair.now)],
      ['reset one way', 0.05, () => pair.reset('reset', end.role)],
      ['reset', 0.05, () => pair.reset()],
    ];
    const [kind, likely, act] = this.#pick(harms);
    if (this.#random() >= likely) return;
    this.#count(kind);
    act();
  }

  /** Asserts that a stall deadline runs whenever bytes wait on an endpoint that reports and gives the time. */
  #checkWait({ connection, reports }: End): void {
    if (this.#manner === 'kind' || !reports || connection.queuedBytes === 0) return;
    connection.written(0, this.pair.now);
    assert.is.not(connection.deadline, NEVER, 'every wait has a deadline');
  }

  #reject(event: ConnectionEvent, connection: End['connection']): void {
    if (event.type !== 'request' || connection.state !== 'connecting') return;
    this.#count('reject');
    connection.reject(503, {}, 'rough', this.pair.now);
  }

  /** What holds for both ends, and between them. */
  check(): Outcome {
    const [client, server] = this.#applications;
    let messages = 0;
    for (const [one, other] of [[client, server] as const, [server, client] as const]) {
      const { events, connection, types } = one.end;
      assert.match(types.join(' '), ORDER);
      const delivered = received(events);
      messages += delivered.length;
      assert.equal(delivered, other.sent.slice(0, delivered.length), 'messages arrive in order, whole and once');
      const { explanation, clean, code } = events.at(-1) as EndEvent;
      const { error, sent, endedEarly } = explanation;
      assert.ok(ALLOWED.has(error?.rule) || (this.#rates && RATES.has(error?.rule)), explanation.summary);
      if (error !== undefined) this.#count(`failed: ${error.rule}`);
      assert.is(clean, !endedEarly && error === undefined);
      if (clean) assert.ok(sent !== undefined && explanation.received !== undefined);
      assert.is(code === 1006, explanation.received === undefined);
      assert.equal([connection.state, connection.deadline], ['closed', NEVER], 'all ends');
      assert.is.not(connection.transport, 'open');
      // A Close frame that was received is one that was sent. Without one, there is an explanation.
      const { explanation: theirs } = other.end.events.at(-1) as EndEvent;
      if (explanation.received !== undefined)
        assert.equal(explanation.received, theirs.sent, 'both agree on who said what');
      else assert.ok(explanation.endedEarly || error !== undefined, 'the end is explained');
      if (clean && theirs.error === undefined && explanation.initiator === 'remote')
        assert.is(theirs.initiator, 'local');
      if (this.#manner === 'kind') {
        // Who closes may have answered a Ping frame last, which the other had no reason to wait for.
        const most = explanation.initiator === 'local' ? LAST_PONGS : 0;
        assert.ok(clean && explanation.unsentBytes <= most, explanation.summary);
      }
      // Who listens to the end receives all, or the other knows that it has not sent all.
      const listens = explanation.initiator !== 'local' && !HARMS.some((kind) => this.#faults.has(kind));
      if (listens && other.end.reports && delivered.length < other.sent.length) {
        assert.ok(theirs.unsentBytes > 0, theirs.summary);
        this.#count('not all has left');
      }
    }
    if (this.#manner === 'kind') this.#checkKind();
    return { pair: this.pair, messages, faults: this.#faults, digest: this.#digest() };
  }

  /** Who does not begin to close receives all that the other has sent. */
  #checkKind(): void {
    const [client, server] = this.#applications;
    const { explanation } = client.end.events.at(-1) as EndEvent;
    const [closer, other] = explanation.initiator === 'local' ? [client, server] : [server, client];
    assert.equal(received(other.end.events), closer.sent);
  }

  /** FNV-1a of all bytes and of the types of all events. */
  #digest(): number {
    let hash = 0x811c9dc5;
    const add = (value: number): void => {
      hash = Math.imul(hash ^ value, 0x01000193) >>> 0;
    };
    for (const { end } of this.#applications) {
      for (const bytes of end.out.written) for (const byte of bytes) add(byte);
      for (const type of end.types) for (const character of type) add(character.charCodeAt(0));
    }
    add(this.pair.now);
    return hash;
  }

  #count(kind: string): void {
    this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
  }

  #pick<T>(choices: readonly T[]): T {
    return choices[Math.floor(this.#random() * choices.length)] as T;
  }
}

// As events.ts promises.
const ORDER = /^(request )?(open ((text|binary|fragment|ping|pong) )*)?(close )?(fail )?end$/;

const ALLOWED = new Set<unknown>([
  ...[undefined, 'idle-timeout', 'pong-timeout', 'message-stalled', 'stall-timeout', 'handshake-timeout'],
  ...['handler-failed', 'reader-too-slow', 'handshake-failed'],
  ...['handshake-interrupted', 'handshake-abandoned', 'handshake-rejected', 'status-not-101'],
]);

/** The faults with which a network loses bytes that it has taken. */
const HARMS = ['drop all from here on', 'end one way', 'reset one way', 'reset'];

const RATES = new Set<unknown>(['message-rate', 'control-rate']);
