// A situation with a simulated socket.
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { simulateSocket, VirtualClock, WireEnd } from '@sockless/adapter/testing';
import { simulatedPeer } from '../../../adapter/test/recording.ts';
import { CANCELS } from './main.ts';
import type { SITUATIONS } from './situations.ts';
import { Stage } from './stage.ts';

/** Plays a situation with a simulated socket. */
export async function playSimulated({ play, ...kind }: (typeof SITUATIONS)[number]): Promise<readonly string[]> {
  const clock = new VirtualClock();
  const [near, far] = WireEnd.pair(clock);
  near.capacity = far.capacity = 1_100_000;
  const { socket, connected, refused, secured } = simulateSocket(Duplex, near, clock, { ...kind, cancels: CANCELS });
  const peer = simulatedPeer(far);
  if (kind.deaf) peer.hold();
  const acts = { connect: connected, refuse: refused, secure: secured };
  const stage = new Stage(socket as unknown as Socket, peer, acts, () => clock.pass(1));
  await play(stage);
  return stage.notes;
}
