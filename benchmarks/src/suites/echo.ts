/** Echo over loopback TCP: what a message costs a server, from the socket to the application and back. */
import { KIB, MIB, sizeName } from '../codec/inputs.ts';
import { knowsLoans } from '../loan.ts';
import * as servers from '../net/server-programs.ts';
import { measuring, subjectOf } from '../net/station.ts';
import { ownServer } from '../own/program.ts';
import type { Case, Subject, Suite } from '../suite.ts';

interface EchoCase extends Case {
  readonly opcode: 1 | 2;
  /** The size of a message in bytes. */
  readonly size: number;
  readonly connections: number;
  /** Messages outstanding on each connection. */
  readonly inFlight: number;
}

const cases: readonly EchoCase[] = [
  binary(16, 1, 1, true),
  binary(16, 1, 64),
  binary(16, 50, 1, true),
  binary(16, 50, 16),
  binary(16, 1000, 1, true),
  binary(KIB, 1, 64, true),
  binary(KIB, 50, 1, true),
  binary(KIB, 50, 16, true),
  binary(4 * KIB, 50, 1, true),
  binary(4 * KIB, 50, 16, true),
  binary(64 * KIB, 1, 1, true),
  binary(64 * KIB, 50, 1),
  binary(64 * KIB, 50, 4, true),
  binary(MIB, 1, 1, true),
  binary(MIB, 50, 1, true),
  { ...binary(16, 50, 16, true), opcode: 1, name: 'text 16 B, 50 × 16' },
];

const start = measuring(cases, (station, { opcode, size, connections, inFlight }, milliseconds) =>
  station.echo({ opcode, size, connections, inFlight, milliseconds }),
);

const lending: readonly Subject[] = (await knowsLoans())
  ? [{ ...subjectOf(servers.SERVE_LENDING, start), variant: true }]
  : [];

/** Each server with its defaults, but without compression. */
export const suite: Suite = {
  name: 'echo',
  title:
    'Echo of binary messages over loopback TCP: size, connections × messages in flight; time, and processor time of the server',
  unit: 'ns/message',
  limit: servers.LIMIT.name,
  cases,
  ours: [
    subjectOf(servers.SERVE, start),
    ...lending,
    subjectOf(servers.SERVE_ON_DENO, start),
    subjectOf(servers.SERVE_ON_BUN, start),
  ],
  peers: [
    subjectOf(servers.WS, start),
    subjectOf(servers.WS_BUFFERUTIL, start),
    subjectOf(servers.WS_CORKED, start),
    subjectOf(servers.WEBSOCKET_DRIVER, start),
    subjectOf(servers.WEBSOCKET, start),
    subjectOf(servers.CROSSWS, start),
    subjectOf(servers.BUN, start),
    subjectOf(servers.DENO, start),
    subjectOf(servers.LIMIT, start),
  ],
  contestant: { part: 'server', subject: (file) => subjectOf(ownServer(file), start) },
};

function binary(size: number, connections: number, inFlight: number, slow = false): EchoCase {
  const name = `${sizeName(size)}, ${connections} × ${inFlight}`;
  return { name, opcode: 2, size, connections, inFlight, slow };
}
