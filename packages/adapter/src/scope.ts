/** What all connections of a server, or all tries of a client, have in common: one object that each of them refers to. */
import { type Alarms, alarmsOf } from './alarms.ts';
import { type Clock, hostClock } from './clock.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Handlers } from './handlers.ts';
import { host } from './host.ts';
import { checkHandlers } from './names.ts';
import { type Turns, turnsOf } from './turns.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/** The options of an adapter beside those of core. */
export interface AdapterOptions {
  /**
   * With more bytes than this in `queuedBytes`, a sender should wait: `drain` is called, and `drained` resolves, when
   * there are as many or fewer again. Default: 64 KiB.
   */
  readonly highWaterMark?: number | undefined;
  /** The time and the timers. Default: those that the host had when the adapter was loaded. */
  readonly clock?: Clock | undefined;
}

/** Calls a function in the context that handlers are to run in: an AsyncLocalStorage's, where the host has one. */
export type Run = <Argument>(call: (argument: Argument) => void, argument: Argument) => void;

/** How handlers get into the context that a connection was made in. */
export interface Context {
  /** Calls in that context. */
  readonly run: Run;
  /** The events of the transport come in that context by themselves. */
  readonly inherited: boolean;
  /** The host's channels for operators, where it has any. */
  readonly diagnostics?: Diagnostics | undefined;
}

const NO_CONTEXT: Context = { run: (call, argument) => call(argument), inherited: true };

/** What connections have in common. */
export class Scope<Data = unknown> {
  /** What the application reacts with. */
  readonly handlers: Handlers<Data>;
  /** The time and the timers. */
  readonly clock: Clock;
  /** The deadlines of all connections with this clock. */
  readonly alarms: Alarms;
  /** When what is sent outside of handlers leaves, for all connections with this clock. */
  readonly turns: Turns;
  /** {@link AdapterOptions.highWaterMark} */
  readonly highWaterMark: number;
  /** The host's channels for operators, where it has any. */
  readonly diagnostics: Diagnostics | undefined;
  readonly #context: Context;

  /**
   * For adapters.
   *
   * @throws {TypeError | RangeError} when an option is not valid
   */
  constructor(handlers: Handlers<Data>, options: AdapterOptions = {}, context: Context = NO_CONTEXT) {
    const { clock = hostClock, highWaterMark = 65_536 } = options;
    if (!(typeof highWaterMark === 'number' && highWaterMark >= 0)) {
      throw new RangeError(`highWaterMark: a number of bytes from 0, not ${highWaterMark}`);
    }
    for (const name of ['now', 'setTimeout', 'clearTimeout', 'queueMicrotask'] as const) {
      if (typeof clock[name] !== 'function') throw new TypeError(`clock: an object with a function ${name}`);
    }
    checkHandlers(handlers);
    this.handlers = handlers;
    this.clock = clock;
    this.alarms = alarmsOf(clock);
    this.turns = turnsOf(clock);
    this.highWaterMark = highWaterMark;
    this.diagnostics = context.diagnostics;
    this.#context = context;
  }

  /** Returns the same for other handlers. */
  with(handlers: Handlers<Data>): Scope<Data> {
    return new Scope(handlers, this, this.#context);
  }

  /** Calls a function in the context that the connection was made in. */
  run<Argument>(call: (argument: Argument) => void, argument: Argument): void {
    this.#context.run(call, argument);
  }

  /** {@link run} for an event of the transport, which often comes in that context by itself. */
  enter<Argument>(call: (argument: Argument) => void, argument: Argument): void {
    if (this.#context.inherited) call(argument);
    else this.#context.run(call, argument);
  }

  /**
   * There is no connection, though somebody came: tells operators, and the application.
   *
   * @param isMine whether the application hears of it also where it has no `error` handler, on the console
   */
  acceptFailed(error: unknown, isMine: boolean): void {
    const { diagnostics, handlers } = this;
    if (diagnostics?.acceptFailed.hasSubscribers) diagnostics.acceptFailed.publish({ error });
    if (isMine || handlers.error !== undefined) this.report(undefined, error);
  }

  /** Tells the application of an error: its `error` handler, or the console. Never throws. */
  report(ws: WebSocketConnection<Data> | undefined, error: unknown): void {
    const { handlers } = this;
    if (handlers.error === undefined) {
      print('an error, and no "error" handler to take it', error);
      return;
    }
    try {
      const result: unknown = handlers.error(ws, error);
      if (isPromiseLike(result)) result.then(undefined, (reason) => printBoth(error, reason));
    } catch (thrown) {
      printBoth(error, thrown);
    }
  }
}

/** Whether it is a promise, of whatever make. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function printBoth(error: unknown, thrown: unknown): void {
  print('an error', error);
  print('the "error" handler could not take it', thrown);
}

function print(what: string, error: unknown): void {
  host.console.error(`sockless: ${what}:`, error);
}
