/** The two runs that a test or the command starts: against a server that listens, and with a client that connects. */
import type { Case } from '../case.ts';
import { type CaseServer, type ServeOptions, serveCases } from '../transports/serve.ts';
import { type ServerAddress, serverTarget } from '../transports/tcp.ts';
import { chooseCases, type RunOptions, runCase, runCases } from './all.ts';
import type { Target } from './link.ts';
import type { Result } from './verdict.ts';

/** There is nothing to test: no server, no echo, or something else than a WebSocket. */
export class TargetError extends Error {
  override readonly name: string = 'TargetError';
}

/**
 * Plays all cases for servers against an echo server.
 *
 * @param server the URL of an echo server, or a target of one's own
 * @throws TargetError if nobody is there, or whoever is there does not echo
 */
export async function runServerCases(
  server: string | ServerAddress | Target,
  options: RunOptions = {},
): Promise<Result[]> {
  const target =
    typeof server === 'string' ? serverTarget({ url: server }) : 'url' in server ? serverTarget(server) : server;
  await probe(target, options);
  return runCases(target, options);
}

/** Makes sure that there is an echo server. */
async function probe(target: Target, options: RunOptions): Promise<void> {
  const link = await target.connect(options.patience).catch((error: NodeJS.ErrnoException) => {
    const { code = '', message } = error;
    if (code === 'ECONNREFUSED') throw new TargetError(`nobody listens at ${target.host}`, { cause: error });
    if (code === 'ENOTFOUND') throw new TargetError(`there is no host ${target.host}`, { cause: error });
    if (/wrong version number|packet length too long|EPROTO/.test(`${message}${code}`)) {
      throw new TargetError(`${target.host} does not speak TLS: try ws: instead of wss:`, { cause: error });
    }
    if (/self.signed|unable to verify|CERT/i.test(`${message}${code}`)) {
      throw new TargetError(`the certificate of ${target.host} is not trusted (${message}): try --insecure`, {
        cause: error,
      });
    }
    throw new TargetError(`no connection to ${target.host}: ${message}`, { cause: error });
  });
  link.drop();
  const item: Case = {
    id: 'server/probe/echo',
    section: 'RFC 6455 5.2',
    title: 'a text is echoed',
    severity: 'must',
    role: 'server',
    script: [
      { do: 'open' },
      { do: 'send', bytes: ['818537fa213d7f9f4d5158'] },
      { do: 'receive', items: [{ type: 'text', payload: ['48656c6c6f'] }] },
    ],
    expect: { end: 'survived' },
  };
  const { findings, wire } = await runCase(item, target, options);
  if (findings.length === 0) return;
  const text = findings.map((finding) => finding.text).join('; ');
  const first = wire.find(({ from }) => from === 'implementation');
  const looksLikeTls = first === undefined || first.what.startsWith('\x15\x03') || /HTTPS|SSL/.test(first.what);
  throw new TargetError(
    `${target.host} is no echo server: ${text}${looksLikeTls ? ' (if it speaks TLS, try wss:)' : ''}`,
  );
}

/** Which cases are served to a client, and how. */
export interface ClientRunOptions extends Omit<RunOptions, 'parallel'>, Omit<ServeOptions, 'report'> {}

/** The cases for clients, being served. */
export interface ClientRun {
  readonly server: CaseServer;
  readonly cases: readonly Case[];
  /** Resolves with the outcome of every case when the client has had its turn: those that it left out have failed. */
  finish(): Promise<Result[]>;
}

/** Serves the cases for clients. The client under test connects to `/?case=1` and so on, and echoes what it receives. */
export async function serveClientCases(options: ClientRunOptions = {}): Promise<ClientRun> {
  const cases = chooseCases('client', options);
  const server = await serveCases(cases, options);
  return {
    server,
    cases,
    finish: async () => {
      await server.settled();
      await server.close();
      return cases.map((item, i) => server.results.get(i + 1) ?? leftOut(item));
    },
  };
}

function leftOut(item: Case): Result {
  const findings = [{ severity: item.severity, section: item.section, text: 'the client never asked for this case' }];
  return { case: item, verdict: 'fail', findings, wire: [], milliseconds: 0 };
}
