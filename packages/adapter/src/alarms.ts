/**
 * One timer for all connections: one of Node's for each would be the largest part of an idle connection (benchmarks: idle).
 *
 * A binary heap: no sleeper is woken earlier than the one at half its index.
 */
import { type Clock, soon, type Timer } from './clock.ts';
import { host } from './host.ts';

/** Something that is to be woken at a time. */
export interface Sleeper {
  /** When, in whole milliseconds of the clock. */
  wakeAt: number;
  /** Where in the heap it is; 0 when it is not. */
  alarm: number;
  /** Is called when the time has come. */
  wake(): void;
}

/** The longest delay that `setTimeout` takes. */
const MAX_DELAY = 2 ** 31 - 1;

const all = new WeakMap<Clock, Alarms>();

/** Returns the alarms that go by a clock. */
export function alarmsOf(clock: Clock): Alarms {
  let alarms = all.get(clock);
  if (alarms === undefined) {
    alarms = new Alarms(clock);
    all.set(clock, alarms);
  }
  return alarms;
}

/** Those who sleep by one clock. */
export class Alarms {
  readonly #clock: Clock;
  // The first is at 1, so that 0 is nowhere.
  readonly #heap: (Sleeper | undefined)[] = [undefined];
  #timer: Timer | undefined = undefined;
  #timerAt = Infinity;

  /** Nobody sleeps yet. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Wakes `sleeper` once at `at`, or earlier if it is to be woken then already: a sleeper that finds nothing to do asks
   * anew, which costs less than being moved each time that something arrives.
   *
   * @param slack by how many milliseconds it may be later: those that may are woken together, which costs a fraction of one after the
   * other (benchmarks: heartbeat)
   */
  set(sleeper: Sleeper, at: number, slack = 0): void {
    const heap = this.#heap;
    if (sleeper.alarm === 0) heap.push(sleeper);
    else if (sleeper.wakeAt <= at + slack) return;
    sleeper.wakeAt = slack === 0 ? at : together(at, slack);
    rise(heap, sleeper, sleeper.alarm || heap.length - 1);
    this.#arrange();
  }

  /** Lets `sleeper` sleep. */
  clear(sleeper: Sleeper): void {
    const { alarm } = sleeper;
    if (alarm === 0) return;
    const heap = this.#heap;
    sleeper.alarm = 0;
    const last = heap.pop() as Sleeper;
    if (heap.length === 1) {
      // Nobody sleeps: nothing of a connection is left behind when the last one has ended.
      this.#clock.clearTimeout(this.#timer);
      this.#timerAt = Infinity;
    }
    if (last === sleeper) return;
    // The last takes its place, which may be too high or too low for it.
    rise(heap, last, alarm);
    sink(heap, last, last.alarm);
  }

  /** One timer for the earliest. When that moves away the timer stays: it fires, finds nobody, and is set anew. */
  #arrange(): void {
    const at = this.#heap[1]?.wakeAt ?? Infinity;
    if (at >= this.#timerAt) return;
    const clock = this.#clock;
    clock.clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = clock.setTimeout(() => this.#fire(), Math.min(Math.max(at - clock.now(), 0) + 1, MAX_DELAY));
    this.#timer?.unref?.();
  }

  #fire(): void {
    this.#timerAt = Infinity;
    const clock = this.#clock;
    const now = clock.now();
    const due: Sleeper[] = [];
    for (let first = this.#heap[1]; first !== undefined && first.wakeAt <= now; first = this.#heap[1]) {
      this.clear(first);
      due.push(first);
    }
    // What the sockets received while the process was busy comes first: it may be what somebody waits for.
    if (due.length > 0) soon(clock, () => due.forEach(wake));
    this.#arrange();
  }
}

/** What goes wrong for one stops no other. */
function wake(sleeper: Sleeper): void {
  try {
    sleeper.wake();
  } catch (error) {
    host.console.error('sockless: a deadline could not be kept:', error);
  }
}

/** The first multiple of a power of two from `at` on that is not later than `slack` allows: the same for all that are due at about that time. */
function together(at: number, slack: number): number {
  const step = 2 ** (31 - Math.clz32(slack));
  return Math.ceil(at / step) * step;
}

type Heap = (Sleeper | undefined)[];

/** Puts `sleeper` at `index`, or above those that are later. */
function rise(heap: Heap, sleeper: Sleeper, index: number): void {
  let at = index;
  for (let above = heap[at >> 1]; above !== undefined && above.wakeAt > sleeper.wakeAt; above = heap[at >> 1]) {
    place(heap, above, at);
    at >>= 1;
  }
  place(heap, sleeper, at);
}

/** Puts `sleeper`, at `index`, below those that are earlier. */
function sink(heap: Heap, sleeper: Sleeper, index: number): void {
  let at = index;
  while (true) {
    let below = heap[2 * at];
    const other = heap[2 * at + 1];
    if (other !== undefined && other.wakeAt < (below as Sleeper).wakeAt) below = other;
    if (below === undefined || below.wakeAt >= sleeper.wakeAt) break;
    const next = below.alarm;
    place(heap, below, at);
    at = next;
  }
  place(heap, sleeper, at);
}

function place(heap: Heap, sleeper: Sleeper, index: number): void {
  heap[index] = sleeper;
  sleeper.alarm = index;
}
