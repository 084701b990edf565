/** The command `sockless-conformance`. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { SEVERITIES, type Severity } from '../case.ts';
import { allCases } from '../cases/index.ts';
import { asHtml } from '../report/html.ts';
import { asJson, asJunit, asText, asWire } from '../report/text.ts';
import { chooseCases } from '../run/all.ts';
import { runServerCases, serveClientCases, TargetError } from '../run/targets.ts';
import { type Result, weight } from '../run/verdict.ts';
import { HELP, type Options, parse, UsageError } from './options.ts';

/** Nothing could be tested. */
const NOTHING = 4;

/** Runs the command, and resolves with its exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parse(args);
    if (options.command === 'help') console.log(HELP);
    else if (options.command === 'vectors') console.log(JSON.stringify(allCases()));
    else if (options.command === 'list') list(options);
    else return await run(options);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof TargetError)) throw error;
    console.error(`sockless-conformance: ${error.message}${error instanceof UsageError ? '\nTry --help.' : ''}`);
    return NOTHING;
  }
}

function list(options: Options): void {
  for (const role of ['server', 'client'] as const) {
    for (const { id, severity, section, title } of chooseCases(role, chosen(options)))
      console.log(`${id}\t${severity}\t${section}\t${title}`);
  }
}

async function run(options: Options): Promise<number> {
  const results = (options.command === 'server' ? await server(options) : await client(options)).map((result) =>
    counted(result, options.severity),
  );
  process.stderr.write('\r\x1b[K'.slice(process.stderr.isTTY ? 0 : 4));
  if (results.length === 0) throw new UsageError('no case has been chosen');
  const about = options.url ?? (options.program.join(' ') || 'a client');
  for (const [kind, path] of options.outputs) {
    const content = kind === 'json' ? asJson(results) : kind === 'junit' ? asJunit(results) : asHtml(results, about);
    if (path === '-') process.stdout.write(content);
    else writeFileSync(path, content);
  }
  const print = options.outputs.some(([, path]) => path === '-') ? console.error : console.log;
  if (options.verbose) for (const result of results.filter(({ verdict }) => verdict === 'fail')) print(asWire(result));
  print(asText(results));
  const heaviest = weight(results.flatMap(({ findings }) => findings));
  return heaviest === undefined ? 0 : heaviest === 'should' ? 2 : heaviest === 'may' ? 3 : 1;
}

/** Returns an outcome in which only findings of the chosen severities count. */
function counted(result: Result, severity: readonly Severity[] = SEVERITIES): Result {
  const findings = result.findings.filter((finding) => severity.includes(finding.severity));
  return { ...result, findings, verdict: result.verdict === 'fail' && findings.length === 0 ? 'pass' : result.verdict };
}

function server(options: Options): Promise<Result[]> {
  const { url = '', insecure, parallel } = options;
  return runServerCases({ url, insecure }, { ...chosen(options), parallel, report: progress });
}

async function client(options: Options): Promise<Result[]> {
  const { port, tls, program } = options;
  const files =
    tls === undefined ? undefined : { cert: readFileSync(tls[0], 'utf8'), key: readFileSync(tls[1], 'utf8') };
  const run = await serveClientCases({ ...chosen(options), port, tls: files, report: progress }).catch(
    (error: NodeJS.ErrnoException) => {
      throw new TargetError(`cannot listen: ${error.message}`, { cause: error });
    },
  );
  const { url } = run.server;
  const [name, ...args] = program;
  console.error(`${run.cases.length} cases at ${url}/?case=1 and so on`);
  if (name === undefined) {
    await new Promise((resolve) => process.once('SIGINT', resolve));
  } else {
    const env = { ...process.env, SOCKLESS_CONFORMANCE_URL: url, SOCKLESS_CONFORMANCE_CASES: String(run.cases.length) };
    const child = spawn(name, args, { stdio: ['ignore', 'inherit', 'inherit'], env });
    const code = await new Promise<number | string | null>((resolve, reject) => {
      child.once('error', (error) => reject(new TargetError(`cannot run ${name}: ${error.message}`, { cause: error })));
      child.once('exit', (status, signal) => resolve(signal ?? status));
    }).catch(async (error: unknown) => {
      await run.server.close();
      throw error;
    });
    if (code !== 0) console.error(`${name} ended with ${code}`);
  }
  const results = await run.finish();
  if (run.server.results.size === 0) throw new TargetError(`no client asked ${url}/?case=N for a case`);
  return results;
}

const chosen = ({
  filter,
  severity,
  quick,
  patience,
}: Options): { filter: string[]; severity: readonly Severity[] | undefined; quick: boolean; patience?: number } => ({
  filter,
  severity,
  quick,
  ...(patience === undefined ? {} : { patience }),
});

let failed = 0;

/** A line that is written over, or a line for every hundred cases where nobody watches. */
function progress({ verdict, case: { id } }: Result, done: number, total: number): void {
  if (verdict === 'fail') failed++;
  const text = `${done} of ${total}${failed === 0 ? '' : `, ${failed} failed`}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}  ${id}`);
  else if (done % 100 === 0) console.error(text);
}
