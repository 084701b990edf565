/**
 * Named deadlines as data: times on the caller's clock in whole milliseconds, `undefined` where there is none.
 *
 * Nothing here waits. A deadline is set by assigning a time and cleared by assigning `undefined`; the owner reads the
 * next one and asks, when its clock says so, which has expired. Whole numbers, because an engine keeps those in place
 * and any others beside the object (benchmarks: idle).
 */
export interface Deadlines {
  /** The opening handshake must be complete. */
  handshake: number | undefined;
  /** The next heartbeat Ping frame is due. */
  ping: number | undefined;
  /** Something must have arrived in answer to the last heartbeat Ping frame. */
  pong: number | undefined;
  /** Something must have arrived. */
  idle: number | undefined;
  /** The message or frame in progress must have become longer, or whole. */
  message: number | undefined;
  /** Of the bytes that wait to leave, some must have left. */
  stall: number | undefined;
  /** The closing handshake must be complete and the transport ended. */
  close: number | undefined;
}

/** Returns the deadline for what may take `timeout` milliseconds from `now` on: never early, none for `Infinity`. */
export function dueAfter(timeout: number, now: number): number | undefined {
  return timeout === Infinity ? undefined : Math.ceil(now + timeout);
}

/** Returns the time of the earliest deadline, `Infinity` when there is none. */
export function nextDeadline(deadlines: Deadlines): number {
  const { handshake = Infinity, ping = Infinity, pong = Infinity, idle = Infinity } = deadlines;
  const { message = Infinity, stall = Infinity, close = Infinity } = deadlines;
  return Math.min(handshake, ping, pong, idle, message, stall, close);
}

/** Returns the name of a deadline that has passed at `now`: of several, the one that says most about why. */
export function expiredDeadline(deadlines: Deadlines, now: number): keyof Deadlines | undefined {
  return ORDER.find((name) => (deadlines[name] ?? Number.NaN) <= now);
}

const ORDER: readonly (keyof Deadlines)[] = ['close', 'handshake', 'pong', 'stall', 'message', 'idle', 'ping'];
