// One schedule: connections under test, their applications, their peers and the network, on a clock that does not wait.
import { Crowd, type Fault, POLITE, pick, type Random, seeded, settled, VirtualClock } from '@sockless/adapter/testing';
import { Line } from './line.ts';
import { makePlan, nameOf, type Plan } from './plan.ts';
import type { Subject } from './subject.ts';

/** The result of a schedule. */
export interface Outcome {
  readonly seed: number;
  /** The rules that did not hold, by kind. */
  readonly faults: readonly Fault[];
  /** Every action and event, line by line; the same for the same seed. */
  readonly trace: readonly string[];
  /** Counts of the injected events. */
  readonly injected: ReadonlyMap<string, number>;
  readonly messages: number;
}

/** Errors that reached the process, which is always a fault. */
const process_ = globalThis.process;

/** Runs one schedule. */
export async function simulate(subject: Subject, seed: number): Promise<Outcome> {
  const clock = new VirtualClock();
  const undo = subject.prepare?.(clock);
  const world = new World(subject, seed, clock);
  const { error } = console;
  const onUncaught = (thrown: unknown): void => world.fault(`process: ${nameOf(thrown)}`, `uncaught: ${thrown}`);
  const onUnhandled = (thrown: unknown): void =>
    world.fault(`process: ${nameOf(thrown)}`, `unhandled rejection: ${thrown}`);
  process_.on('uncaughtException', onUncaught);
  process_.on('unhandledRejection', onUnhandled);
  console.error = (...values: unknown[]): void => world.printed(values);
  try {
    await world.run().catch(onUncaught);
    return world.outcome;
  } finally {
    console.error = error;
    process_.off('uncaughtException', onUncaught);
    process_.off('unhandledRejection', onUnhandled);
    undo?.();
  }
}

/** Shorter than any deadline, and long enough for everything on its way to arrive. */
const CALM = 800;

/** Longer than all deadlines one after the other. */
const LONG = 15_000;

export class World {
  readonly clock: VirtualClock;
  readonly random: Random;
  readonly subject: Subject;
  readonly plan: Plan;
  readonly trace: string[] = [];
  readonly faults: Fault[] = [];
  readonly injected: Map<string, number> = new Map();
  /** The applications under test. */
  readonly crowd: Crowd = new Crowd();
  readonly #seed: number;
  readonly #lines: Line[];
  /** A connection that is left alone. */
  readonly #bystander: Line;
  #printed = 0;

  constructor(subject: Subject, seed: number, clock: VirtualClock) {
    this.#seed = seed;
    this.clock = clock;
    this.subject = subject;
    this.random = seeded(seed);
    this.plan = makePlan(this.random, subject);
    this.#bystander = new Line(this, 'bystander', {
      ...{ way: 'opened', manner: POLITE, before: [], connecting: false, tls: false, allowHalfOpen: true },
      ...{ created: 'at once', reconnect: false, peer: 'polite', latency: 1, capacity: 200_000, most: Infinity },
    });
    this.#lines = this.plan.connections.map((plan, at) => new Line(this, `#${at + 1}`, plan));
  }

  get outcome(): Outcome {
    const { trace, faults, injected } = this;
    const messages = this.#lines.reduce((sum, line) => sum + line.messages, 0);
    return { seed: this.#seed, faults, trace, injected, messages };
  }

  note(who: string, what: string): void {
    this.trace.push(`${this.clock.now().toFixed(1)} ${who} ${what}`);
  }

  fault(kind: string, message: string): void {
    this.note('FAULT', `${kind}: ${message}`);
    this.faults.push({ kind, message });
  }

  /** Called for `console.error`. */
  printed(values: unknown[]): void {
    this.note('console.error', values.map(String).join(' '));
    this.#printed++;
  }

  count(kind: string): void {
    this.injected.set(kind, (this.injected.get(kind) ?? 0) + 1);
  }

  async run(): Promise<void> {
    this.note(
      'plan',
      JSON.stringify(this.plan, (_, value) => (value === Infinity ? 'Infinity' : value)),
    );
    const lines = this.#lines;
    await this.#bystander.begin();
    for (const line of lines) await line.begin();
    await settled();
    for (let step = 0; step < this.plan.steps; step++) {
      const line = pick(this.random, lines);
      if (this.random() < 0.35) await this.#pass(this.random() < 0.1 ? this.random() * 3000 : this.random() * 60);
      else line.step();
      await settled();
      for (const it of lines) it.checkBounds();
      if (step % 8 === 0) this.#bystander.app.send();
    }
    // Removes all obstacles.
    for (const line of lines) line.calm();
    await this.#pass(CALM - 100);
    for (const line of lines) line.quieten();
    // Everything on its way arrives, including messages of a connection that has only just opened.
    for (let opened = -1; opened !== this.#opened; ) {
      opened = this.#opened;
      await this.#pass(100);
    }
    for (const line of lines) line.checkCalm();
    this.note('world', 'from here on the peers are silent, and the applications do nothing');
    for (const line of lines) line.freeze();
    await this.#passUntil(LONG, () => lines.every((line) => line.isOver));
    for (const line of lines) line.checkFrozen();
    await this.#passUntil(LONG, () => lines.every((line) => line.isOver));
    await this.#pass(500);
    for (const line of lines) line.checkOver();
    await this.#endBystander();
    for (const line of lines) line.clear();
    // Other timers belong to transports that come late, which are the application's.
    await this.#pass(6000);
    if (this.clock.timers > 0) this.fault('left behind', `${this.clock.timers} timers`);
    if (this.#printed > 0 && lines.every(({ app }) => app.manner.hearsErrors || app.thrown.length === 0)) {
      this.fault('console', `console.error was called ${this.#printed} times`);
    }
  }

  /** The number of connections that have opened. */
  get #opened(): number {
    return this.#lines.reduce((sum, { app }) => sum + app.opened, 0);
  }

  /** Lets time pass. Everything that starts at one moment is done before the next. */
  async #pass(milliseconds: number): Promise<void> {
    await this.clock.pass(milliseconds);
  }

  async #passUntil(limit: number, isSo: () => boolean): Promise<void> {
    const end = this.clock.now() + limit;
    while (!isSo() && this.clock.now() < end) await this.#pass(100);
  }

  async #endBystander(): Promise<void> {
    const { app, peer } = this.#bystander;
    if (app.ends.length > 0) this.fault('bystander', `ended: ${app.ends[0]?.explanation.summary}`);
    app.close();
    await this.#pass(1000);
    if (app.ends[0]?.clean !== true) this.fault('bystander', 'its end is not clean');
    if (app.sent.join() !== peer?.received.join()) this.fault('bystander', 'messages are missing');
  }
}
