/** Broadcasting: what it costs a server to deliver one message to each connection. */
import { KIB, type Kind, sizeName } from '../codec/inputs.ts';
import * as servers from '../net/server-programs.ts';
import { measuring, subjectOf } from '../net/station.ts';
import { ownServer } from '../own/program.ts';
import type { Case, Suite } from '../suite.ts';

interface BroadcastCase extends Case {
  readonly kind: Kind;
  /** The size of a message in bytes. */
  readonly size: number;
  readonly compressed: boolean;
  readonly connections: number;
}

const CONNECTIONS = 2000;

const cases: readonly BroadcastCase[] = [
  broadcast('text', 64),
  broadcast('text', KIB, { slow: true }),
  broadcast('text', 16 * KIB, { slow: true }),
  broadcast('CJK text', 64, { slow: true }),
  broadcast('CJK text', KIB, { slow: true }),
  broadcast('CJK text', 16 * KIB),
  broadcast('binary', 64, { slow: true }),
  broadcast('binary', KIB, { slow: true }),
  broadcast('binary', 16 * KIB, { slow: true }),
  broadcast('text', KIB, { compressed: true }),
  broadcast('text', 16 * KIB, { compressed: true, slow: true }),
];

const start = measuring(cases, (station, { kind, size, compressed, connections }, milliseconds) =>
  station.broadcast({ kind, size, compressed, connections, milliseconds }),
);

/** Servers with their defaults, and with compression for connections that offer it. */
export const suite: Suite = {
  name: 'broadcast',
  title: `One message to ${CONNECTIONS.toLocaleString('en')} connections over loopback TCP: time, and processor time of the server, for each delivery`,
  unit: 'ns/delivery',
  pace: { quick: { turns: 3, warmUp: 300, slice: 100 }, full: { turns: 7, warmUp: 1200, slice: 400 } },
  limit: servers.BROADCAST_BARE.name,
  cases,
  ours: [subjectOf(servers.BROADCAST, start), subjectOf(servers.BROADCAST_LOOP, start)],
  peers: [
    subjectOf(servers.BROADCAST_WS, start),
    subjectOf(servers.BROADCAST_WS_BUFFER, start),
    subjectOf(servers.BROADCAST_BUN, start),
    subjectOf(servers.BROADCAST_BARE, start),
    subjectOf(servers.BROADCAST_BARE_HTTP, start),
  ],
  contestant: { part: 'broadcast', subject: (file) => subjectOf(ownServer(file), start) },
};

function broadcast(kind: Kind, size: number, { compressed = false, slow = false } = {}): BroadcastCase {
  const name = `${kind}, ${sizeName(size)}${compressed ? ', compressed' : ''}`;
  return { name, kind, size, compressed, connections: CONNECTIONS, slow };
}
