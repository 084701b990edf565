/** What tells an adapter the time, and calls it later. */

/** What `setTimeout` returns. */
export interface Timer {
  /** Where it exists: the timer does not keep the process alive. */
  unref?(): unknown;
}

/** The time and the timers of an adapter. Replace it to let a test decide how time passes. */
export interface Clock {
  /** Returns the time in milliseconds, from whatever moment on; it never goes back. */
  now(): number;
  /** Calls once, after so many milliseconds. */
  setTimeout(call: () => void, milliseconds: number): Timer;
  /** Does not call any more. */
  clearTimeout(timer: Timer | undefined): void;
  /** Calls as soon as the code that runs now has returned. */
  queueMicrotask(call: () => void): void;
  /** Calls when the events that have arrived meanwhile have been delivered. Default: a timer of 0 milliseconds. */
  setImmediate?(call: () => void): unknown;
}

/** The global functions that the clock of the host consists of. */
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
 * The clock of this host, as it was when this module was loaded: a test that puts fake timers in the place of the global
 * functions stops no connection.
 */
export const hostClock: Clock = {
  now: () => now.call(performance),
  setTimeout: (call, milliseconds) => setTimeout(call, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer),
  queueMicrotask: (call) => queueMicrotask(call),
  ...(setImmediate && { setImmediate: (call: () => void) => setImmediate(call) }),
};

/** Returns a function that returns what there is one of for each clock: made when it is first asked for. */
export function perClock<Kept>(make: (clock: Clock) => Kept): (clock: Clock) => Kept {
  const all = new WeakMap<Clock, Kept>();
  return (clock) => {
    const kept = all.get(clock) ?? make(clock);
    all.set(clock, kept);
    return kept;
  };
}

/** Calls when the events that have arrived meanwhile have been delivered. */
export function soon(clock: Clock, call: () => void): void {
  if (clock.setImmediate === undefined) clock.setTimeout(call, 0);
  else clock.setImmediate(call);
}
