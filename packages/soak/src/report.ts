/** The messages to and from the process under test. */
import type { Resources } from './child/resources.ts';

/** The parameters of a run. */
export interface Settings {
  readonly seed: number;
  readonly seconds: number;
  /** How many connections are open at a time. */
  readonly connections: number;
  /** The port of the network. */
  readonly network: number;
}

/** The counts so far. */
export interface Tally {
  /** Connections that have ended. */
  connections: number;
  /** Messages that `send` has accepted; that have arrived; and that have not, as the end explains. */
  accepted: number;
  arrived: number;
  explained: number;
  /** How many connections had each fate. */
  readonly fates: Record<string, number>;
  /** How often each explanation of an end occurred, on each side. */
  readonly ends: Record<string, number>;
  /** The faults found. */
  readonly faults: string[];
}

export interface Result {
  readonly tally: Tally;
  readonly before: Resources;
  readonly after: Resources;
}

/** A line from the process under test. */
export interface Told {
  /** The port of the server. */
  readonly listening?: number;
  readonly progress?: Tally;
  readonly result?: Result;
}

const MIB = 1_048_576;

/**
 * How much more memory may be in use at the end, in bytes, after all connections have ended and garbage has been collected: what
 * the engine learns about code that ran for the first time, and caches of the host. It does not grow with the number of connections.
 */
export const TOLERANCE = { heap: 8 * MIB, external: 8 * MIB } as const;

/**
 * How many file descriptors may be left. A `Deno.connect` whose signal is aborted at the moment when it succeeds leaks its
 * socket, without any of our code: 3 of 2,000 with Deno 2.9.6.
 */
export const FILES_LEFT = { node: 0, deno: 4 } as const;

/** Returns the resources that are not back at their initial level. */
export function leaksOf(before: Resources, after: Resources, runtime: keyof typeof FILES_LEFT): string[] {
  const handles = Object.keys({ ...before.handles, ...after.handles }).map(
    (kind) => [kind, before.handles[kind] ?? 0, after.handles[kind] ?? 0, 0] as const,
  );
  const rows: readonly (readonly [name: string, before: number, after: number, tolerance: number])[] = [
    ['bytes on the heap', before.heap, after.heap, TOLERANCE.heap],
    ['bytes outside of the heap', before.external, after.external, TOLERANCE.external],
    ['file descriptors', before.files, after.files, FILES_LEFT[runtime]],
    ['timers', before.timers, after.timers, 0],
    ['connections in memory', 0, after.connections, 0],
    ...handles,
  ];
  return rows
    .filter(([, from, to, tolerance]) => to > from + tolerance)
    .map(([name, from, to]) => `${name}: ${from} at the start and ${to} at the end`);
}
