/** `--contestant`: finds out what the files offer, refuses those that give wrong results, and adds the others to the suites. */
import { messageOf } from '../method.ts';
import { Companion, nodeProgram } from '../net/companion.ts';
import type { ServerProgram } from '../net/server-programs.ts';
import { Station } from '../net/station.ts';
import { pathOf, UsageError } from '../options.ts';
import type { Suite } from '../suite.ts';
import type { Part } from './own.ts';
import type { Probed } from './probe.ts';
import { ownServer } from './program.ts';
import type { OwnGreeting } from './server.ts';

/** A contestant that gives right results. */
export interface Contestant {
  readonly name: string;
  /** Its absolute path. */
  readonly path: string;
  readonly parts: readonly Part[];
}

/** Sizes of messages around the borders of the three forms of a length. */
const SIZES = [0, 16, 126, 65_536, 2 ** 20];

/**
 * Loads and checks a file.
 *
 * @param file a path, from the folder in which the command was given
 * @throws {UsageError} when it does not exist, cannot be loaded, or gives wrong results
 */
export async function findContestant(file: string): Promise<Contestant> {
  const path = pathOf(file);
  try {
    const { name, parts } = await probe(path);
    const more = parts.includes('server') ? await checkServer(ownServer({ name: '', path })) : [];
    return { name, path, parts: [...new Set([...parts, ...more])] };
  } catch (error) {
    throw new UsageError(`--contestant ${file} (${path}) is refused: ${messageOf(error)}.`, { cause: error });
  }
}

/**
 * Returns the suites with contestants among their peers.
 *
 * @throws {UsageError} when a name is taken
 */
export function withContestants(suites: readonly Suite[], contestants: readonly Contestant[]): Suite[] {
  const known = suites.flatMap(({ ours, peers }) => [...ours, ...peers].map(({ name }) => name));
  for (const [at, { name }] of contestants.entries()) {
    const isTaken = known.includes(name) || contestants.findIndex((other) => other.name === name) < at;
    if (isTaken || name.startsWith('sockless')) {
      throw new UsageError(`The contestant "${name}" needs another name: export const name = '…'.`);
    }
  }
  return suites.map((suite) => {
    const { contestant } = suite;
    const able = contestants.filter(({ parts }) => contestant !== undefined && parts.includes(contestant.part));
    const added = able.flatMap((one) => (contestant ? [{ ...contestant.subject(one), isContestant: true }] : []));
    return { ...suite, peers: [...suite.peers, ...added] };
  });
}

async function probe(path: string): Promise<Probed> {
  const companion = await Companion.start({ ...nodeProgram('../own/probe.ts', [path]), name: '' });
  try {
    return (await companion.ask({})) as Probed;
  } finally {
    await companion.stop();
  }
}

/** Compares the echoes of a server byte by byte. Returns what else it offers. */
async function checkServer(server: ServerProgram): Promise<readonly Part[]> {
  const station = await Station.start(server);
  try {
    const { parts } = station.greeting as OwnGreeting;
    for (const opcode of [1, 2] as const) {
      for (const size of SIZES) {
        const echo = { opcode, size, connections: 2, inFlight: 3, milliseconds: 1 } as const;
        await station.echo(echo).catch((error: unknown) => {
          throw new Error(`server: ${opcode === 1 ? 'text' : 'binary'}, ${size} bytes: ${messageOf(error)}`);
        });
      }
    }
    if (parts.includes('connections')) {
      const { connections } = await station.memory();
      if (connections !== 2) throw new Error(`server: connections() returns ${connections}, and 2 are open`);
    }
    if (parts.includes('broadcast')) {
      for (const kind of ['CJK text', 'binary'] as const) {
        await station.broadcast({ kind, size: 1000, compressed: false, connections: 3, milliseconds: 1 });
      }
    }
    return parts;
  } finally {
    await station.stop();
  }
}
