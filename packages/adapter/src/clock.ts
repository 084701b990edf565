/** The clock of an adapter: it tells the time and runs timers. */

/** What `setTimeout` returns. */
export interface Timer {
  /** If it exists: lets the process end although the timer is set. */
  unref?(): unknown;
}

/** The source of time and timers for an adapter. Replace it in a test that decides how time passes. */
export interface Clock {
  /** Returns the time in milliseconds since any fixed moment; it never goes back. */
  now(): number;
  /** Calls a function once, after this many milliseconds. */
  setTimeout(call: () => void, milliseconds: number): Timer;
  /** Cancels a timer. */
  clearTimeout(timer: Timer | undefined): void;
  /** Calls a function as soon as the code that is running has returned. */
  queueMicrotask(call: () => void): void;
  /** Calls a function after the events that have arrived meanwhile were delivered. Default: a timer of 0 milliseconds. */
  setImmediate?(call: () => void): unknown;
}

/** The global functions that make up the clock of the host. */
interface HostTimers {
  readonly setTimeout: Clock['setTimeout'];
  readonly clearTimeout: Clock['clearTimeout'];
  readonly queueMicrotask: Clock['queueMicrotask'];
  readonly setImmediate?: Clock['setImmediate'];
  readonly performance: { readonly now: () => number };
}

const { setTimeout, clearTimeout, queueMicrotask, setImmediate, performance } = globalThis as unknown as HostTimers;
const { now } = performance;

/**
 * The clock of this host, with the global functions as they were when this module was loaded: a test that replaces them
 * with fake timers does not stop any connection.
 */
export const hostClock: Clock = {
  now: () => now.call(performance),
  setTimeout: (call, milliseconds) => setTimeout(call, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
  queueMicrotask: (call) => queueMicrotask(call),
  ...(setImmediate && { setImmediate: (call: () => void) => setImmediate(call) }),
};

/** The longest delay in milliseconds that `setTimeout` takes: it calls at once for a longer one. */
export const MAX_DELAY: number = 2 ** 31 - 1;

/** Returns a function that returns one object for each clock, made when it is first asked for. */
export function perClock<Kept>(make: (clock: Clock) => Kept): (clock: Clock) => Kept {
  const all = new WeakMap<Clock, Kept>();
  return (clock) => {
    const kept = all.get(clock) ?? make(clock);
    all.set(clock, kept);
    return kept;
  };
}

/** Calls a function after the events that have arrived meanwhile were delivered. */
export function soon(clock: Clock, call: () => void): void {
  if (clock.setImmediate === undefined) clock.setTimeout(call, 0);
  else clock.setImmediate(call);
}
