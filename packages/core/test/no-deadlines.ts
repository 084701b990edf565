// Deadlines as data, all of them clear.
import type { Deadlines } from '../src/connection/deadlines.ts';

export const noDeadlines = (): Deadlines => ({
  ...{ handshake: undefined, ping: undefined, pong: undefined, idle: undefined },
  ...{ message: undefined, stall: undefined, close: undefined },
});
