/** The resources of a process: memory, file descriptors, timers and handles. Timers count from when this module is loaded. */
import { readdirSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

/** The resources in use, by name. */
export interface Resources {
  /** Bytes after garbage collection: on the heap, and outside it for arrays and native objects. */
  readonly heap: number;
  readonly external: number;
  /** File descriptors; 0 if the system does not report them. */
  readonly files: number;
  /** Timers that were set and have neither fired nor been cleared. */
  readonly timers: number;
  /** The handles that keep Node's event loop alive, by kind; Deno does not report them. */
  readonly handles: Readonly<Record<string, number>>;
  /** Connections that are still in memory. */
  readonly connections: number;
}

const timers = new Set<unknown>();
const { setTimeout: set, clearTimeout: clear } = globalThis;

globalThis.setTimeout = Object.assign((call: (...values: unknown[]) => void, after?: number, ...values: unknown[]) => {
  const timer = set(() => {
    timers.delete(timer);
    call(...values);
  }, after);
  timers.add(timer);
  return timer;
}, set) as unknown as typeof setTimeout;
globalThis.clearTimeout = (timer) => {
  timers.delete(timer);
  clear(timer);
};

let remembered: WeakRef<object>[] = [];

/** Registers a connection. */
export function remember(connection: object): void {
  remembered.push(new WeakRef(connection));
}

/** Collects garbage and measures. */
export async function measure(): Promise<Resources> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('start it with --expose-gc');
  // Objects released by a finalizer are garbage of the next round, and sockets close in a turn of their own.
  for (let round = 0; round < 8; round++) {
    await delay(50);
    gc();
    // The weak references themselves are garbage as well.
    if (round === 4) remembered = remembered.filter((reference) => reference.deref() !== undefined);
  }
  const { heapUsed, external } = process.memoryUsage();
  const handles: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
  return {
    heap: heapUsed,
    external,
    files: process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0,
    timers: timers.size,
    handles,
    connections: remembered.length,
  };
}
