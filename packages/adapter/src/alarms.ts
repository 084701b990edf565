/**
 * One timer for all connections: one of Node's for each would be the largest part of an idle connection (benchmarks: idle).
 *
 * A binary heap: nobody is to be woken earlier than the sleeper at half the index.
 */
import { host, soon, type Timer } from './host.ts';

/** Something that is to be woken at a time. */
export interface Sleeper {
  /** When, in whole milliseconds of `performance.now`. */
  wakeAt: number;
  /** Where in the heap it is; 0 when it is not. */
  alarm: number;
  /** Is called when the time has come. */
  wake(): void;
}

/** The longest delay that `setTimeout` takes. */
const MAX_DELAY = 2 ** 31 - 1;

// The first is at 1, so that 0 is nowhere.
const heap: (Sleeper | undefined)[] = [undefined];
let timer: Timer | undefined;
let timerAt = Infinity;

/**
 * Wakes `sleeper` once at `at`, or earlier if it is to be woken then already: who finds nothing to do asks anew, which
 * costs less than being moved each time that something arrives.
 */
export function setAlarm(sleeper: Sleeper, at: number): void {
  if (sleeper.alarm === 0) heap.push(sleeper);
  else if (sleeper.wakeAt <= at) return;
  sleeper.wakeAt = at;
  rise(sleeper, sleeper.alarm || heap.length - 1);
  arrange();
}

/** Lets `sleeper` sleep. */
export function clearAlarm(sleeper: Sleeper): void {
  const { alarm } = sleeper;
  if (alarm === 0) return;
  sleeper.alarm = 0;
  const last = heap.pop() as Sleeper;
  if (heap.length === 1) {
    // Nobody sleeps: nothing of a connection is left behind when the last one has ended.
    host.clearTimeout(timer);
    timerAt = Infinity;
  }
  if (last === sleeper) return;
  // The last takes its place, which may be too high or too low for it.
  rise(last, alarm);
  sink(last, last.alarm);
}

/** One timer for the earliest. When that moves away the timer stays: it fires, finds nobody, and is set anew. */
function arrange(): void {
  const at = heap[1]?.wakeAt ?? Infinity;
  if (at >= timerAt) return;
  host.clearTimeout(timer);
  timerAt = at;
  timer = host.setTimeout(fire, Math.min(Math.max(at - host.performance.now(), 0) + 1, MAX_DELAY));
  timer.unref?.();
}

function fire(): void {
  timerAt = Infinity;
  const now = host.performance.now();
  for (let first = heap[1]; first !== undefined && first.wakeAt <= now; first = heap[1]) {
    clearAlarm(first);
    // What the sockets received while the process was busy comes first: it may be what somebody waits for.
    soon(wake, first);
  }
  arrange();
}

const wake = (sleeper: Sleeper): void => sleeper.wake();

/** Puts `sleeper` at `index`, or above those that are later. */
function rise(sleeper: Sleeper, index: number): void {
  let at = index;
  for (let above = heap[at >> 1]; above !== undefined && above.wakeAt > sleeper.wakeAt; above = heap[at >> 1]) {
    place(above, at);
    at >>= 1;
  }
  place(sleeper, at);
}

/** Puts `sleeper`, at `index`, below those that are earlier. */
function sink(sleeper: Sleeper, index: number): void {
  let at = index;
  while (true) {
    let below = heap[2 * at];
    const other = heap[2 * at + 1];
    if (other !== undefined && other.wakeAt < (below as Sleeper).wakeAt) below = other;
    if (below === undefined || below.wakeAt >= sleeper.wakeAt) break;
    const next = below.alarm;
    place(below, at);
    at = next;
  }
  place(sleeper, at);
}

function place(sleeper: Sleeper, index: number): void {
  heap[index] = sleeper;
  sleeper.alarm = index;
}
