/**
 * Named deadlines as data: times on the caller's clock in milliseconds, `Infinity` where there is none.
 *
 * Nothing here waits. A deadline is set by assigning a time and cleared by assigning `Infinity`; the owner reads the
 * next one and asks, when its clock says so, which has expired.
 */
export interface Deadlines {
  /** The opening handshake must be complete. */
  handshake: number;
  /** The next heartbeat Ping frame is due. */
  ping: number;
  /** Something must have arrived in answer to the last heartbeat Ping frame. */
  pong: number;
  /** Something must have arrived. */
  idle: number;
  /** The message or frame in progress must be whole. */
  message: number;
  /** The closing handshake must be complete and the transport ended. */
  close: number;
}

/** Gives deadlines that are all clear. */
export function createDeadlines(): Deadlines {
  return {
    handshake: Infinity,
    ping: Infinity,
    pong: Infinity,
    idle: Infinity,
    message: Infinity,
    close: Infinity,
  };
}

/** Gives the time of the earliest deadline, `Infinity` when there is none. */
export function nextDeadline(deadlines: Deadlines): number {
  const { handshake, ping, pong, idle, message, close } = deadlines;
  return Math.min(handshake, ping, pong, idle, message, close);
}

/** Gives the name of a deadline that has passed at `now`: of several, the one that says most about why. */
export function expiredDeadline(deadlines: Deadlines, now: number): keyof Deadlines | undefined {
  // A clock that stands at Infinity lets all deadlines pass that are set, and none that is not.
  return ORDER.find((name) => deadlines[name] <= now && deadlines[name] !== Infinity);
}

const ORDER: readonly (keyof Deadlines)[] = ['close', 'handshake', 'pong', 'message', 'idle', 'ping'];
