/** Runs the simulation of core's tests on a larger scale: as many schedules as requested, one seed after the other. */
import { writeFileSync } from 'node:fs';
import { simulate } from '../../packages/core/test/connection/simulation.ts';
import { stopOnSignal, type Terminal } from '../src/terminal.ts';

/** Which schedules to run, and where to write the results. */
export interface Schedules {
  readonly count: number;
  /** The first seed. */
  readonly seed: number;
  readonly json: string | undefined;
}

/** A run stops after this many failures. */
const ENOUGH = 10;

/** Simulates `options.count` schedules, from `options.seed` on; returns 1 when one fails. */
export async function simulateAll(options: Schedules, terminal: Terminal): Promise<number> {
  const { count, seed: first, json } = options;
  const stop = stopOnSignal(terminal);
  const started = performance.now();
  const faults = new Map<string, number>();
  const failures: { seed: number; message: string }[] = [];
  let [done, messages, digest] = [0, 0, 0];
  terminal.line(`${count} schedules from seed ${first} on`);

  for (; done < count && !stop.aborted && failures.length < ENOUGH; done++) {
    const seed = first + done;
    try {
      const outcome = simulate(seed);
      messages += outcome.messages;
      digest = (Math.imul(digest, 31) + outcome.digest) >>> 0;
      for (const [kind, times] of outcome.faults) faults.set(kind, (faults.get(kind) ?? 0) + times);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      failures.push({ seed, message });
      terminal.line(`FINDING ${message}\n  replay: npm run fuzz -- --simulate 1 --seed ${seed}`);
    }
    if (done % 50 > 0) continue;
    terminal.progress(`${done} schedules, ${messages} messages, ${failures.length} findings`);
    await new Promise((resolve) => setImmediate(resolve));
  }

  const seconds = (performance.now() - started) / 1000;
  const byKind = [...faults].sort((a, b) => b[1] - a[1]);
  terminal.line('');
  for (const [kind, times] of byKind) terminal.line(`${String(times).padStart(9)}  ${kind}`);
  const rate = Math.round(done / seconds);
  terminal.line(`${done} schedules (seeds ${first} to ${first + done - 1}) in ${seconds.toFixed(1)} s, ${rate}/s`);
  terminal.line(`${messages} messages arrived, ${failures.length} findings, digest ${digest.toString(16)}`);
  if (json !== undefined) {
    const result = {
      seed: first,
      schedules: done,
      seconds,
      messages,
      digest,
      faults: Object.fromEntries(byKind),
      failures,
    };
    writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  }
  return failures.length > 0 ? 1 : 0;
}
