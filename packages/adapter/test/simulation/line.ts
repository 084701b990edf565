// A connection under test: its application, its transports, and the rules that must hold.
import { getEventListeners } from 'node:events';
import type { WebSocketConnection } from '@sockless/adapter';
import {
  Application,
  type Fault,
  faultsOfEnd,
  faultsOfLoss,
  faultsOfOrder,
  faultsOfWaiting,
  randomBytes,
} from '@sockless/adapter/testing';
import { choose, fits } from './happenings.ts';
import { hasTwice, isPart } from './order.ts';
import { type ConnectionPlan, DEADLINES, nameOf } from './plan.ts';
import { Transports } from './transports.ts';
import type { Try } from './try.ts';
import type { World } from './world.ts';

/** How late a timer may be in milliseconds, since alarms are rounded. */
const SLACK = 60;

export class Line {
  readonly app: Application;
  readonly #world: World;
  readonly #name: string;
  readonly #plan: ConnectionPlan;
  readonly #transports: Transports;
  readonly #controller = new AbortController();
  #endedAt = Infinity;
  #wasDead = false;
  #closed = false;
  #frozen: { at: number; bound: number; ends: number; state: string } | undefined;

  constructor(world: World, name: string, plan: ConnectionPlan) {
    this.#world = world;
    this.#name = name;
    this.#plan = plan;
    this.app = new Application({
      ...{ random: world.random, clock: world.clock, manner: plan.manner, crowd: world.crowd },
      highWaterMark: world.plan.options.highWaterMark,
      note: (what) => {
        if (what.startsWith('end ')) this.#endedAt = world.clock.now();
        this.#note(what);
      },
    });
    this.#transports = new Transports(world, plan, this.app);
  }

  get tries(): readonly Try[] {
    return this.#transports.tries;
  }

  get peer(): Try['peer'] {
    return this.tries.at(-1)?.peer;
  }

  get messages(): number {
    return this.app.received.length + this.tries.reduce((sum, it) => sum + (it.peer?.received.length ?? 0), 0);
  }

  /** Creates the transport, lets its owner act on it, and passes it to the adapter. */
  async begin(): Promise<void> {
    const { subject, plan, clock } = this.#world;
    const { way, before } = this.#plan;
    const { Connection } = subject;
    const { handlers } = this.app;
    const { highWaterMark, ...options } = plan.options;
    const first = this.#transports.next();
    if (first === undefined) return;
    for (const kind of before) {
      const act = this.#transports.before(first, kind);
      if (act === undefined) continue;
      this.#note(`before: ${kind}`);
      this.#world.count(`before: ${kind}`);
      this.#act(() => act());
      if (kind === 'full') first.foreign++;
      await clock.pass(5);
    }
    this.#wasDead = first.transport.hasEnded;
    const { it } = first.transport;
    if (way !== 'connect') first.transport.disown();
    this.#act(() => {
      const ws = ((): WebSocketConnection => {
        if (way === 'connect') return this.#connect(first);
        first.attached = true;
        if (way === 'upgrade' && subject.upgrade !== undefined) {
          return subject.upgrade(first.head, it, new Uint8Array(0), handlers, { ...options, clock, highWaterMark });
        }
        const client = { ...options, random: randomBytes(this.#world.random) };
        const connection =
          way === 'opened'
            ? Connection.opened('server', {}, options)
            : way === 'client'
              ? Connection.client('ws://localhost/', client)
              : Connection.server(options);
        return subject.attach(it, connection, handlers, { clock, highWaterMark });
      })();
      this.app.has(ws);
      void ws.closed.then(() => {
        this.#closed = true;
        this.#note('closed');
      });
      // Prevents an unhandled rejection, since nothing else waits for it.
      void ws.opened.catch(() => undefined);
    });
  }

  /** Does one action of the application or the peer, or makes an event happen between them. */
  step(): void {
    const { random, clock } = this.#world;
    const chance = random();
    const last = this.tries.at(-1);
    if (chance < 0.45) this.#act(() => this.app.act());
    else if (chance < 0.47) clock.spend(5);
    else if (chance < 0.475 && this.#plan.way === 'connect') this.#abort();
    else if (last === undefined) return;
    else if (chance < 0.7) last.act();
    else {
      const kind = choose(random);
      if (!fits(kind, this.#plan, last)) return;
      this.#note(kind);
      this.#act(() => last.happens(kind));
    }
  }

  checkBounds(): void {
    const { ws } = this.app;
    const { maxQueuedBytes = 0 } = this.#world.plan.options;
    const before = this.#plan.before.length > 0 ? 3_000_000 : 0;
    // The transport's share, the message that exceeds the limit, and pongs.
    const most = maxQueuedBytes + 262_144 + this.#plan.manner.longest * 3 + 20_000;
    if (ws !== undefined && ws.queuedBytes > most + before) this.#fault('queue', `${ws.queuedBytes} bytes are queued`);
    for (const { transport } of this.tries) {
      if (transport.waiting > 262_144 + before)
        this.#fault('queue', `${transport.waiting} bytes wait in the transport`);
    }
  }

  calm(): void {
    for (const it of this.tries) this.#act(() => it.calm());
    if (this.app.paused) this.#act(() => this.app.resume());
    // Half of the applications end by sending until they are told to wait.
    if (this.#world.random() < 0.5) this.#act(() => this.app.pump(100));
  }

  /** Stops the application, and resumes it if it is paused, because deadlines stand still in a pause. */
  quieten(): void {
    this.app.quiet = true;
    if (this.app.paused) this.#act(() => this.app.resume());
  }

  /** Checks what must hold after some time without obstacles. */
  checkCalm(): void {
    const { app } = this;
    const { ws } = app;
    if (ws === undefined) return;
    const { highWaterMark = 65_536 } = this.#world.plan.options;
    for (const [at, it] of this.tries.entries()) {
      // It may wait for the answer to an earlier request, as long as a handshake may take.
      if (this.#plan.way === 'upgrade' && this.#plan.before.includes('answering')) continue;
      if (it.attached && it.isOver && app.ends.length <= at)
        this.#fault('no end', 'the transport has ended without an `end` event');
    }
    this.#faults(faultsOfWaiting(app, highWaterMark));
    this.#checkArrived();
  }

  /** Stops everything except deadlines, which alone must end the connection. */
  freeze(): void {
    const { app } = this;
    const { heartbeat, stallTimeout, closeTimeout, handshakeTimeout } = DEADLINES;
    const state = app.ws?.state ?? 'closed';
    app.quiet = true;
    for (const it of this.tries) it.freeze();
    const bounds: Record<string, number> = {
      open: heartbeat.interval + heartbeat.timeout,
      closing: stallTimeout + closeTimeout,
      // The client also has time to read a refusal.
      connecting: handshakeTimeout + (this.#plan.way === 'server' || this.#plan.way === 'upgrade' ? closeTimeout : 0),
    };
    this.#frozen = { at: this.#world.clock.now(), bound: bounds[state] ?? 0, ends: app.ends.length, state };
  }

  /** Whether nothing more can happen to it. */
  get isOver(): boolean {
    const isGone = this.tries.every(({ attached, transport }) => !attached || transport.isGone);
    return this.app.ws === undefined || (this.#closed && isGone);
  }

  checkFrozen(): void {
    const { app } = this;
    const { at, bound, ends, state } = this.#frozen ?? { at: 0, bound: 0, ends: 0, state: 'closed' };
    if (this.#plan.reconnect && this.#plan.way === 'connect') {
      this.#act(() => app.ws?.close(1001));
      return;
    }
    if (state === 'closed') return;
    if (app.ends.length === ends) this.#fault('no deadline', `${state}, and nothing has ended it`);
    else if (this.#endedAt > at + bound + SLACK) {
      this.#fault(`late: ${state}`, `it ended after ${this.#endedAt - at} ms, with deadlines of ${bound} ms`);
    }
  }

  checkOver(): void {
    const { app } = this;
    const { ws } = app;
    if (ws === undefined) return;
    const isMany = this.#plan.reconnect && this.#plan.way === 'connect';
    this.#faults(faultsOfEnd(app, isMany));
    if (!this.#closed) this.#fault('closed', '`closed` has not settled');
    for (const it of this.tries) {
      if (it.attached && !it.transport.isGone) this.#fault('transport', 'the transport is still open');
    }
    if (this.#wasDead && app.opened > 0 && !isMany)
      this.#fault('dead socket', '`open` was called, though it had ended before');
    if (getEventListeners(this.#controller.signal, 'abort').length > 0 && !this.#controller.signal.aborted)
      this.#fault('left behind', 'a listener of the signal');
    this.#checkOrder();
  }

  clear(): void {
    for (const it of this.tries) it.clear();
  }

  /** Checks that sent messages have arrived, or that the end counts unsent bytes. */
  #checkArrived(): void {
    const [only] = this.tries;
    if (this.tries.length !== 1 || only?.peer === undefined || only.lossy || only.near.dead) return;
    // Messages kept for a connection that never opened are gone.
    if (this.#plan.reconnect && this.app.ws?.state === 'closed') return;
    this.#faults(faultsOfLoss(this.app, only.peer.received.length - only.foreign));
  }

  /** Checks that messages arrive once and in order. */
  #checkOrder(): void {
    const { app, tries } = this;
    const arrived = tries.flatMap((it) => (it.peer?.received ?? []).slice(it.foreign));
    const isRaw = this.#plan.peer === 'raw';
    if (isRaw) return;
    const isKept = this.#plan.reconnect && this.#plan.way === 'connect';
    if (!isKept) this.#faults(faultsOfOrder(app.sent, arrived));
    // Kept messages come after those sent in `open`.
    const inOrder = this.#plan.manner.greets ? arrived.filter((key) => app.sent.includes(key)) : app.sent;
    if (isKept && (!isPart(arrived, inOrder) || hasTwice(arrived))) {
      this.#fault('order', 'the messages that arrived at the peers differ from those sent');
    }
    const broken = this.#world.injected.has('the peer breaks a rule');
    const sent = tries.flatMap((it) => it.sent);
    if (!(broken || isPart(app.received, sent)))
      this.#fault('order', 'the messages that arrived differ from those that the peer sent');
  }

  #connect(first: Try): WebSocketConnection {
    const { subject, plan, clock } = this.#world;
    const { tls, reconnect } = this.#plan;
    let next: Try | undefined = first;
    const create = (): unknown => {
      const it = next ?? this.#transports.next();
      next = undefined;
      return it === undefined ? new Promise(() => undefined) : this.#transports.create(it);
    };
    const random = randomBytes(this.#world.random);
    const options = { ...plan.options, clock, random, signal: this.#controller.signal };
    const policy = { base: 50, cap: 400 };
    const url = `${tls ? 'wss' : 'ws'}://localhost/`;
    return subject.connect(url, { ...options, ...(reconnect && { reconnect: policy }) }, create, this.app.handlers);
  }

  #abort(): void {
    this.#note('abort');
    this.#act(() => this.#controller.abort());
  }

  /** Calls a function that must not throw, whatever application and peer do. */
  #act(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (nameOf(error) !== 'NoTransport') this.#fault(`thrown: ${nameOf(error)}`, String(error));
    }
  }

  #faults(faults: readonly Fault[]): void {
    for (const { kind, message } of faults) this.#fault(kind, message);
  }

  #note(what: string): void {
    this.#world.note(this.#name, what);
  }

  #fault(kind: string, message: string): void {
    this.#world.fault(kind, `${this.#name} (${this.#plan.way}): ${message}`);
  }
}
