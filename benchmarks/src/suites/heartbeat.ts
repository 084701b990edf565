/** Heartbeats: what a Ping frame and its answer on an idle connection cost a server. */
import * as servers from '../net/server-programs.ts';
import { Station, subjectOf } from '../net/station.ts';
import type { Case, Runner, Suite } from '../suite.ts';
import { allowed } from './idle.ts';

interface HeartbeatCase extends Case {
  readonly connections: number;
  /** Milliseconds between two Ping frames on a connection. */
  readonly interval: number;
  /** The number of Ping frames on each connection before the measurement: until engines have compiled what runs. */
  readonly warmUp: number;
  /** The number of Ping frames to measure on each connection. */
  readonly rounds: number;
}

const cases: readonly HeartbeatCase[] = [
  { name: '1,000 connections, every second', connections: 1000, interval: 1000, warmUp: 30, rounds: 10 },
  { name: '10,000 connections, every 10 s', connections: 10_000, interval: 10_000, warmUp: 4, rounds: 6, slow: true },
];

/**
 * Each measurement has its own server process, and leaves out the first tens of thousands of Ping frames: compiling costs more than they do,
 * and a server that keeps idle connections runs for days.
 */
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
  { connections, interval, warmUp, rounds }: Omit<HeartbeatCase, 'name'>,
): Promise<number> {
  const station = await Station.start({
    ...server,
    program: { ...program, args: [...program.args, String(interval)] },
  });
  try {
    await station.load({ type: 'open', connections, pings: true });
    // Also leaves out the garbage of opening the connections.
    await station.load({ type: 'pong', count: connections * warmUp, milliseconds: warmUp * interval });
    await station.memory();
    const before = await station.processor();
    const { count } = await station.load({
      type: 'pong',
      count: connections * rounds,
      milliseconds: rounds * interval,
    });
    return ((await station.processor()) - before) / count;
  } finally {
    await station.stop();
  }
}
