/**
 * Wakes sleepers, each at a set time. A sleeper is the driver of a connection, or anything else that waits. All
 * sleepers that use the same clock share one timer. One timer each would take most of the memory of an idle connection
 * (benchmarks: idle).
 *
 * The sleepers are in a binary heap: the one at index i / 2 is due no later than the one at index i. Sleepers that may
 * be woken late are kept in batches, one batch for each wake time, and the heap holds the batches. Each step through a
 * heap reads another object: without batches, thousands of connections with a heartbeat would spend most of their time
 * on that (benchmarks: heartbeat).
 */
import type { Connection } from '@sockless/core';
import { type Clock, MAX_DELAY, perClock, soon, type Timer } from './clock.ts';
import { host } from './host.ts';

/** Something that is to be woken at a set time. */
export interface Sleeper {
  /** The time to wake it, in whole milliseconds of the clock. */
  wakeAt: number;
  /**
   * Its index in the heap if positive; its place in a batch if negative, counting down from -1; 0 if it has no alarm;
   * or `DUE`.
   */
  alarm: number;
  /** Whether it has ended, so that {@link Alarms.follow} sets no alarm any more. */
  readonly isOver?: boolean;
  /** Called when the time has come. */
  wake(): void;
}

/** The `alarm` of a sleeper whose time has come, until it is woken. */
const DUE = -(2 ** 30);

/** Returns the alarms of a clock. */
export const alarmsOf: (clock: Clock) => Alarms = perClock((clock) => new Alarms(clock));

/** The sleepers of one clock. */
export class Alarms {
  readonly #clock: Clock;
  // The first sleeper is at index 1, because 0 stands for no alarm.
  readonly #heap: (Sleeper | undefined)[] = [undefined];
  readonly #batches: Map<number, Batch> = new Map();
  #timer: Timer | undefined = undefined;
  #timerAt = Infinity;

  /** Starts without sleepers. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Sets an alarm that wakes `sleeper` once, at a time from `at` to `at + slack`, or a little later if the timer is
   * late.
   *
   * An alarm that is already set for `at + slack` or earlier stays instead, even if it is before `at`. A sleeper that
   * is woken and finds nothing to do must set its alarm again. That costs less than moving the alarm each time that
   * bytes arrive.
   *
   * @param slack by how many milliseconds it may be woken later than `at`, so that it can be woken together with others
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
   * Wakes `sleeper` at the deadline of `connection`, or within its `slack` after that, if there is a deadline. Usually
   * an early enough alarm is already set, and this only checks that.
   *
   * @param startedAt the time on the clock when the connection's own time was 0, in whole milliseconds
   */
  follow(sleeper: Sleeper, connection: Pick<Connection, 'deadline' | 'slack'>, startedAt: number): void {
    const { deadline } = connection;
    if (deadline === Infinity) return;
    const at = startedAt + deadline;
    if ((sleeper.alarm === 0 || sleeper.wakeAt > at) && sleeper.isOver !== true)
      this.set(sleeper, at, connection.slack);
  }

  /** Removes the alarm of `sleeper`. It is not woken, even if its time has come already. */
  clear(sleeper: Sleeper): void {
    const { alarm } = sleeper;
    if (alarm === 0) return;
    if (alarm === DUE) {
      sleeper.alarm = 0;
      return;
    }
    if (alarm < 0) {
      this.#leave(sleeper);
      return;
    }
    const heap = this.#heap;
    sleeper.alarm = 0;
    const last = heap.pop() as Sleeper;
    if (heap.length === 1) {
      // The heap is empty, so stop the timer: nothing is left behind when the last connection has ended.
      this.#clock.clearTimeout(this.#timer);
      this.#timerAt = Infinity;
    }
    if (last === sleeper) return;
    // The last sleeper takes the free place, which may be too high or too low for it.
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

  /** Removes a sleeper from its batch, whose last sleeper takes its place. */
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

  /**
   * Sets the timer for the earliest sleeper. If that sleeper's alarm is removed while others remain, the timer stays;
   * it fires for nothing and is set again.
   */
  #arrange(): void {
    const at = this.#heap[1]?.wakeAt ?? Infinity;
    if (at >= this.#timerAt) return;
    const clock = this.#clock;
    clock.clearTimeout(this.#timer);
    this.#timerAt = at;
    const timer = clock.setTimeout(() => this.#fire(), Math.min(Math.max(at - clock.now(), 0) + 1, MAX_DELAY));
    this.#timer = timer;
    timer.unref?.();
  }

  #fire(): void {
    this.#timerAt = Infinity;
    const clock = this.#clock;
    const now = clock.now();
    const due: Sleeper[] = [];
    for (let first = this.#heap[1]; first !== undefined && first.wakeAt <= now; first = this.#heap[1]) {
      this.clear(first);
      if (first instanceof Batch) {
        this.#batches.delete(first.wakeAt);
        for (const sleeper of first.sleepers) due.push(sleeper);
      } else due.push(first);
    }
    for (const sleeper of due) sleeper.alarm = DUE;
    // First let the sockets deliver the bytes that they received while the process was busy: the deadline may be
    // waiting for just these bytes. If so, the sleeper finds its deadline moved, or its alarm is removed before its
    // turn.
    if (due.length > 0) soon(clock, () => due.forEach(wake));
    this.#arrange();
  }
}

/** Sleepers that are woken at the same time. */
class Batch implements Sleeper {
  wakeAt = 0;
  alarm = 0;
  readonly sleepers: Sleeper[] = [];

  wake(): void {
    // `#fire` wakes its sleepers instead.
  }
}

/** Wakes a sleeper. An error that it throws is printed and does not stop the others. */
function wake(sleeper: Sleeper): void {
  try {
    if (sleeper.alarm !== DUE) return;
    sleeper.alarm = 0;
    sleeper.wake();
  } catch (error) {
    host.console.error('sockless: an error while handling a deadline:', error);
  }
}

/**
 * Returns the time to wake a sleeper that is due at `at`, so that others are woken with it. Let `step` be the largest
 * power of two that is not greater than `slack`: the time is the first multiple of `step` that is not before `at`.
 */
function together(at: number, slack: number): number {
  // A shift and a remainder, not `**` and `/`, so that `wakeAt` stays a small integer, which V8 stores in the object
  // (benchmarks: idle). That holds for the first 12 or 24 days of a process: V8's small integers have 31
  // or 32 bits.
  const step = 1 << (31 - Math.clz32(slack));
  const over = at % step;
  return over === 0 ? at : at - over + step;
}

type Heap = (Sleeper | undefined)[];

/** Puts `sleeper` at `index`, or further up: above the sleepers that are due later. */
function rise(heap: Heap, sleeper: Sleeper, index: number): void {
  let at = index;
  for (let above = heap[at >> 1]; above !== undefined && above.wakeAt > sleeper.wakeAt; above = heap[at >> 1]) {
    place(heap, above, at);
    at >>= 1;
  }
  place(heap, sleeper, at);
}

/** Moves `sleeper` from `index` down: below the sleepers that are due earlier. */
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
