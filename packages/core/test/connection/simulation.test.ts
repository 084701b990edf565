// Two applications and the network between them do what they like, from a seed. What holds whatever they do.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ConnectionEvent, type EndEvent, StateError } from '../../src/index.ts';
import { byteByByte, type Cut, cutAt, cutRandomly, type End, Pair, type Random } from '../pair.ts';
import { toHex } from '../support.ts';
import { NEVER } from './tools.ts';

const test = suite('simulation');

const CUTS: readonly Cut[] = [cutAt(), byteByByte, cutRandomly(3), cutRandomly(200)];

/** One end's application: what it has sent, whole messages only, in a form that compares well. */
class Application {
  readonly sent: string[] = [];
  readonly end: End;
  readonly #random: Random;
  /** The fragments of a message that is not complete. */
  #fragments: string | undefined = undefined;

  constructor(end: End, random: Random) {
    this.end = end;
    this.#random = random;
  }

  sendText(): void {
    const text = '€'.repeat(this.#size());
    this.#send(text, text);
  }

  sendBinary(): void {
    const bytes = new Uint8Array(this.#size()).map((_, at) => at + this.sent.length);
    this.#send(bytes, toHex(bytes));
  }

  #send(data: string | Uint8Array, message: string): void {
    if (this.#fragments !== undefined) this.sendFragment(true);
    this.#do(() => this.end.connection.send(data), message);
  }

  sendFragment(final = this.#random() < 0.3): void {
    const piece = 'é'.repeat(this.#size());
    const message = (this.#fragments ?? '') + piece;
    const sent = this.#do(() => this.end.connection.sendFragment(piece, final), final ? message : undefined);
    if (sent) this.#fragments = final ? undefined : message;
  }

  ping(): void {
    this.#do(() => this.end.connection.ping(String(this.sent.length)));
  }

  #size(): number {
    return Math.floor(this.#random() ** 6 * 1500);
  }

  /** Does what may not be possible any more; then it must say so, and not be done. */
  #do(action: () => void, message?: string): boolean {
    try {
      action();
      if (message !== undefined) this.sent.push(message);
      return true;
    } catch (error) {
      if (!(error instanceof StateError && error.rule === 'not-open')) throw error;
      assert.is.not(this.end.connection.state, 'open');
      return false;
    }
  }
}

/** How a network and its users behave. */
type Manner = 'kind' | 'rough';

interface Outcome {
  readonly pair: Pair;
  readonly applications: readonly [client: Application, server: Application];
}

function simulate(seed: number, manner: Manner): Outcome {
  const patience = manner === 'kind' ? NEVER : 400;
  const options = {
    ...{ heartbeat: { interval: 300, timeout: patience }, idleTimeout: patience, messageTimeout: patience },
    ...{ closeTimeout: 3000, maxQueuedBytes: NEVER },
  };
  const pair = new Pair({ seed, client: { ...options, fragmentSize: 700 }, server: options, opened: seed % 2 === 0 });
  const { random } = pair;
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  pair.latency = () => random() * 40;
  pair.cut = pick(CUTS);
  if (manner === 'kind') pair.run();
  const applications = [new Application(pair.client, random), new Application(pair.server, random)] as const;

  const rough: ((application: Application) => void)[] = [
    ({ end }) => end.connection.pause(),
    ({ end }) => end.connection.resume(pair.now),
    ({ end }) => end.connection.resume(pair.now),
    ({ end }) => Object.assign(end.out, { stalled: random() < 0.4 }),
    ({ end }) => Object.assign(end.out, { cut: pick(CUTS) }),
    ({ end }) => random() < 0.1 && end.connection.close(4000, 'rough', pair.now),
    ({ end }) => random() < 0.1 && end.out.end(pair.now),
    ({ end }) => random() < 0.05 && pair.reset('reset', end.role),
    () => random() < 0.05 && pair.reset(),
  ];
  const kind: ((application: Application) => void)[] = [
    (application) => application.sendText(),
    (application) => application.sendBinary(),
    (application) => application.sendFragment(),
    (application) => application.ping(),
    () => pair.run(pair.now + random() * 300),
  ];
  const actions = manner === 'kind' ? kind : [...kind, ...rough];
  for (let step = 0; step < 80; step++) pick(actions)(pick(applications));

  const last = pick(applications).end.connection;
  for (const { end } of applications) {
    end.out.stalled = false;
    end.connection.resume(pair.now);
  }
  if (last.state !== 'closed') last.close(1000, '', pair.now);
  pair.run(pair.now + 20_000);
  return { pair, applications };
}

const received = (events: readonly ConnectionEvent[]): string[] =>
  events.flatMap((event) =>
    event.type === 'text' ? [event.data] : event.type === 'binary' ? [toHex(event.data)] : [],
  );

// As events.ts promises.
const ORDER = /^(request )?(open ((text|binary|ping|pong) )*)?(close |fail )?end$/;

const ALLOWED: readonly unknown[] = [
  ...[undefined, 'idle-timeout', 'pong-timeout', 'message-timeout'],
  ...['handshake-interrupted', 'handshake-abandoned'],
];

function checkAlways({ applications }: Outcome): void {
  for (const [application, other] of [applications, [...applications].reverse()] as [Application, Application][]) {
    const { events, connection } = application.end;
    assert.match(application.end.types.join(' '), ORDER);
    const messages = received(events);
    assert.equal(messages, other.sent.slice(0, messages.length));
    const { explanation, clean, code } = events.at(-1) as EndEvent;
    assert.ok(ALLOWED.includes(explanation.error?.rule), explanation.summary);
    assert.is(clean, explanation.sent !== undefined && explanation.received !== undefined);
    assert.is(code === 1006, explanation.received === undefined);
    assert.equal([connection.state, connection.deadline, connection.queuedBytes], ['closed', NEVER, 0]);
    assert.is.not(connection.transport, 'open');
  }
}

for (let first = 1; first <= 151; first += 50) {
  test(`what a rough network and rough users lead to, seeds ${first} to ${first + 49}`, () => {
    for (let seed = first; seed < first + 50; seed++) checkAlways(simulate(seed, 'rough'));
  });
}

test('a kind network delivers all that was sent before the close, and both ends end cleanly', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const outcome = simulate(seed, 'kind');
    checkAlways(outcome);
    const [client, server] = outcome.applications;
    const ends = [client, server].map(({ end }) => end.events.at(-1) as EndEvent);
    assert.ok(ends.every(({ clean }) => clean));
    const [closer, other] = ends[0]?.explanation.initiator === 'local' ? [client, server] : [server, client];
    assert.equal(received(other.end.events), closer.sent);
  }
});

test('the same seed leads to the same events and the same bytes', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const [one, two] = [simulate(seed, 'rough').pair, simulate(seed, 'rough').pair];
    for (const role of ['client', 'server'] as const) {
      assert.equal(one[role].types, two[role].types);
      assert.equal(received(one[role].events), received(two[role].events));
      assert.equal(one[role].out.written.map(toHex), two[role].out.written.map(toHex));
    }
    assert.is(one.now, two.now);
  }
});

test.run();
