/** Two applications that act at random, driven by a seed, at the two ends of any transport. */
import type { Handlers } from '../handlers.ts';
import type { WebSocketConnection } from '../websocket-connection.ts';
import { Application } from './application.ts';
import { Crowd } from './crowd.ts';
import { type Fault, faultsOfEnd, faultsOfLoss, faultsOfOrder, faultsOfWaiting } from './invariants.ts';
import { anyManner } from './manner.ts';
import { pick, type Random, seeded } from './random.ts';
import { settled, VirtualClock } from './virtual-clock.ts';

/** The parameters for opening a transport. */
export interface Opening {
  /** For the option `clock` of both connections. */
  readonly clock: VirtualClock;
  /** For other random choices, so that the same seed repeats everything. */
  readonly random: Random;
  /** The handlers of the client. */
  readonly client: Handlers;
  /** The handlers of the server. */
  readonly server: Handlers;
}

/** The two ends of an open transport. */
export interface Opened {
  /** The client's end. */
  readonly client: WebSocketConnection;
  /** The server's end. */
  readonly server: WebSocketConnection;
  /** Resolves when no bytes are on their way that move without the clock. Default: {@link settled}. */
  readonly settled?: (() => Promise<void>) | undefined;
  /** Actions on the transport, by name, that end it or lose bytes. */
  readonly harms?: Readonly<Record<string, () => void>> | undefined;
}

/** The result of an exercise. */
export interface Exercise {
  /** The rules that did not hold; empty if all did. */
  readonly faults: readonly Fault[];
  /** Every action and event, line by line; the same for the same seed. */
  readonly trace: readonly string[];
  /** The number of messages that arrived. */
  readonly messages: number;
}

/** The milliseconds without obstacles after which nothing may still wait, and those after which all deadlines have passed. */
const CALM = 500;
const LONG = 600_000;

/**
 * Lets two applications send, pause, iterate, lend, throw, close and terminate at both ends of a transport, and checks the rules
 * that hold whatever they do.
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
    // Half of them end by sending until they are told to wait.
    if (random() < 0.5) app.pump(100);
    app.quiet = true;
    if (app.paused) app.resume();
  }
  await pass(CALM);
  const faults = both.flatMap((app) => faultsOfWaiting(app));
  // A connection that has ended delivers nothing more.
  const isWhole = !isHarmed && both.every(({ ends }) => ends.length === 0);
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    // Without a reader, messages wait and are finally dropped.
    if (isWhole && to.manner.reads === 'handler') faults.push(...faultsOfLoss(from, to.received.length));
  }
  client.close();
  await pass(CALM);
  // From here on only deadlines end the connections.
  await clock.pass(LONG);
  faults.push(...both.flatMap((app) => faultsOfEnd(app)));
  faults.push(...faultsOfOrder(client.sent, server.received), ...faultsOfOrder(server.sent, client.received));
  // Both ends are sockless, so only the transport can have broken a rule of the protocol.
  for (const { explanation } of both.flatMap(({ ends }) => ends)) {
    const { error, summary } = explanation;
    if (error !== undefined && !OWN.has(error.rule)) faults.push({ kind: 'rule', message: summary });
  }
  if (clock.timers > 0) faults.push({ kind: 'left behind', message: `${clock.timers} timers` });
  return { faults, trace, messages: client.received.length + server.received.length };
}

/** The length of a step in milliseconds, shorter than the time between timers, so that the transport keeps pace. */
const STEP = 5;

/** The rules that an application, or its silence, may break. */
const OWN: ReadonlySet<string> = new Set([
  ...['handler-failed', 'reader-too-slow', 'idle-timeout', 'pong-timeout', 'message-stalled', 'stall-timeout'],
  ...['handshake-timeout', 'handshake-interrupted', 'handshake-abandoned'],
]);
