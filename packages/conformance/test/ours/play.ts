/**
 * Plays all cases against a program that may crash. A crash takes the cases with it that are being played at the same time, whatever
 * they then say: each of them is played again, alone, so that a crash belongs to the case that caused it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { CERTIFICATE, KEY } from '../../../node/test/certificate.ts';
import {
  type ClientRun,
  chooseCases,
  type Result,
  type RunOptions,
  runCase,
  runServerCases,
  serveClientCases,
  serverTarget,
  type Target,
} from '../../src/index.ts';
import { launch, type RuntimeName, Served } from './processes.ts';

/** A program in `programs`, or at a URL, and what runs it. */
export interface Program {
  readonly runtime: RuntimeName;
  readonly file: string;
  /** Whether over TLS. */
  readonly secure?: boolean;
}

/** How long the end of a process may be noticed after those of its connections, in milliseconds. */
const SLACK = 1000;
/** How often a connection is tried while a server is being started again, each after so many milliseconds. */
const [TRIES, PAUSE] = [20, 50];

/** Plays the cases for servers. */
export async function playServer({ runtime, file, secure = false }: Program, options: RunOptions): Promise<Result[]> {
  const served = new Served(runtime, file, secure);
  try {
    await served.ready;
    const target = restarted(serverTarget({ url: served.url, insecure: secure }), served);
    const ends = new Map<string, number>();
    const report = ({ case: { id } }: Result): unknown => ends.set(id, performance.now());
    const results = await runServerCases(target, { ...options, report });
    await settled(target);
    if (served.crashes.length === 0) return results;
    const crashes = [...served.crashes];
    for (const [i, { case: item, milliseconds }] of results.entries()) {
      const end = ends.get(item.id) ?? 0;
      if (!crashes.some((at) => at > end - milliseconds - SLACK && at < end + SLACK)) continue;
      const [before, said] = [served.crashes.length, served.complaints.length];
      const again = await runCase(item, target, options);
      await settled(target);
      results[i] = served.crashes.length > before ? crashed(again, served.complaints.slice(said)) : again;
    }
    return results;
  } finally {
    served.stop();
  }
}

/** Waits until a server echoes: it still does, or the end of its process has been noticed and it has been started again. */
async function settled(target: Target): Promise<void> {
  const [item] = chooseCases('server', { filter: ['server/handshake/plain'] });
  for (let tries = 1; item !== undefined && tries <= TRIES; tries++) {
    const { findings } = await runCase(item, target);
    if (!findings.some(({ text }) => /could not be played|did not answer the request|ended the connection/.test(text)))
      return;
    await delay(PAUSE);
  }
}

/** A server to which a connection is made when it has been started again, if it has crashed. */
function restarted(target: Target, served: Served): Target {
  const connect: Target['connect'] = async (patience) => {
    for (let tries = 1; ; tries++) {
      await served.ready;
      try {
        return await target.connect(patience);
      } catch (error) {
        if (tries === TRIES) throw error;
        await delay(PAUSE);
      }
    }
  };
  return { ...target, connect };
}

/** How long a client may take for all cases, in milliseconds. */
const PATIENCE = 240_000;

/** Plays the cases for clients. */
export async function playClient(program: Program, options: RunOptions): Promise<Result[]> {
  const tls = program.secure ? { host: 'localhost', tls: { cert: CERTIFICATE, key: KEY } } : {};
  const ends = new Map<string, number>();
  const report = ({ case: { id } }: Result): unknown => ends.set(id, performance.now());
  const run = await serveClientCases({ ...options, ...tls, report });
  const suspects = new Set<string>();
  for (let next = 1; next <= run.cases.length; ) {
    const { crash, at } = await ask(program, run, next, options.parallel ?? 8);
    if (crash === undefined) break;
    for (const [id, end] of ends) if (end > at - SLACK) suspects.add(id);
    const missing = run.cases.findIndex((_, i) => !run.server.results.has(i + 1)) + 1;
    if (missing === next) {
      await run.server.close();
      throw new Error(`${program.file} plays nothing: ${shortened(crash)}`);
    }
    next = missing > 0 ? missing : run.cases.length + 1;
  }
  const results = await run.finish();
  if (suspects.size === 0) return results;
  const alone = await serveClientCases({ ...options, ...tls, filter: [...suspects] });
  const fatal = new Map<string, string>();
  for (let next = 1; next <= alone.cases.length; ) {
    const { crash } = await ask(program, alone, next, 1);
    if (crash === undefined) break;
    const last = Math.max(next, ...alone.server.results.keys());
    fatal.set(alone.cases[last - 1]?.id ?? '', crash);
    next = last + 1;
  }
  const again = new Map((await alone.finish()).map((result) => [result.case.id, result]));
  return results.map((result) => {
    const { id } = result.case;
    const other = again.get(id) ?? result;
    const crash = fatal.get(id);
    return crash === undefined ? other : crashed(other, crash);
  });
}

/** Runs a client from one case on. Resolves with its complaints if it crashes, and when it ended. */
async function ask(
  { runtime, file, secure }: Program,
  { server, cases }: ClientRun,
  next: number,
  parallel: number,
): Promise<{ crash: string | undefined; at: number }> {
  const child = launch(runtime, file, {
    ROLE: 'client',
    SECURE: secure ? '1' : '0',
    SOCKLESS_CONFORMANCE_URL: server.url,
    SOCKLESS_CONFORMANCE_CASES: String(cases.length),
    NEXT: String(next),
    PARALLEL: String(parallel),
  });
  let complaints = '';
  child.stderr?.on('data', (text) => {
    complaints += text;
  });
  child.stdout?.resume();
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  const code = await new Promise((resolve) => child.once('exit', (status, signal) => resolve(signal ?? status)));
  const at = performance.now();
  clearTimeout(late);
  await server.settled();
  return { crash: code === 0 ? undefined : `${code}: ${complaints}`, at };
}

function crashed(result: Result, complaints: string): Result {
  const text = `its process ends: ${shortened(complaints)}`;
  const findings = [{ severity: 'must' as const, section: result.case.section, text }];
  return { ...result, verdict: 'fail', findings, reason: undefined };
}

/** The line of a complaint that says most. */
const shortened = (text: string): string =>
  (/^.*Error(?: \[\w+\])?: .*$/m.exec(text)?.[0] ?? text).trim().slice(0, 120);
