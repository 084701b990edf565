/** The objects that all connections of a server, or all attempts of a client, share: each of them refers to one scope. */
import { type Alarms, alarmsOf } from './alarms.ts';
import { type Clock, hostClock } from './clock.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Handlers } from './handlers.ts';
import { host } from './host.ts';
import { checkFragments, checkHandlers, type Delivered } from './names.ts';
import { type Turns, turnsOf } from './turns.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

/** The options that an adapter adds to those of core. */
export interface AdapterOptions {
  /**
   * A sender should wait while `queuedBytes` is above this number of bytes. When it has fallen to it again, `drain` is
   * called and `drained` resolves. Default: 64 KiB.
   */
  readonly highWaterMark?: number | undefined;
  /** The source of time and timers. Default: the host's, as they were when the adapter was loaded. */
  readonly clock?: Clock | undefined;
}

/** Calls a function in the context in which handlers run: that of AsyncLocalStorage, if the host has it. */
export type Run = <Argument>(call: (argument: Argument) => void, argument: Argument) => void;

/** How handlers get into the context in which their connection was made. */
export interface Context {
  /** Calls a function in that context. */
  readonly run: Run;
  /** Whether the events of the transport already come in that context. */
  readonly inherited: boolean;
  /** The host's diagnostics channels, if it has them. */
  readonly diagnostics?: Diagnostics | undefined;
}

const NO_CONTEXT: Context = { run: (call, argument) => call(argument), inherited: true };

/** The objects that connections share. */
export class Scope<Data = unknown> {
  /** The handlers of the application. */
  readonly handlers: Handlers<Data>;
  /** The source of time and timers. */
  readonly clock: Clock;
  /** The timer for the deadlines of all connections with this clock. */
  readonly alarms: Alarms;
  /** When what was sent outside of handlers is written, for all connections with this clock. */
  readonly turns: Turns;
  /** {@link AdapterOptions.highWaterMark} */
  readonly highWaterMark: number;
  /** The host's diagnostics channels, if it has them. */
  readonly diagnostics: Diagnostics | undefined;
  readonly #context: Context;

  /**
   * For adapters.
   *
   * @throws {TypeError | RangeError} when an option is not valid
   */
  constructor(handlers: Handlers<Data>, options: AdapterOptions & Delivered = {}, context: Context = NO_CONTEXT) {
    const { clock = hostClock, highWaterMark = 65_536 } = options;
    if (!(typeof highWaterMark === 'number' && highWaterMark >= 0)) {
      throw new RangeError(`highWaterMark: a number of bytes from 0, not ${highWaterMark}`);
    }
    for (const name of ['now', 'setTimeout', 'clearTimeout', 'queueMicrotask'] as const) {
      if (typeof clock[name] !== 'function') throw new TypeError(`clock: an object with a function ${name}`);
    }
    checkHandlers(handlers);
    checkFragments(handlers, options);
    this.handlers = handlers;
    this.clock = clock;
    this.alarms = alarmsOf(clock);
    this.turns = turnsOf(clock);
    this.highWaterMark = highWaterMark;
    this.diagnostics = context.diagnostics;
    this.#context = context;
  }

  /** Returns the same scope with other handlers. */
  with(handlers: Handlers<Data>): Scope<Data> {
    return new Scope(handlers, this, this.#context);
  }

  /** Calls a function in the context in which the connection was made. */
  run<Argument>(call: (argument: Argument) => void, argument: Argument): void {
    this.#context.run(call, argument);
  }

  /** Like {@link run}, for an event of the transport: skips entering the context if the event already comes in it. */
  enter<Argument>(call: (argument: Argument) => void, argument: Argument): void {
    if (this.#context.inherited) call(argument);
    else this.#context.run(call, argument);
  }

  /**
   * Reports that a client could not be accepted, to the diagnostics channel and to the application.
   *
   * @param isMine whether it goes to the console when there is no `error` handler
   */
  acceptFailed(error: unknown, isMine: boolean): void {
    const { diagnostics, handlers } = this;
    if (diagnostics?.acceptFailed.hasSubscribers) diagnostics.acceptFailed.publish({ error });
    if (isMine || handlers.error !== undefined) this.report(undefined, error);
  }

  /** Passes an error to the `error` handler, or to the console if there is none. Never throws. */
  report(ws: WebSocketConnection<Data> | undefined, error: unknown): void {
    const { handlers } = this;
    if (handlers.error === undefined) {
      print('an error, and there is no "error" handler', error);
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

/** Whether `value` is a promise, native or not. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

function printBoth(error: unknown, thrown: unknown): void {
  print('an error', error);
  print('the "error" handler itself failed', thrown);
}

function print(what: string, error: unknown): void {
  host.console.error(`sockless: ${what}:`, error);
}
