/** The command: soaks the adapter of each requested host, and prints the results. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { FILES_LEFT, type Result, TOLERANCE } from './report.ts';
import { type Outcome, programOf, RUNTIMES, type RuntimeName, soak } from './soak.ts';

const { json, runtimes, ...settings } = options();
const outcomes: Record<string, Outcome> = {};

for (const runtime of runtimes) {
  if (programOf(runtime) === undefined) {
    console.log(`\n${runtime}: skipped, it is not installed`);
    if (process.env.CI !== undefined) process.exitCode = 1;
    continue;
  }
  const { seed, seconds, connections } = settings;
  console.log(`\n${runtime}: ${seconds} s, ${connections} connections (--seed ${seed})`);
  let [tick, told] = [0, 0];
  const outcome = await soak(runtime, settings, ({ connections: ended, accepted, arrived, explained, faults }) => {
    tick++;
    for (; told < faults.length; told++) console.log(`  FAULT: ${faults[told]}`);
    const state = `${tick} s: ${ended} connections have ended; of ${accepted} messages ${arrived} arrived and ${explained} could not; ${faults.length} faults`;
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K  ${state}`);
    else if (tick % 10 === 0) console.log(`  ${state}`);
  });
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  if (outcome.tally !== undefined) tell(outcome as Result, runtime);
  for (const fault of outcome.faults.slice(told)) console.log(`  FAULT: ${fault}`);
  console.log(`  ${outcome.faults.length === 0 ? 'holds' : `${outcome.faults.length} faults`}`);
  if (outcome.faults.length > 0) process.exitCode = 1;
  outcomes[runtime] = outcome;
}
if (json !== undefined) writeFileSync(json, JSON.stringify({ ...settings, outcomes }, null, 1));

function tell({ tally, before, after }: Result, runtime: RuntimeName): void {
  const { connections, accepted, arrived, explained, fates, ends } = tally;
  console.log(`  ${connections} connections; ${accepted} messages accepted, ${arrived} arrived once and in order,`);
  console.log(
    `  ${explained} did not, as the ends explain; ${accepted - arrived - explained} are lost without an explanation`,
  );
  console.log('\n  what ended connections');
  print(fates);
  console.log('\n  how the ends are explained');
  print(ends);
  console.log('\n  at the start → at the end');
  for (const name of ['heap', 'external'] as const) {
    console.log(`    ${name}: ${mib(before[name])} → ${mib(after[name])} (tolerance ${mib(TOLERANCE[name])})`);
  }
  console.log(`    files: ${before.files} → ${after.files} (tolerance ${FILES_LEFT[runtime]})`);
  console.log(`    timers: ${before.timers} → ${after.timers}`);
  console.log(`    handles: ${JSON.stringify(before.handles)} → ${JSON.stringify(after.handles)}`);
  console.log(`    connections in memory: ${after.connections}\n`);
}

function print(counts: Readonly<Record<string, number>>): void {
  for (const [name, times] of Object.entries(counts).sort(([, a], [, b]) => b - a)) {
    console.log(`  ${String(times).padStart(7)} × ${name}`);
  }
}

function mib(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`;
}

interface Options {
  readonly seed: number;
  readonly seconds: number;
  readonly connections: number;
  readonly runtimes: readonly RuntimeName[];
  readonly json: string | undefined;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
        seconds: { type: 'string', default: '60' },
        connections: { type: 'string', default: '200' },
        runtime: { type: 'string', multiple: true, default: [...RUNTIMES] },
        json: { type: 'string' },
      },
    });
    const numberOf = (name: 'seed' | 'seconds' | 'connections', [from, to]: [number, number]): number => {
      const number = Number(values[name]);
      if (Number.isInteger(number) && number >= from && number <= to) return number;
      throw new Error(`--${name} must be a whole number from ${from} to ${to}`);
    };
    return {
      seed: numberOf('seed', [0, 2 ** 32]),
      seconds: numberOf('seconds', [1, 86_400]),
      connections: numberOf('connections', [1, 10_000]),
      runtimes: values.runtime.map((text) => {
        const name = RUNTIMES.find((each) => each === text);
        if (name === undefined)
          throw new Error(`--runtime must be one of ${RUNTIMES.join(', ')}, not ${JSON.stringify(text)}`);
        return name;
      }),
      json: values.json,
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\nnpm run soak -- --help lists the options.`);
    process.exit(2);
  }
}
