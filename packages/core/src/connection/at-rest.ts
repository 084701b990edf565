/**
 * Half-machines that are at rest are all alike. One that has nothing to do stays with its connection until another with
 * the same options needs one, and a second is let go: an idle connection has none (benchmarks: idle).
 */
import type { Connection } from './connection.ts';

/** Which end of the connection this is: a client masks what it sends, a server does not (5.1). */
export type Role = 'client' | 'server';

/** The connections that have a half-machine to give away. */
export interface AtRest {
  receiver: Connection | undefined;
  sender: Connection | undefined;
}
