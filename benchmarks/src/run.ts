/** The command `npm run bench`: help.txt says what it does. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeParts } from './document.ts';
import { reportMarkdown } from './markdown.ts';
import { mergeResults } from './merge.ts';
import { compare, type Missing, messageOf, type Plan, paceOf } from './method.ts';
import { findNode, measureWith, type Node } from './node.ts';
import { GROWTH, HELP, type Options, parseOptions, parsePreparations, UsageError } from './options.ts';
import { type Contestant, findContestant, withContestants } from './own/contestants.ts';
import { reportHtml } from './report.ts';
import { circumstances, type Result, readResult } from './result.ts';
import { prepareRevision, type Revision } from './revision.ts';
import type { GrowthRow, Row, Subject, Suite } from './suite.ts';
import { growth } from './suites/growth.ts';
import { SUITES } from './suites.ts';
import { Terminal } from './terminal.ts';

const DOCUMENT = fileURLToPath(new URL('../../BENCHMARKS.md', import.meta.url));
/** The document of all rows. */
const ALL_ROWS = fileURLToPath(new URL('../ROWS.md', import.meta.url));

const terminal = new Terminal(process.stdout, process.stderr);

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function run(args: readonly string[]): Promise<number> {
  const { node: wanted, contestants } = parsePreparations(args);
  const node = findNode(wanted ?? process.version, (line) => terminal.line(line));
  measureWith(node);
  const options = parseOptions(args, await suitesWith(contestants));
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  if (options.list) {
    list(options.suites);
    if (options.growth) console.log('growth: How cost grows with sizes and counts; 1 is linear');
    return 0;
  }
  if (options.from.length > 0) {
    writeReports(mergeResults(options.from.map(readResult)), options);
    return 0;
  }
  const result = await measure(options, node);
  terminal.summary(result);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  writeReports([result], options);
  // Only a subject of ours that could not be measured makes the run fail.
  return result.missing.some(({ subject }) => subject.startsWith('sockless')) ? 1 : 0;
}

function list(suites: readonly Suite[]): void {
  for (const { name, title, cases, peers, ours } of suites) {
    console.log(`${name}: ${title}`);
    console.log(`  ours   ${ours.map((subject) => subject.name).join('; ')}`);
    for (const peer of peers) console.log(`  peer   ${peer.name}${peer.missing ? ` (missing: ${peer.missing})` : ''}`);
    for (const each of cases) console.log(`  case   ${each.name}${each.slow ? '' : ' (quick)'}`);
  }
}

async function suitesWith(files: readonly string[]): Promise<readonly Suite[]> {
  const contestants: Contestant[] = [];
  for (const file of files) {
    const found = await findContestant(file);
    terminal.line(`${found.name}: its results are right: ${found.parts.join(', ')}`);
    contestants.push(found);
  }
  return withContestants(SUITES, contestants);
}

async function measure(options: Options, node: Node): Promise<Result> {
  const about = circumstances();
  const revisions = revisionsOf(options);
  const rows: Row[] = [];
  const missing: Missing[] = [];
  const plans = options.suites.flatMap((suite) => planOf(suite, options, revisions));
  for (const plan of plans) {
    terminal.begin(plan);
    const outcome = await compare(plan, terminal);
    rows.push(...outcome.rows);
    missing.push(...outcome.missing);
  }
  const grown: GrowthRow[] = [];
  if (options.growth) {
    try {
      grown.push(...(await grow(options)));
    } catch (error) {
      // The rows measured so far are still reported.
      const failed = { suite: GROWTH, subject: 'sockless', reason: messageOf(error) };
      missing.push(failed);
      terminal.missing(failed);
    }
  }
  const suites = plans.map(({ suite: { name, title, unit, limit } }) => ({
    name,
    title,
    unit,
    ...(limit && { limit }),
  }));
  return { ...about, node: node.version, quick: options.quick, suites, rows, missing, growth: grown };
}

async function grow({ quick }: Options): Promise<GrowthRow[]> {
  terminal.line('\ngrowth: the exponent of the cost; 1 is linear');
  const rows = await growth({ quick }, (text) => terminal.progress(text));
  for (const { what, subject, exponent } of rows) {
    terminal.line(`${what.padEnd(56)} ${subject.padEnd(10)} ${exponent.toFixed(2)}`);
  }
  return rows;
}

/** Returns the part of a suite that was asked for: one plan, or none. */
function planOf(suite: Suite, options: Options, revisions: readonly Revision[]): Plan[] {
  const cases = suite.cases.filter(({ name, slow }) => name.includes(options.case) && !(options.quick && slow));
  const subjects = options.against === undefined ? withPeers(suite, options) : withRevisions(suite, revisions);
  if (cases.length === 0 || subjects === undefined) return [];
  const thorough = options.quick ? { thorough: paceOf(suite, false) } : {};
  return [{ suite, cases, pace: paceOf(suite, options.quick), ...thorough, ...subjects }];
}

/** Of ours, a quick run has only the first. */
function withPeers(suite: Suite, { peers: names, quick }: Options): Pick<Plan, 'ours' | 'peers'> | undefined {
  const peers = suite.peers.filter(({ name }) => names.length === 0 || names.includes(name));
  return peers.length === 0 ? undefined : { ours: quick ? suite.ours.slice(0, 1) : suite.ours, peers };
}

/** Returns the builds of the other commit: none, one, or two that differ only in their folder. */
function revisionsOf({ against, aa }: Options): Revision[] {
  if (against === undefined) return [];
  const log = (line: string): void => terminal.line(line);
  return [prepareRevision(against, log), ...(aa ? [prepareRevision(against, log, 'again')] : [])];
}

/**
 * Returns ours as it is now, to be compared with the other revision. With `--aa` a second build of that revision is compared
 * with the first as well, which shows the noise.
 */
function withRevisions(suite: Suite, revisions: readonly Revision[]): Pick<Plan, 'ours' | 'peers'> | undefined {
  const [first] = suite.ours;
  const startAt = first?.startAt;
  if (first === undefined || startAt === undefined) {
    terminal.line(`\n${suite.name}: left out: it cannot be compared with another revision`);
    return undefined;
  }
  const [before, ...again] = revisions.map(
    ({ name, root }): Subject => ({ name: `sockless at ${name}`, start: () => startAt(root) }),
  );
  const ours = suite.ours.filter((subject) => subject === first || subject.variant);
  return before && { ours: [...ours, ...again], peers: [before] };
}

/** @param results one for each Node */
function writeReports(results: readonly Result[], { html, markdown, write }: Options): void {
  const [first, second] = results;
  if (html !== undefined && first !== undefined) {
    if (second !== undefined)
      throw new UsageError('--html makes a page of one Node: use it with the files of one Node.');
    writeFileSync(html, reportHtml(first));
  }
  if (markdown !== undefined) writeFileSync(markdown, reportMarkdown(results));
  if (!write) return;
  if (results.some(({ quick }) => quick)) throw new UsageError('--write: quick runs are not to be quoted.');
  writeFileSync(DOCUMENT, writeParts(readFileSync(DOCUMENT, 'utf8'), results));
  writeFileSync(ALL_ROWS, reportMarkdown(results));
  terminal.line(`written: ${DOCUMENT}, ${ALL_ROWS}`);
}
