/** The cost of an idle connection: memory of the server after a forced collection. */
import { setTimeout as sleep } from 'node:timers/promises';
import * as servers from '../net/server-programs.ts';
import type { Memory } from '../net/servers/listening.ts';
import { Station, subjectOf } from '../net/station.ts';
import { ownServer } from '../own/program.ts';
import type { Case, Runner, Suite } from '../suite.ts';

interface IdleCase extends Case {
  readonly connections: number;
  readonly what: 'heap above' | 'heap and buffers above' | 'resident';
}

/** Bytes for each connection. */
interface Costs {
  readonly heap: number;
  readonly heapAndBuffers: number;
  readonly resident: number;
}

/** Connections opened and closed before the measurement, so that everything is loaded and compiled. */
const WARM_UP = 200;
/** How often memory is read, a tenth of a second apart. */
const READINGS = 8;
/** File descriptors that a process needs for other purposes. */
const OTHER_FILES = 64;

/** Servers whose heap is meaningless, or the baseline of the others. */
const WITHOUT_HEAP: readonly servers.ServerProgram[] = [servers.BARE, servers.BUN, servers.DENO];

/** The cost of bare sockets, by their number. It hardly varies, so it is measured once for all subjects. */
const bare = new Map<number, Costs>();

const cases: readonly IdleCase[] = [1000, 10_000].flatMap((connections) => {
  const name = `${connections.toLocaleString('en')} connections`;
  const slow = connections > 1000;
  const above: readonly IdleCase[] = [
    { name: `${name}, heap above a bare socket`, what: 'heap above', connections, slow },
    { name: `${name}, heap and buffers above a bare socket`, what: 'heap and buffers above', connections, slow: true },
  ];
  // The memory of a thousand connections is less than what a process grows and shrinks by itself.
  return slow ? [...above, { name: `${name}, resident in all`, what: 'resident', connections, slow }] : above;
});

/**
 * Each measurement has its own server process. Memory outside of Node's heap shows only in the resident size, which is
 * noisy. So Bun and Deno have no heap figure here, and the bare socket is a peer only for the resident size.
 */
export const suite: Suite = {
  name: 'idle',
  title: 'Memory of a server for each idle open connection, after a forced collection',
  unit: 'bytes/connection',
  turns: 3,
  cases,
  ours: [
    subjectOf(servers.SERVE, start),
    subjectOf(servers.SERVE_WITHOUT_TIMERS, start),
    subjectOf(servers.CORE_ON_NET, start),
    subjectOf(servers.CORE_WITHOUT_TIMERS, start),
  ],
  peers: [
    subjectOf(servers.WS, start),
    subjectOf(servers.BARE, start),
    subjectOf(servers.BUN, start),
    subjectOf(servers.DENO, start),
  ],
  contestant: { part: 'connections', subject: (file) => subjectOf(ownServer(file), start) },
};

function start(server: servers.ServerProgram): Promise<Runner> {
  return Promise.resolve(runner(server));
}

function runner(server: servers.ServerProgram): Runner {
  return {
    measure: async (name) => ({ cost: await costOf(server, name) }),
    stop: () => Promise.resolve(),
  };
}

/** Returns the cost of one case in bytes for each connection; NaN when it cannot be measured. */
async function costOf(server: servers.ServerProgram, name: string): Promise<number> {
  const found = cases.find((each) => each.name === name);
  if (found === undefined || !allowed(found.connections)) return Number.NaN;
  const { what, connections } = found;
  if (what === 'resident') return (await costs(server, connections)).resident;
  if (WITHOUT_HEAP.includes(server)) return Number.NaN;
  const zero = bare.get(connections) ?? (await costs(servers.BARE, connections));
  bare.set(connections, zero);
  const { heap, heapAndBuffers } = await costs(server, connections);
  return what === 'heap above' ? heap - zero.heap : heapAndBuffers - zero.heapAndBuffers;
}

/** Opens connections to a fresh server and returns what each costs it. */
export async function costs(server: servers.ServerProgram, connections: number): Promise<Costs> {
  const station = await Station.start(server);
  try {
    await station.load({ type: 'open', connections: WARM_UP });
    await station.load({ type: 'close' });
    const before = await settled(station, 0);
    await station.load({ type: 'open', connections });
    const after = await settled(station, connections);
    const heap = (after.heapUsed - before.heapUsed) / connections;
    return {
      heap,
      heapAndBuffers: heap + (after.external - before.external) / connections,
      resident: (after.rss - before.rss) / connections,
    };
  } finally {
    await station.stop();
  }
}

/**
 * Returns the memory once the connections exist and the garbage of opening or closing them is gone: the least of several
 * readings, since a quarter of a megabyte comes and goes between collections, which is much for a thousand connections.
 */
async function settled(station: Station, connections: number): Promise<Omit<Memory, 'connections'>> {
  const readings: Memory[] = [];
  for (let patience = 50; patience > 0 && readings.length < READINGS; patience--) {
    await sleep(100);
    const memory = await station.memory();
    if (memory.connections === connections) readings.push(memory);
  }
  if (readings.length < READINGS) throw new Error(`the server did not reach ${connections} connections`);
  const least = (what: 'heapUsed' | 'external' | 'rss'): number => Math.min(...readings.map((memory) => memory[what]));
  return { heapUsed: least('heapUsed'), external: least('external'), rss: least('rss') };
}

/** The part of Node's diagnostic report about limits; not available on Windows. */
interface Report {
  readonly userLimits?: { readonly open_files?: { readonly hard: number | string } };
}

/** Tells whether a process may have that many connections; prints a line if not. */
export function allowed(connections: number): boolean {
  const report = process.report?.getReport() as Report | undefined;
  const hard = report?.userLimits?.open_files?.hard;
  if (typeof hard !== 'number' || hard >= connections + OTHER_FILES) return true;
  const needed = `${connections} connections need ${connections + OTHER_FILES} open files`;
  console.error(`${needed}, and the limit is ${hard} (ulimit -Hn): left out`);
  return false;
}
