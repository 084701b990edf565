/** Two applications at the ends of a transport of your own do what they like, from a seed. */
import type { Handlers } from '../handlers.ts';
import type { WebSocketConnection } from '../websocket-connection.ts';
import { Application, anyManner } from './application.ts';
import { Crowd } from './crowd.ts';
import { type Fault, faultsOfEnd, faultsOfLoss, faultsOfOrder, faultsOfWaiting } from './invariants.ts';
import { pick, type Random, seeded } from './random.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

/** What a transport is opened with. */
export interface Opening {
  /** For the option `clock` of both connections. */
  readonly clock: VirtualClock;
  /** For whatever else is to be random: everything comes again for the same seed. */
  readonly random: Random;
  /** The handlers of the client. */
  readonly client: Handlers;
  /** The handlers of the server. */
  readonly server: Handlers;
}

/** The two ends of a transport that has been opened. */
export interface Opened {
  /** The client's end. */
  readonly client: WebSocketConnection;
  /** The server's end. */
  readonly server: WebSocketConnection;
  /** Resolves when nothing is on its way that does not wait for the clock. Default: {@link settled}. */
  readonly settled?: (() => Promise<void>) | undefined;
  /** What may happen to the transport, by name, that ends it or loses bytes. */
  readonly harms?: Readonly<Record<string, () => void>> | undefined;
}

/** What came of it. */
export interface Exercise {
  /** What did not hold; none, if all is well. */
  readonly faults: readonly Fault[];
  /** What was done, line by line: the same for the same seed. */
  readonly trace: readonly string[];
  /** How many messages have arrived. */
  readonly messages: number;
}

/** How long nothing holds anything up before it is asked who still waits, and how long all deadlines take, in milliseconds. */
const CALM = 500;
const LONG = 600_000;

/**
 * Lets two applications send, pause, iterate, lend, throw, close and terminate at both ends of a transport, and checks what
 * holds whatever they do.
 *
 * @param open opens the transport, and returns the connections on it
 * @example
 * ```ts
 * for (let seed = 1; seed <= 1000; seed++) {
 *   const { faults, trace } = await exercise(seed, open);
 *   if (faults.length > 0) throw new Error([`seed ${seed}`, ...trace].join('\n'));
 * }
 * ```
 */
export async function exercise(
  seed: number,
  open: (opening: Opening) => Opened | PromiseLike<Opened>,
): Promise<Exercise> {
  const clock = new VirtualClock();
  const random = seeded(seed);
  const trace: string[] = [];
  const crowd = new Crowd();
  const application = (name: string): Application =>
    new Application({
      ...{ random, clock, crowd, manner: { ...anyManner(random), hearsErrors: true } },
      note: (what) => void trace.push(`${clock.now().toFixed(1)} ${name} ${what}`),
    });
  const client = application('client');
  const server = application('server');
  const both = [client, server];
  const opened = await open({ clock, random, client: client.handlers, server: server.handlers });
  client.has(opened.client);
  server.has(opened.server);
  const pass = async (milliseconds: number): Promise<void> => {
    await (opened.settled ?? settled)();
    for (let left = milliseconds; left > 0; left -= STEP) {
      await clock.pass(Math.min(left, STEP));
      await (opened.settled ?? settled)();
    }
  };

  const harms = Object.entries(opened.harms ?? {});
  let isHarmed = false;
  for (let step = Math.floor(random() * 60); step > 0; step--) {
    if (random() < 0.4) await pass(random() * 100);
    else if (random() < 0.995 || harms.length === 0) pick(random, both).act();
    else {
      const [name, act] = pick(random, harms);
      trace.push(`${clock.now().toFixed(1)} harm ${name}`);
      isHarmed = true;
      act();
    }
    await (opened.settled ?? settled)();
  }

  for (const app of both) {
    // The last that many do is to send until they are told to wait.
    if (random() < 0.5) app.pump(100);
    app.quiet = true;
    if (app.paused) app.resume();
  }
  await pass(CALM);
  const faults = both.flatMap((app) => faultsOfWaiting(app));
  // Whoever says goodbye takes nothing more.
  const isWhole = !isHarmed && both.every(({ ends }) => ends.length === 0);
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    // Where nobody takes messages they wait, and are dropped.
    if (isWhole && to.manner.reads === 'handler') faults.push(...faultsOfLoss(from, to.received.length));
  }
  client.close();
  await pass(CALM);
  // From here on deadlines alone end what has not ended.
  for (let left = LONG; left > 0 && clock.timers > 0; left -= 1000) await clock.pass(1000);
  faults.push(...both.flatMap((app) => faultsOfEnd(app)));
  faults.push(...faultsOfOrder(client.sent, server.received), ...faultsOfOrder(server.sent, client.received));
  // Both ends are ours, so that a rule can only be broken by what the transport has done to the bytes.
  for (const { explanation } of both.flatMap(({ ends }) => ends)) {
    const { error, summary } = explanation;
    if (error !== undefined && !OWN.has(error.rule)) faults.push({ kind: 'rule', message: summary });
  }
  if (clock.timers > 0) faults.push({ kind: 'left behind', message: `${clock.timers} timers` });
  return { faults, trace, messages: client.received.length + server.received.length };
}

/** Time passes in steps that are shorter than what waits for it is apart, so that the transport keeps pace. */
const STEP = 5;

/** The rules that an application or its silence breaks. */
const OWN: ReadonlySet<string> = new Set([
  ...['handler-failed', 'reader-too-slow', 'idle-timeout', 'pong-timeout', 'message-stalled', 'stall-timeout'],
  ...['handshake-timeout', 'handshake-interrupted', 'handshake-abandoned'],
]);
