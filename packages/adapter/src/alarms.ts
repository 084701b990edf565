/**
 * One timer for all connections: one of Node's for each would be the largest part of an idle connection (benchmarks: idle).
 *
 * A binary heap: no sleeper is woken earlier than the one at half its index. Those that may be late share places in it: a batch for each time,
 * so that a heap of thousands, in which each step is a look into another object, need not be climbed for each of them (benchmarks: heartbeat).
 */
import type { Connection } from '@sockless/core';
import { type Clock, perClock, soon, type Timer } from './clock.ts';
import { host } from './host.ts';

/** Something that is to be woken at a time. */
export interface Sleeper {
  /** When, in whole milliseconds of the clock. */
  wakeAt: number;
  /** Where in the heap it is; 0 when it is not; below that, where in a batch, from -1 on. */
  alarm: number;
  /** Is called when the time has come. */
  wake(): void;
}

/** The longest delay that `setTimeout` takes. */
const MAX_DELAY = 2 ** 31 - 1;

/** Returns the alarms that go by a clock. */
export const alarmsOf: (clock: Clock) => Alarms = perClock((clock) => new Alarms(clock));

/** Those who sleep by one clock. */
export class Alarms {
  readonly #clock: Clock;
  // The first is at 1, so that 0 is nowhere.
  readonly #heap: (Sleeper | undefined)[] = [undefined];
  readonly #batches: Map<number, Batch> = new Map();
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
   * @param slack by how many milliseconds it may be later: those that may are woken together
   */
  set(sleeper: Sleeper, at: number, slack = 0): void {
    if (sleeper.alarm !== 0 && sleeper.wakeAt <= at + slack) return;
    if (slack > 0) {
      this.clear(sleeper);
      this.#join(sleeper, together(at, slack));
      return;
    }
    if (sleeper.alarm < 0) this.clear(sleeper);
    const heap = this.#heap;
    if (sleeper.alarm === 0) heap.push(sleeper);
    sleeper.wakeAt = at;
    rise(heap, sleeper, sleeper.alarm || heap.length - 1);
    this.#arrange();
  }

  /**
   * Wakes what moves the bytes of a connection at its deadline, if it has one. Mostly it will be woken early enough already: then this asks
   * for nothing more than the time.
   *
   * @param startedAt when the time of the connection began, on the clock, in whole milliseconds
   */
  follow(sleeper: Sleeper, connection: Pick<Connection, 'deadline' | 'slack'>, startedAt: number): void {
    const { deadline } = connection;
    if (deadline === Infinity) return;
    const at = startedAt + deadline;
    if (sleeper.alarm === 0 || sleeper.wakeAt > at) this.set(sleeper, at, connection.slack);
  }

  /** Lets `sleeper` sleep. */
  clear(sleeper: Sleeper): void {
    const { alarm } = sleeper;
    if (alarm === 0) return;
    if (alarm < 0) {
      this.#leave(sleeper);
      return;
    }
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

  #join(sleeper: Sleeper, at: number): void {
    let batch = this.#batches.get(at);
    if (batch === undefined) {
      batch = new Batch();
      this.#batches.set(at, batch);
      this.set(batch, at);
    }
    sleeper.wakeAt = at;
    sleeper.alarm = -batch.sleepers.push(sleeper);
  }

  /** The last of its batch takes the place of a sleeper. */
  #leave(sleeper: Sleeper): void {
    const batch = this.#batches.get(sleeper.wakeAt) as Batch;
    const { sleepers } = batch;
    const last = sleepers.pop() as Sleeper;
    if (last !== sleeper) {
      last.alarm = sleeper.alarm;
      sleepers[-last.alarm - 1] = last;
    }
    sleeper.alarm = 0;
    if (sleepers.length > 0) return;
    this.#batches.delete(batch.wakeAt);
    this.clear(batch);
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
      if (!(first instanceof Batch)) due.push(first);
      else {
        this.#batches.delete(first.wakeAt);
        for (const sleeper of first.sleepers) {
          sleeper.alarm = 0;
          due.push(sleeper);
        }
      }
    }
    // What the sockets received while the process was busy comes first: it may be what somebody waits for.
    if (due.length > 0) soon(clock, () => due.forEach(wake));
    this.#arrange();
  }
}

/** Those that are to be woken at the same time. */
class Batch implements Sleeper {
  wakeAt = 0;
  alarm = 0;
  readonly sleepers: Sleeper[] = [];

  wake(): void {
    // Its sleepers are woken in its stead.
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
  // Neither a power nor a quotient: the engine keeps the result in place only while all are whole numbers (benchmarks: idle).
  const step = 1 << (31 - Math.clz32(slack));
  const over = at % step;
  return over === 0 ? at : at - over + step;
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
