/** The command line. */
import { SEVERITIES, type Severity } from '../case.ts';

export const HELP = `sockless-conformance: tests any WebSocket implementation against RFC 6455, RFC 7692 and known advisories

  sockless-conformance server URL [options]           tests an echo server at ws://host:port/path or wss://…
  sockless-conformance client [options] [-- COMMAND]  serves cases to a client, and runs COMMAND
  sockless-conformance list [options]                 prints the cases
  sockless-conformance vectors                        prints the cases as JSON, with all bytes

A server under test sends every message back as it came. A client under test asks /count for a number N, connects to /?case=1 up
to /?case=N, one after the other or several at a time, and sends every message back until each connection ends. COMMAND finds the
address in SOCKLESS_CONFORMANCE_URL and the number in SOCKLESS_CONFORMANCE_CASES. Without COMMAND the server runs until Ctrl+C.

  --filter TEXT      only cases whose id contains TEXT, or the one whose id it is; may be repeated
  --severity LIST    only these severities: must, hardening, should, may. Findings of others do not fail the run
  --quick            without the cases that take seconds or many bytes
  --parallel N       cases at a time (server; default: 8)
  --patience N       multiply all times that an implementation has (default: 1)
  --insecure         accept any certificate (server)
  --port N           listen there (client; default: any free port)
  --tls CERT KEY     serve wss: with these files (client)
  --json PATH        write all outcomes; - is the standard output
  --junit PATH       write them as JUnit's XML
  --html PATH        write them as a page, with the wire frame by frame
  --verbose          print the wire of every case that fails
  --help

The exit status is 0 if nothing failed, 1 if a must or hardening failed, 2 if only a should, 3 if only a may, 4 if there was nothing
to test.`;

/** What the command was asked for. */
export interface Options {
  readonly command: 'server' | 'client' | 'list' | 'vectors' | 'help';
  readonly url: string | undefined;
  readonly filter: string[];
  readonly severity: readonly Severity[] | undefined;
  readonly quick: boolean;
  readonly parallel: number | undefined;
  readonly patience: number | undefined;
  readonly insecure: boolean;
  readonly port: number | undefined;
  readonly tls: readonly [cert: string, key: string] | undefined;
  readonly outputs: readonly (readonly [kind: 'json' | 'junit' | 'html', path: string])[];
  readonly verbose: boolean;
  /** The command of the client under test. */
  readonly program: readonly string[];
}

/** A mistake on the command line. */
export class UsageError extends Error {}

/** @throws UsageError if an argument is unknown, or lacks its value */
export function parse(args: readonly string[]): Options {
  const end = args.indexOf('--');
  const own = end < 0 ? [...args] : args.slice(0, end);
  const options: { -readonly [Name in keyof Options]: Options[Name] } & {
    outputs: [kind: 'json' | 'junit' | 'html', path: string][];
  } = {
    command: 'help',
    url: undefined,
    filter: [],
    severity: undefined,
    quick: false,
    parallel: undefined,
    patience: undefined,
    insecure: false,
    port: undefined,
    tls: undefined,
    outputs: [],
    verbose: false,
    program: end < 0 ? [] : args.slice(end + 1),
  };
  if (own.length === 0 || own.includes('--help') || own.includes('-h')) return options;
  const command = own.shift();
  if (command !== 'server' && command !== 'client' && command !== 'list' && command !== 'vectors') {
    throw new UsageError(`"${command}" is no command: server, client, list or vectors`);
  }
  options.command = command;
  const value = (name: string): string => {
    const next = own.shift();
    if (next === undefined) throw new UsageError(`${name} lacks its value`);
    return next;
  };
  const number = (name: string, least: number): number => {
    const given = value(name);
    if (!(Number(given) >= least)) throw new UsageError(`${name} takes a number, not "${given}"`);
    return Number(given);
  };
  for (let arg = own.shift(); arg !== undefined; arg = own.shift()) {
    if (arg === '--filter') options.filter.push(value(arg));
    else if (arg === '--severity') options.severity = severities(value(arg));
    else if (arg === '--quick') options.quick = true;
    else if (arg === '--parallel') options.parallel = number(arg, 1);
    else if (arg === '--patience') options.patience = number(arg, 0.1);
    else if (arg === '--insecure') options.insecure = true;
    else if (arg === '--verbose') options.verbose = true;
    else if (arg === '--port') options.port = number(arg, 0);
    else if (arg === '--tls') options.tls = [value(arg), value(arg)];
    else if (arg === '--json' || arg === '--junit' || arg === '--html')
      options.outputs.push([arg.slice(2) as 'json' | 'junit' | 'html', value(arg)]);
    else if (!arg.startsWith('-') && command === 'server' && options.url === undefined) options.url = arg;
    else throw new UsageError(`${arg} is not an option of ${command}`);
  }
  if (command === 'server' && options.url === undefined)
    throw new UsageError('which server? For example: server ws://localhost:8080/');
  if (options.url !== undefined && !/^wss?:\/\//.test(options.url))
    throw new UsageError(`${options.url} is neither a ws: nor a wss: URL`);
  return options;
}

function severities(list: string): Severity[] {
  return list.split(',').map((name) => {
    const severity = SEVERITIES.find((other) => other === name.trim());
    if (severity === undefined) throw new UsageError(`"${name}" is no severity: ${SEVERITIES.join(', ')}`);
    return severity;
  });
}
