/** Round trips of echoes at a fixed rate, which every server can keep: how long a message takes when the server is not full. */
import { KIB, sizeName } from '../codec/inputs.ts';
import * as servers from '../net/server-programs.ts';
import { measuring, subjectOf } from '../net/station.ts';
import { ownServer } from '../own/program.ts';
import type { Case, Suite } from '../suite.ts';

interface LatencyCase extends Case {
  readonly size: number;
  readonly connections: number;
  /** Messages per second. */
  readonly rate: number;
}

/** Tails need long measurements, so a quick run has none of these. */
const cases: readonly LatencyCase[] = [latency(16, 10_000), latency(KIB, 10_000), latency(64 * KIB, 500)];

const PACE = { turns: 5, warmUp: 800, slice: 800 };

const start = measuring(cases, (station, { size, connections, rate }, milliseconds) =>
  station.roundTrips({ opcode: 2, size, connections, inFlight: 1, milliseconds }, rate),
);

/** Each server with its defaults, but without compression. */
export const suite: Suite = {
  name: 'latency',
  title:
    'Round trips of binary messages at a fixed rate: the median, p99, p99.9, and processor time of the server, counted from when a message is due',
  unit: 'ns/message',
  pace: { quick: PACE, full: PACE },
  limit: servers.LIMIT.name,
  cases,
  ours: [subjectOf(servers.SERVE, start), subjectOf(servers.SERVE_ON_DENO, start)],
  peers: [
    subjectOf(servers.WS, start),
    subjectOf(servers.WS_BUFFERUTIL, start),
    subjectOf(servers.WEBSOCKET_DRIVER, start),
    subjectOf(servers.WEBSOCKET, start),
    subjectOf(servers.CROSSWS, start),
    subjectOf(servers.BUN, start),
    subjectOf(servers.DENO, start),
    subjectOf(servers.LIMIT, start),
  ],
  contestant: { part: 'server', subject: (file) => subjectOf(ownServer(file), start) },
};

function latency(size: number, rate: number): LatencyCase {
  const connections = 50;
  const name = `${sizeName(size)}, ${connections} connections, ${rate.toLocaleString('en')} a second`;
  return { name, size, connections, rate, slow: true };
}
