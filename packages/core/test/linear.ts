// Whether the time of something grows with its size, and not with the square of it.
import * as assert from 'uvu/assert';

const TIMES = 8;

/** Well between 8, for linear time, and 64, for quadratic. */
const LIMIT = 30;

/** Fails when eight times the size takes far more than eight times as long, in each of several attempts. */
export function assertLinear(run: (size: number) => void, size: number, message = 'linear time'): void {
  let growth = Infinity;
  for (let attempts = 0; attempts < 10 && growth >= LIMIT; attempts++) {
    run(size);
    growth = fastest(() => run(TIMES * size)) / fastest(() => run(size));
  }
  assert.ok(growth < LIMIT, `${message}: ${TIMES} times the size takes ${growth.toFixed()} times as long`);
}

/** Of three runs, in microseconds of this process: others that are busy at the same time do not count. */
function fastest(run: () => void): number {
  let best = Infinity;
  for (let n = 0; n < 3; n++) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, user + system);
  }
  return Math.max(best, 1);
}
