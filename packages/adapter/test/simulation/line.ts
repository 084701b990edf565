// A connection under test: its application, its transports, and what has to hold of it.
import type { WebSocketConnection } from '@sockless/adapter';
import {
  Application,
  type Fault,
  faultsOfEnd,
  faultsOfLoss,
  faultsOfOrder,
  faultsOfWaiting,
  pick,
  randomBytes,
} from '@sockless/adapter/testing';
import { countListeners } from '../../../tools/testing.ts';
import { type ConnectionPlan, DEADLINES, nameOf } from './plan.ts';
import { peerOf, Try } from './try.ts';
import type { World } from './world.ts';

/** What may happen, and how often compared with the others. */
const HAPPENINGS: readonly (readonly [kind: string, weight: number])[] = [
  ['the peer stops reading', 3],
  ['the peer reads again', 4],
  ['nothing arrives for a while', 2],
  ['what was held arrives', 4],
  ['the cable is cut', 0.3],
  ['little is taken', 2],
  ['much is taken', 2],
  ['a few bytes at a time', 1],
  ['FIN', 0.7],
  ['RST', 0.5],
  ['the peer closes its socket', 0.4],
  ['the peer says goodbye', 0.8],
  ['the peer breaks a rule', 0.4],
  ['the peer hangs', 0.3],
  ['connected', 2],
  ['refused', 0.2],
  ['TLS', 2],
];
const TOTAL = HAPPENINGS.reduce((sum, [, weight]) => sum + weight, 0);

/** How late a timer may be, in milliseconds: alarms are set to whole ones. */
const SLACK = 60;

export class Line {
  readonly app: Application;
  readonly tries: Try[] = [];
  readonly #world: World;
  readonly #name: string;
  readonly #plan: ConnectionPlan;
  readonly #controller = new AbortController();
  readonly #listeners = countListeners(this.#controller.signal);
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
  }

  get peer(): Try['peer'] {
    return this.tries.at(-1)?.peer;
  }

  get messages(): number {
    return this.app.received.length + this.tries.reduce((sum, it) => sum + (it.peer?.received.length ?? 0), 0);
  }

  /** Makes the transport, lets its owner do things to it, and hands it to the adapter. */
  async begin(): Promise<void> {
    const { subject, plan, clock } = this.#world;
    const { way, before } = this.#plan;
    const { Connection } = subject;
    const { handlers } = this.app;
    const { highWaterMark, ...options } = plan.options;
    const adapterOptions = { clock, highWaterMark };
    const first = this.#newTry();
    if (first === undefined) return;
    for (const kind of before) {
      const act = this.#before(first, kind);
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
        if (way === 'opened')
          return subject.attach(it, Connection.opened('server', {}, options), handlers, adapterOptions);
        if (way === 'client') {
          const connection = Connection.client('ws://localhost/', {
            ...options,
            random: randomBytes(this.#world.random),
          });
          return subject.attach(it, connection, handlers, adapterOptions);
        }
        return subject.attach(it, Connection.server(options), handlers, adapterOptions);
      })();
      this.app.has(ws);
      void ws.closed.then(() => {
        this.#closed = true;
        this.#note('closed');
      });
      // Whoever does not wait for it has no unhandled rejection.
      void ws.opened.catch(() => undefined);
    });
  }

  /** Something happens: to the application, to the peer, or between them. */
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
      const kind = this.#choose();
      if (!this.#fits(kind, last)) return;
      this.#note(kind);
      this.#act(() => last.happens(kind));
    }
  }

  checkBounds(): void {
    const { ws } = this.app;
    const { maxQueuedBytes = 0 } = this.#world.plan.options;
    const before = this.#plan.before.length > 0 ? 3_000_000 : 0;
    // What the transport holds, the message that passes the limit, and what answers pings.
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
    // The last that many do is to send until they are told to wait.
    if (this.#world.random() < 0.5) this.#act(() => this.app.pump(100));
  }

  /** Its application does nothing more; while one is paused, deadlines stand still. */
  quieten(): void {
    this.app.quiet = true;
    if (this.app.paused) this.#act(() => this.app.resume());
  }

  /** After some time in which nothing held anything up. */
  checkCalm(): void {
    const { app } = this;
    const { ws } = app;
    if (ws === undefined) return;
    const { highWaterMark = 65_536 } = this.#world.plan.options;
    for (const [at, it] of this.tries.entries()) {
      // The answer to an earlier request is waited for, as long as a handshake may take.
      if (this.#plan.way === 'upgrade' && this.#plan.before.includes('answering')) continue;
      if (it.attached && it.isOver && app.ends.length <= at)
        this.#fault('no end', 'the transport has ended, and there was no end');
    }
    this.#faults(faultsOfWaiting(app, highWaterMark));
    this.#checkArrived();
  }

  /** From here on nobody does anything more, so that deadlines alone end it. */
  freeze(): void {
    const { app } = this;
    const { heartbeat, stallTimeout, closeTimeout, handshakeTimeout } = DEADLINES;
    const state = app.ws?.state ?? 'closed';
    app.quiet = true;
    for (const it of this.tries) it.freeze();
    const bounds: Record<string, number> = {
      open: heartbeat.interval + heartbeat.timeout,
      closing: stallTimeout + closeTimeout,
      // A refusal is an answer, and waits for the client to take it.
      connecting: handshakeTimeout + (this.#plan.way === 'server' || this.#plan.way === 'upgrade' ? closeTimeout : 0),
    };
    this.#frozen = { at: this.#world.clock.now(), bound: bounds[state] ?? 0, ends: app.ends.length, state };
  }

  /** Whether nothing more is to be expected of it. */
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
      this.#fault(`late: ${state}`, `it took ${this.#endedAt - at} ms to end, with deadlines of ${bound}`);
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
      if (it.attached && !it.transport.isGone) this.#fault('transport', 'it is open');
    }
    if (this.#wasDead && app.opened > 0 && !isMany)
      this.#fault('dead socket', 'it had ended before, and `open` was called');
    if (this.#listeners.count > 0 && !this.#controller.signal.aborted)
      this.#fault('left behind', 'a listener of the signal');
    this.#checkOrder();
  }

  clear(): void {
    for (const it of this.tries) it.clear();
  }

  /** What was sent has arrived, or the end says that not all has left. */
  #checkArrived(): void {
    const [only] = this.tries;
    if (this.tries.length !== 1 || only?.peer === undefined || only.lossy || only.near.dead) return;
    // What was kept for a connection that there never was is gone.
    if (this.#plan.reconnect && this.app.ws?.state === 'closed') return;
    this.#faults(faultsOfLoss(this.app, only.peer.received.length - only.foreign));
  }

  /** Messages arrive in order and once. */
  #checkOrder(): void {
    const { app, tries } = this;
    const arrived = tries.flatMap((it) => (it.peer?.received ?? []).slice(it.foreign));
    const isRaw = this.#plan.peer === 'raw';
    if (isRaw) return;
    const isKept = this.#plan.reconnect && this.#plan.way === 'connect';
    if (!isKept) this.#faults(faultsOfOrder(app.sent, arrived));
    // What was kept comes behind what was sent from `open`.
    const inOrder = this.#plan.manner.greets ? arrived.filter((key) => app.sent.includes(key)) : app.sent;
    if (isKept && (!isPart(arrived, inOrder) || hasTwice(arrived))) {
      this.#fault('order', 'what arrived with the peers is not what was sent');
    }
    const broken = this.#world.injected.has('the peer breaks a rule');
    const sent = tries.flatMap((it) => it.sent);
    if (!(broken || isPart(app.received, sent))) this.#fault('order', 'what arrived is not what the peer sent');
  }

  /** What somebody may do to a transport before the adapter has it. */
  #before(it: Try, kind: string): (() => void) | undefined {
    if (kind === 'FIN' || kind === 'RST') return () => it.happens(kind);
    if (kind === 'bytes') return () => it.act();
    // What it writes has to be frames.
    if (kind === 'full' && this.#plan.way !== 'opened') return undefined;
    return it.transport.before[kind];
  }

  #connect(first: Try): WebSocketConnection {
    const { subject, plan, clock } = this.#world;
    const { tls, reconnect } = this.#plan;
    let next: Try | undefined = first;
    const create = (): unknown => {
      const it = next ?? this.#newTry();
      next = undefined;
      return it === undefined ? new Promise(() => undefined) : this.#created(it);
    };
    const options = {
      ...plan.options,
      clock,
      random: randomBytes(this.#world.random),
      signal: this.#controller.signal,
    };
    const policy = { base: 50, cap: 400 };
    const url = `${tls ? 'wss' : 'ws'}://localhost/`;
    return subject.connect(url, { ...options, ...(reconnect && { reconnect: policy }) }, create, this.app.handlers);
  }

  /** How the application's function gives the transport. */
  #created(it: Try): unknown {
    const { clock, random } = this.#world;
    const { created } = this.#plan;
    const isFirst = it === this.tries[0];
    const failure = Object.assign(new Error('there is none'), { name: 'NoTransport' });
    this.#world.count(`a transport ${created}`);
    if (created === 'throws' || (created === 'at first' && !isFirst)) throw failure;
    if (created === 'rejects') return Promise.reject(failure);
    const give = (): unknown => {
      it.attached = true;
      it.transport.disown();
      return it.transport.it;
    };
    if (created === 'never') return new Promise(() => undefined);
    if (created === 'later') {
      return new Promise((resolve) => void clock.setTimeout(() => resolve(give()), random() * 4000));
    }
    return give();
  }

  #newTry(): Try | undefined {
    // Beyond that nothing new comes of it.
    if (this.tries.length > 20) return undefined;
    const isFrozen = this.app.quiet;
    const queued = (): number => this.app.ws?.queuedBytes ?? Infinity;
    const it = new Try(this.#world, this.#plan, this.#plan.connecting, peerOf(this.#world, this.#plan), queued);
    // Its owner hears errors, until the adapter does.
    it.transport.own();
    if (isFrozen) it.freeze();
    this.tries.push(it);
    return it;
  }

  #abort(): void {
    this.#note('abort');
    this.#act(() => this.#controller.abort());
  }

  #fits(kind: string, it: Try): boolean {
    if (kind === 'connected' || kind === 'refused') return this.#plan.connecting;
    if (kind === 'TLS') return this.#plan.tls;
    return !(kind === 'the peer breaks a rule' && it.peer === undefined);
  }

  #choose(): string {
    let at = this.#world.random() * TOTAL;
    for (const [kind, weight] of HAPPENINGS) {
      at -= weight;
      if (at < 0) return kind;
    }
    return pick(this.#world.random, HAPPENINGS)[0];
  }

  /** Nothing that an application or a peer does throws. */
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

const hasTwice = (keys: readonly string[]): boolean => new Set(keys).size < keys.length;

/** Whether `part` is what is left of `whole` when some are left out. */
function isPart(part: readonly string[], whole: readonly string[]): boolean {
  let at = 0;
  for (const one of whole) if (one === part[at]) at++;
  return at === part.length;
}
