/**
 * Opening handshakes: TCP connections opened, upgraded and closed again. The processor time of the server is measured, because
 * the load generator has as much work in the operating system and would reach its limit first.
 */
import * as servers from '../net/server-programs.ts';
import { Station, subjectOf } from '../net/station.ts';
import { ownServer } from '../own/program.ts';
import type { Runner, Suite } from '../suite.ts';

/** How many connections are being opened at a time. */
const CONCURRENCY = 32;

/** The whole way from SYN to the end: ours behind `node:http`, and with core's own parser on `node:net`. */
export const suite: Suite = {
  name: 'connect',
  title: 'Processor time of the server for connections that are opened (TCP and upgrade) and ended by the client',
  unit: 'ns/handshake',
  // So much code takes part that compiling it takes long.
  pace: { quick: { turns: 3, warmUp: 750, slice: 150 }, full: { turns: 9, warmUp: 1500, slice: 300 } },
  cases: [{ name: `${CONCURRENCY} at a time` }],
  ours: [subjectOf(servers.SERVE, start), subjectOf(servers.CORE_ON_NET, start)],
  peers: [
    subjectOf(servers.WS, start),
    subjectOf(servers.WEBSOCKET_DRIVER, start),
    subjectOf(servers.WEBSOCKET, start),
    subjectOf(servers.CROSSWS, start),
    subjectOf(servers.BUN, start),
    subjectOf(servers.DENO, start),
  ],
  contestant: { part: 'server', subject: (file) => subjectOf(ownServer(file), start) },
};

async function start(server: servers.ServerProgram): Promise<Runner> {
  const station = await Station.start(server);
  const run = async (milliseconds: number): Promise<number> => {
    const before = await station.processor();
    const { count } = await station.load({ type: 'connect', concurrency: CONCURRENCY, milliseconds });
    return ((await station.processor()) - before) / count;
  };
  return {
    measure: async (_, milliseconds) => ({ cost: await run(milliseconds) }),
    stop: () => station.stop(),
  };
}
