/** For tests of your own adapter or transport: simulated sockets, a virtual clock, and the rules that always hold. */

export { Application } from './application.ts';
export { Crowd } from './crowd.ts';
export { type ConnErrors, connErrors, SimulatedConn } from './deno-conn.ts';
export { type Exercise, exercise, type Opened, type Opening } from './exercise.ts';
export { type Fault, faultsOfEnd, faultsOfLoss, faultsOfOrder, faultsOfWaiting } from './invariants.ts';
export { type ApplicationOptions, anyManner, type Manner, POLITE } from './manner.ts';
export { bytesOf, keyOf, textOf } from './messages.ts';
export type { Callback, DuplexLike, SocketOptions } from './node-handle.ts';
export { type DuplexMethods, type SimulatedSocket, type SocketMethods, simulateSocket } from './node-socket.ts';
export { WirePeer } from './peer.ts';
export { pick, type Random, randomBytes, seeded } from './random.ts';
export { settled, VirtualClock } from './virtual-clock.ts';
export { type WireCode, WireEnd, WireError } from './wire.ts';
