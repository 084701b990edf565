/** The command: attacks every requested target on every requested runtime, and prints the results. */
import { parseArgs } from 'node:util';
import { attack, MEMORY_BOUND, mib, type Outcome } from './attack.ts';
import { RUNTIMES, type RuntimeName, runtimeProgram, TARGETS, type Target } from './servers.ts';

const { seconds, targets, runtimes, client } = options();
const summary: string[][] = [
  ['runtime', 'target', 'server', 'alive', 'memory', 'echoes', 'slowest', 'connections', 'ends', 'verdict'],
];
let failed = false;

for (const runtime of runtimes) {
  for (const target of targets) {
    if (target === 'demo' && runtime === 'deno') {
      console.log('\ndeno · demo: left out, because the demo runs only on Node');
      continue;
    }
    if (runtimeProgram(runtime) === undefined) {
      console.log(`\n${runtime} · ${target}: skipped, ${runtime} is not installed`);
      failed ||= process.env.CI !== undefined;
      continue;
    }
    await run(runtime, target);
  }
}
console.log(`\nMemory may grow by ${mib(MEMORY_BOUND)}.`);
print(summary);
process.exitCode = failed ? 1 : 0;

async function run(runtime: RuntimeName, target: Target): Promise<void> {
  console.log(`\n${runtime} · ${target}: ${seconds} s`);
  let tick = 0;
  const outcomes = await attack(
    target,
    runtime,
    seconds,
    ({ connections, echoed, memory, alive }) => {
      tick++;
      const state = `${tick} s: ${connections} connections, ${echoed} echoes, ${mib(memory)}${alive ? '' : ', a process has ended'}`;
      if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K  ${state}`);
      else if (tick % 10 === 0) console.log(`  ${state}`);
    },
    client,
  );
  if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
  for (const outcome of outcomes) tell(runtime, target, outcome);
}

function tell(runtime: RuntimeName, target: Target, outcome: Outcome): void {
  const { server, tallies, ends, errors, memory, echoed, slowest, violations } = outcome;
  print([
    [`${server}: client`, 'connections', 'opened', 'ended by the server or itself'],
    ...tallies.map(({ name, connections, opened, ended }) => [name, connections, opened, ended].map(String)),
  ]);
  for (const [text, times] of ends) console.log(`  ${String(times).padStart(6)} × ${text}`);
  for (const [text, times] of errors) console.log(`  ${String(times).padStart(6)} × printed: ${text}`);
  for (const text of violations) console.log(`  VIOLATION: ${text}`);
  console.log();
  failed ||= violations.length > 0;
  const sum = (counts: Iterable<number>): string => String([...counts].reduce((total, each) => total + each, 0));
  summary.push([
    runtime,
    target,
    server,
    violations.some((text) => text.startsWith('the process')) ? 'no' : 'yes',
    memory.most === 0 ? 'unknown' : `${mib(memory.before)} → ${mib(memory.most)}`,
    String(echoed),
    `${Math.round(slowest)} ms`,
    sum(tallies.map(({ connections }) => connections)),
    sum(ends.values()),
    violations.length === 0 ? 'holds' : `${violations.length} violations`,
  ]);
}

/** Prints rows of cells in columns. */
function print(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}

interface Options {
  readonly seconds: number;
  readonly targets: readonly Target[];
  readonly runtimes: readonly RuntimeName[];
  readonly client: string;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '5' },
        target: { type: 'string', multiple: true, default: [...TARGETS] },
        client: { type: 'string', default: '' },
        runtime: { type: 'string', multiple: true, default: [...RUNTIMES] },
      },
    });
    const seconds = Number(values.seconds);
    if (!(seconds >= 1 && seconds <= 3600)) throw new Error('--seconds must be a number from 1 to 3600');
    return {
      seconds,
      targets: among('--target', values.target, TARGETS),
      client: values.client,
      runtimes: among('--runtime', values.runtime, RUNTIMES),
    };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\nnpm run hostile -- --help lists the options.`);
    process.exit(2);
  }
}

function among<Name extends string>(option: string, given: readonly string[], names: readonly Name[]): Name[] {
  return given.map((text) => {
    const name = names.find((each) => each === text);
    if (name === undefined)
      throw new Error(`${option} must be one of ${names.join(', ')}, not ${JSON.stringify(text)}`);
    return name;
  });
}
