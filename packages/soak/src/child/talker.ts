/** One side of a connection: sends messages, checks what it receives, and ends as its fate says. */
import { setTimeout as delay } from 'node:timers/promises';
import { below, type Fate, type Habits, type Plan, type Random } from '../plan.ts';
import type { Account } from '../verdict.ts';
import { cut, type Handlers, type WebSocketConnection } from './adapter.ts';
import { faultOf, messageOf, type Side } from './message.ts';

type Connection = WebSocketConnection<Talker>;
type End = Parameters<NonNullable<Handlers['end']>>[1];

/** The longest silence between two bursts, and the most messages in a burst. */
const [SILENCE, BURST] = [1500, 4];

/** How long a side that stops reading does so, in milliseconds. */
const DEAF = 6000;

/** The error that is thrown on purpose. */
class Mishap extends Error {}

/** What a side does to end its connection. */
const DEEDS: { readonly [Name in Fate]?: readonly [Side | 'both', (ws: Connection, talker: Talker) => unknown] } = {
  'the client closes': ['client', (ws) => ws.close(1000, 'that was all')],
  'the server closes': ['server', (ws) => ws.close(1001)],
  'both close': ['both', (ws) => ws.close(4000, 'at once')],
  'the client terminates': ['client', (ws) => ws.terminate()],
  'the server terminates': ['server', (ws) => ws.terminate()],
  "the client's socket is cut": ['client', cut],
  "the server's socket is cut": ['server', cut],
  "the client's handler throws": ['client', (_, talker) => talker.fail('throws')],
  "the server's handler throws": ['server', (_, talker) => talker.fail('throws')],
  "the client's handler rejects": ['client', (_, talker) => talker.fail('rejects')],
  "the server's handler rejects": ['server', (_, talker) => talker.fail('rejects')],
  'the client stops reading': ['client', (ws) => stopReading(ws)],
  'the server stops reading': ['server', (ws) => stopReading(ws)],
};

/** Pauses for longer than the other side's heartbeat allows, then closes. */
async function stopReading(ws: Connection): Promise<void> {
  ws.pause();
  await delay(DEAF);
  ws.resume();
  ws.close(4002, 'reads again');
}

/** The handlers of all connections of a side. */
export const handlers: Handlers<Talker> = {
  open: (ws) => ws.data.opened(ws),
  message: (ws, data) => ws.data.hear(data),
  error: (ws, error) => ws?.data?.failed(error),
  end: (ws, event) => ws.data?.over(event),
};

export class Talker {
  /** Messages that `send` has accepted, and messages that have arrived. */
  accepted = 0;
  arrived = 0;
  /** The faults that it found. */
  readonly faults: string[] = [];
  /** The facts of its end, once that has come. */
  account: Account | undefined = undefined;
  readonly id: number;
  readonly side: Side;
  readonly #plan: Plan;
  readonly #habits: Habits;
  readonly #random: Random;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #fateful = Infinity;
  #mishap: 'throws' | 'rejects' | undefined = undefined;
  /** Everything it does outside the handlers. */
  readonly #work: Promise<unknown>[] = [];

  constructor(ws: Connection, side: Side, plan: Plan, random: Random) {
    this.id = plan.id;
    this.side = side;
    this.#plan = plan;
    this.#habits = plan[side];
    this.#random = random;
    if (plan.early) this.#awaitFate(ws);
  }

  opened(ws: Connection): void {
    if (!this.#plan.early) this.#awaitFate(ws);
    this.#work.push(this.#talk(ws));
    if (this.#habits.iterates) this.#work.push(this.#iterate(ws));
    else if (this.#habits.slow) this.#work.push(this.#pauseAtTimes(ws));
  }

  /** Ends the connection in due time, if that is this side's fate. */
  #awaitFate(ws: Connection): void {
    const { fate, after } = this.#plan;
    this.#fateful = Date.now() + after;
    const [side, act] = DEEDS[fate] ?? [];
    if (side !== this.side && side !== 'both') return;
    this.#timer = setTimeout(() => this.#work.push(Promise.resolve(act?.(ws, this))), after);
  }

  /** Makes the next message cause a mishap. */
  fail(how: 'throws' | 'rejects'): void {
    this.#mishap = how;
  }

  hear(data: string | Uint8Array): Promise<void> | undefined {
    const fault = faultOf(data, this.id, this.side === 'client' ? 'server' : 'client', this.arrived);
    // After a missing message all later ones have the wrong number.
    if (fault !== undefined && this.faults.length === 0) this.faults.push(fault);
    this.arrived++;
    if (this.#mishap === 'throws') throw new Mishap(this.#mishap);
    return this.#mishap === 'rejects' ? Promise.reject(new Mishap(this.#mishap)) : undefined;
  }

  failed(error: unknown): void {
    if (!(error instanceof Mishap)) this.faults.push(`an error: ${error}`);
  }

  over({ explanation, clean }: End): void {
    if (this.account !== undefined) this.faults.push('the connection ended twice');
    clearTimeout(this.#timer);
    const { accepted } = this;
    // A loop may take messages that arrived before the end only later.
    this.account = { accepted, arrived: this.arrived, explanation, clean };
  }

  /** Waits until everything it does has finished. */
  async idle(): Promise<void> {
    await Promise.all(this.#work);
    if (this.account !== undefined) this.account = { ...this.account, arrived: this.arrived };
  }

  async #talk(ws: Connection): Promise<void> {
    const random = this.#random;
    while (ws.state === 'open') {
      for (let left = 1 + below(random, BURST); left > 0; left--) if (!(await this.#say(ws))) return;
      if (random() < 0.2) ws.ping('there?');
      if (this.#habits.patient) await ws.drained;
      await delay(below(random, SILENCE));
    }
  }

  /** Sends the next message, whole or in fragments; returns whether it was accepted. */
  async #say(ws: Connection): Promise<boolean> {
    const random = this.#random;
    const message = messageOf(this.id, this.side, this.accepted, random);
    if (random() < 0.7) {
      if (!ws.send(message)) return false;
      // The bytes are ours again, so we may overwrite them.
      if (typeof message !== 'string') message.fill(0xff);
    } else {
      for (let at = 0, final = false; !final; ) {
        const end = at + 1 + below(random, message.length);
        final = end >= message.length;
        if (!ws.sendFragment(message.slice(at, end), final)) return false;
        at = end;
        if (!final && random() < 0.2) await delay(below(random, 5));
      }
    }
    this.accepted++;
    return true;
  }

  async #iterate(ws: Connection): Promise<void> {
    try {
      for await (const message of ws) {
        if (this.#habits.slow) await delay(below(this.#random, 20));
        await this.hear(message);
      }
    } catch (error) {
      // An error thrown in a loop does not go to the `error` handler, so the application closes the connection itself.
      if (error instanceof Mishap) ws.close(4001, 'a mishap');
    }
  }

  /**
   * Runs until its fate comes. A pause clears the deadline for the answer to a Ping frame, so a connection that is paused again and
   * again would not notice in time that the network is silent.
   */
  async #pauseAtTimes(ws: Connection): Promise<void> {
    while (ws.state === 'open' && Date.now() < this.#fateful) {
      await delay(below(this.#random, SILENCE));
      ws.pause();
      await delay(below(this.#random, SILENCE));
      ws.resume();
    }
  }
}
