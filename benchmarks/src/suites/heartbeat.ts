/** Heartbeats: what a Ping frame and its answer on an idle connection cost a server. */
import * as servers from '../net/server-programs.ts';
import { Station, subjectOf } from '../net/station.ts';
import type { Case, Runner, Suite } from '../suite.ts';
import { allowed } from './idle.ts';

interface HeartbeatCase extends Case {
  readonly connections: number;
  /** Milliseconds between two Ping frames on a connection. */
  readonly interval: number;
  /** The time to measure, in milliseconds. */
  readonly time: number;
}

const cases: readonly HeartbeatCase[] = [
  { name: '1,000 connections, every second', connections: 1000, interval: 1000, time: 5000 },
  { name: '10,000 connections, every 10 s', connections: 10_000, interval: 10_000, time: 60_000, slow: true },
];

/** Each measurement has its own server process and leaves out the first Ping frames. */
export const suite: Suite = {
  name: 'heartbeat',
  title:
    "Processor time of a server for each Ping frame and its Pong frame, on idle connections; ws has its documentation's heartbeat",
  unit: 'ns/ping',
  turns: 3,
  cases,
  ours: [subjectOf(servers.SERVE_HEARTBEAT, start)],
  peers: [subjectOf(servers.WS_HEARTBEAT, start)],
};

function start(server: servers.ServerProgram): Promise<Runner> {
  return Promise.resolve({
    measure: async (name) => ({ cost: await costOf(server, name) }),
    stop: () => Promise.resolve(),
  });
}

function costOf(server: servers.ServerProgram, name: string): Promise<number> | number {
  const found = cases.find((each) => each.name === name);
  return found === undefined || !allowed(found.connections) ? Number.NaN : heartbeatCost(server, found);
}

/** Returns the processor time of the server for each Ping frame, in nanoseconds. */
export async function heartbeatCost(
  { program, ...server }: servers.ServerProgram,
  { connections, interval, time }: Omit<HeartbeatCase, 'name'>,
): Promise<number> {
  const station = await Station.start({
    ...server,
    program: { ...program, args: [...program.args, String(interval)] },
  });
  try {
    await station.load({ type: 'open', connections, pings: true });
    // Leaves out the first Ping frames, and the garbage of opening the connections.
    await station.load({ type: 'pong', milliseconds: 1.5 * interval });
    await station.memory();
    const before = await station.processor();
    const answer = await station.load({ type: 'pong', milliseconds: time });
    const spent = (await station.processor()) - before;
    const expected = (connections * time) / interval;
    const pings = answer?.count ?? 0;
    if (Math.abs(pings / expected - 1) > 0.25) throw new Error(`${pings} Ping frames came, and not about ${expected}`);
    return spent / pings;
  } finally {
    await station.stop();
  }
}
