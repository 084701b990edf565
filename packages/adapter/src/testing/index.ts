/** For tests of an adapter or of a transport of your own: simulated sockets, a virtual clock, and what always holds. */

export { Application, type ApplicationOptions, anyManner, type Manner, POLITE } from './application.ts';
export { Crowd } from './crowd.ts';
export { type ConnErrors, connErrors, SimulatedConn } from './deno-conn.ts';
export { type Exercise, exercise, type Opened, type Opening } from './exercise.ts';
export { type Fault, faultsOfEnd, faultsOfLoss, faultsOfOrder, faultsOfWaiting } from './invariants.ts';
export { bytesOf, keyOf, textOf } from './messages.ts';
export {
  type Callback,
  type DuplexLike,
  type DuplexMethods,
  type SimulatedSocket,
  type SocketMethods,
  type SocketOptions,
  simulateSocket,
} from './node-socket.ts';
export { WirePeer } from './peer.ts';
export { pick, type Random, randomBytes, seeded } from './random.ts';
export { settled, VirtualClock } from './virtual-clock.ts';
export { type WireCode, WireEnd, WireError } from './wire.ts';
