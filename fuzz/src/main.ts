/** The command: fuzzes targets, one after the other, or replays one input. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeCorpus } from './corpus.ts';
import { loadTarget, type TargetFile } from './files.ts';
import { type Finding, programOf, summarise, transcribe, writeFinding } from './finding.ts';
import { fault } from './fuzzer.ts';
import { HELP, type Options, parseOptions, UsageError } from './options.ts';
import { countedFor, type Outcome, runSession } from './session.ts';
import { formatProgress, formatTable, stopOnSignal, Terminal } from './terminal.ts';

/** In bytes. Longer inputs are slower and find no more. */
const MAX_LENGTH = 4096;

/** How the command is called, and what it does besides. */
export interface Command {
  /** Its beginning, as a user types it. */
  readonly name: string;
  readonly help: string;
  /** The folder of findings, unless an option names another one. */
  readonly findings: string;
  /** The names of further options. */
  readonly more: readonly string[];
  /** Does what further options ask for, and resolves with the exit status; with `undefined` if there are none. */
  run(options: Options, terminal: Terminal): Promise<number | undefined>;
}

const PUBLISHED: Command = {
  name: 'npx @sockless/fuzz',
  help: HELP,
  findings: 'findings',
  more: [],
  run: () => Promise.resolve(undefined),
};

/** Runs the command, and resolves with its exit status. */
export async function main(args: readonly string[], command: Command = PUBLISHED): Promise<number> {
  try {
    return await run(parseOptions(args, command.more), command);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function run(options: Options, command: Command): Promise<number> {
  const terminal = new Terminal(process.stdout);
  if (options.help) {
    console.log(command.help);
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
  return (await command.run(options, terminal)) ?? fuzz(options, command, terminal);
}

/** Executes one input; returns 1 when it breaks an invariant. */
async function replay(file: TargetFile, path: string): Promise<number> {
  const target = await loadTarget(file);
  const data = Uint8Array.from(readFileSync(path));
  const found = await fault(target, data);
  console.log(transcribe(target, data, found === undefined ? 'every invariant holds' : found.error));
  return found === undefined ? 0 : 1;
}

async function fuzz(options: Options, command: Command, terminal: Terminal): Promise<number> {
  const { seed, keep, json, timeout, runs, blind } = options;
  terminal.line(`seed ${seed}`);
  const stop = stopOnSignal(terminal);
  const outcomes: (readonly [name: string, Outcome])[] = [];
  for (const target of options.targets) {
    if (stop.aborted) break;
    const counted = countedFor(target, options.instrument);
    const task = { target, seed, keep, time: options.time * 1000, runs, timeout, maxLength: MAX_LENGTH, counted };
    const outcome = await runSession(task, blind, stop, {
      loaded: (modules, branches) => {
        if (!target.isOurs) terminal.line(`${target.name}: guided by ${branches} branches in ${modules} modules`);
      },
      progress: (progress, findings) => terminal.progress(formatProgress(target.name, progress, findings)),
      finding: (finding) => show(finding, target, options, command, terminal),
    });
    outcomes.push([target.name, outcome]);
    terminal.line(formatProgress(target.name, outcome, outcome.findings.length));
    if (outcome.kept.length > 0) {
      writeCorpus(
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

/** Writes a finding, and prints it with the program that replays it. */
function show(finding: Finding, target: TargetFile, options: Options, command: Command, terminal: Terminal): void {
  const folder = resolve(options.findings ?? command.findings);
  const path = writeFinding(folder, finding, target, command.name);
  const program = programOf(finding, join(folder, finding.target), target);
  terminal.line(`FINDING ${target.name}: ${finding.invariant}`);
  for (const line of summarise(finding)) terminal.line(`  ${line}`);
  terminal.line(`  ${path}.txt; replay it with ${path}.mjs:`);
  for (const line of program.split('\n').filter((text) => !/^(\/\/.*)?$/.test(text))) terminal.line(`    ${line}`);
}
