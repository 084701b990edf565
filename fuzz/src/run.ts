/** The command `npm run fuzz`: help.txt says what it does. */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { loadTarget, type TargetFile, writeInputs } from './files.ts';
import { type Finding, transcribe, writeFinding } from './finding.ts';
import { fault } from './fuzzer.ts';
import { HELP, type Options, parseOptions, UsageError } from './options.ts';
import { type Outcome, runSession } from './session.ts';
import { simulateAll } from './simulate.ts';
import { simulateAdapter } from './simulate-adapter.ts';
import { formatProgress, formatTable, stopOnSignal, Terminal } from './terminal.ts';

/** In bytes. Longer inputs are slower and find no more. */
const MAX_LENGTH = 4096;

const terminal = new Terminal(process.stdout);

try {
  process.exitCode = await run(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function run(options: Options): Promise<number> {
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  if (options.list) {
    for (const file of options.targets) {
      const { name, description } = await loadTarget(file);
      console.log(`${name}\n  ${description}`);
    }
    return 0;
  }
  if (options.replay !== undefined) return replay(options.targets[0] as TargetFile, options.replay);
  if (options.simulateAdapter !== undefined) return simulateAdapter(options, options.simulateAdapter, terminal);
  if (options.simulate > 0) return simulateAll(options, terminal);
  if (options.differential > 0) {
    // Loading the peers takes a moment.
    const { compareAll } = await import('../differential/main.ts');
    return compareAll(options.differential, options.seed);
  }
  return fuzz(options);
}

/** Executes one input; returns 1 when it breaks an invariant. */
async function replay(file: TargetFile, path: string): Promise<number> {
  const target = await loadTarget(file);
  const data = Uint8Array.from(readFileSync(path));
  const found = await fault(target, data);
  console.log(transcribe(target, data, found === undefined ? 'every invariant holds' : found.error));
  return found === undefined ? 0 : 1;
}

async function fuzz(options: Options): Promise<number> {
  const { seed, instrument, keep, json, timeout } = options;
  terminal.line(`seed ${seed}`);
  const stop = stopOnSignal(terminal);
  const outcomes: (readonly [name: string, Outcome])[] = [];
  for (const target of options.targets) {
    if (stop.aborted) break;
    const task = { target, seed, keep, time: options.time * 1000, runs: options.runs, timeout, maxLength: MAX_LENGTH };
    const outcome = await runSession(task, instrument, stop, {
      progress: (progress, findings) => terminal.progress(formatProgress(target.name, progress, findings)),
      finding: (finding) => show(finding, target, options),
    });
    outcomes.push([target.name, outcome]);
    terminal.line(formatProgress(target.name, outcome, outcome.findings.length));
    if (outcome.kept.length > 0) {
      writeInputs(
        target.corpus,
        outcome.kept.map((digits) => Uint8Array.from(Buffer.from(digits, 'hex'))),
      );
    }
  }

  terminal.line('');
  for (const line of formatTable(outcomes)) terminal.line(line);
  if (json !== undefined) {
    const targets = outcomes.map(([target, { kept: _, ...outcome }]) => ({ target, ...outcome }));
    writeFileSync(json, `${JSON.stringify({ seed, node: process.version, targets }, null, 2)}\n`);
  }
  return outcomes.some(([, { findings }]) => findings.length > 0) ? 1 : 0;
}

function show(finding: Finding, target: TargetFile, { findings }: Options): void {
  const path = writeFinding(resolve(findings), finding, target);
  terminal.line(`FINDING ${target.name}: ${finding.invariant}\n  ${path}.txt`);
}
