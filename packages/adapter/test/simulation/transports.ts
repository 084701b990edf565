// The transports of a connection under test: one for each attempt to connect.
import type { Application } from '@sockless/adapter/testing';
import type { ConnectionPlan } from './plan.ts';
import { peerOf, Try } from './try.ts';
import type { World } from './world.ts';

/** More attempts would show nothing new. */
const MOST = 20;

export class Transports {
  readonly tries: Try[] = [];
  readonly #world: World;
  readonly #plan: ConnectionPlan;
  readonly #app: Application;

  constructor(world: World, plan: ConnectionPlan, app: Application) {
    this.#world = world;
    this.#plan = plan;
    this.#app = app;
  }

  /** Returns a transport for the next attempt, or `undefined` after too many. */
  next(): Try | undefined {
    if (this.tries.length > MOST) return undefined;
    const isFrozen = this.#app.quiet;
    const queued = (): number => this.#app.ws?.queuedBytes ?? Infinity;
    const it = new Try(this.#world, this.#plan, this.#plan.connecting, peerOf(this.#world, this.#plan), queued);
    // Its owner handles errors until the adapter does.
    it.transport.own();
    if (isFrozen) it.freeze();
    this.tries.push(it);
    return it;
  }

  /** Returns the transport as the application's function would: at once, later, or not at all. */
  create(it: Try): unknown {
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

  /** Returns what the owner of a transport may do before the adapter has it. */
  before(it: Try, kind: string): (() => void) | undefined {
    if (kind === 'FIN' || kind === 'RST') return () => it.happens(kind);
    if (kind === 'bytes') return () => it.act();
    // Bytes written before must be frames.
    if (kind === 'full' && this.#plan.way !== 'opened') return undefined;
    return it.transport.before[kind];
  }
}
