/** Serves cases to a client under test: `/?case=N` plays one, `/count` says how many there are, `/report` what came out. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Case } from '../case.ts';
import type { Link } from '../run/link.ts';
import { type PlayOptions, playCase } from '../run/run.ts';
import type { Result } from '../run/verdict.ts';
import { concat, latin1, materialise, utf8 } from '../wire/bytes.ts';
import { Frames } from '../wire/frames.ts';
import { acceptKey, field, parseHead } from '../wire/http.ts';
import { SocketLink } from './tcp.ts';

/** How cases are served. */
export interface ServeOptions extends PlayOptions {
  /** Default: any that is free. */
  readonly port?: number | undefined;
  /** Default: `127.0.0.1`. */
  readonly host?: string | undefined;
  /** A certificate and its key, for `wss:`. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly report?: ((result: Result, done: number, total: number) => void) | undefined;
}

/** A server that plays cases. */
export interface CaseServer {
  readonly url: string;
  readonly port: number;
  /** The outcomes so far, by the number of the case, from 1 on. */
  readonly results: ReadonlyMap<number, Result>;
  /** Resolves when no case is being played. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** How long a request of the client may take, in milliseconds. */
const PATIENCE = 10_000;
/** The most bytes of a head. */
const HEAD = 65_536;

/** Serves cases, numbered from 1 on. */
export async function serveCases(cases: readonly Case[], options: ServeOptions = {}): Promise<CaseServer> {
  const results = new Map<number, Result>();
  const playing = new Set<Promise<void>>();
  const sockets = new Set<Socket>();
  const accept = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const served = serve(new SocketLink(socket), cases, results, options).finally(() => playing.delete(served));
    playing.add(served);
  };
  const server: Server =
    options.tls === undefined
      ? createServer({ allowHalfOpen: true }, accept)
      : createTlsServer({ ...options.tls, allowHalfOpen: true }, accept);
  const { host = '127.0.0.1' } = options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `${options.tls === undefined ? 'ws' : 'wss'}://${host}:${port}`,
    port,
    results,
    settled: async () => {
      while (playing.size > 0) await Promise.all(playing);
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

async function serve(
  link: SocketLink,
  cases: readonly Case[],
  results: Map<number, Result>,
  options: ServeOptions,
): Promise<void> {
  const { text, bytes } = await readHead(link);
  const head = parseHead(text);
  const url = new URL(head.start.split(' ')[1] ?? '/', 'http://localhost');
  const number = Number(url.searchParams.get('case'));
  const item = cases[number - 1];
  if (item !== undefined) {
    const result = await playCase(item, new Replayed(link, bytes), {}, undefined, options);
    results.set(number, result);
    options.report?.(result, results.size, cases.length);
    return;
  }
  const answer = answerTo(url, cases, results);
  const key = field(head, 'sec-websocket-key');
  if (key === undefined) {
    const body = answer ?? 'There are /count, /report and /?case=N, each by HTTP or over a WebSocket.\n';
    const status = answer === undefined ? '404 Not Found' : '200 OK';
    await link.write(
      latin1(
        `HTTP/1.1 ${status}\r\nContent-Type: ${body.startsWith('{') ? 'application/json' : 'text/plain'}; charset=utf-8\r\nContent-Length: ${utf8(body).length}\r\nConnection: close\r\n\r\n`,
      ),
    );
    await link.write(utf8(body));
  } else if (answer === undefined) {
    await link.write(latin1('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
  } else {
    const frames = new Frames('server');
    await link.write(
      latin1(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}\r\n\r\n`,
      ),
    );
    await link.write(concat(materialise(frames.text(answer)), materialise(frames.close(1000))));
    const deadline = link.now() + PATIENCE;
    for (let got: unknown = ''; got instanceof Uint8Array || got === ''; )
      got = await link.read(Math.max(0, Math.min(1000, deadline - link.now())));
  }
  link.halfClose();
  await link.read(1000);
  link.drop();
}

function answerTo(
  { pathname, searchParams }: URL,
  cases: readonly Case[],
  results: ReadonlyMap<number, Result>,
): string | undefined {
  if (pathname === '/count') return String(cases.length);
  if (pathname === '/case') return JSON.stringify(cases[Number(searchParams.get('number')) - 1] ?? null);
  if (pathname !== '/report') return undefined;
  const failed = [...results.values()].filter(({ verdict }) => verdict === 'fail');
  return JSON.stringify({
    cases: cases.length,
    played: results.size,
    failed: failed.map(({ case: { id }, findings }) => ({ id, findings })),
  });
}

/** Reads up to the end of a head: all there is belongs to the case, which reads it again. */
async function readHead(link: Link): Promise<{ text: string; bytes: Uint8Array }> {
  const deadline = link.now() + PATIENCE;
  let bytes: Uint8Array = new Uint8Array(0);
  while (bytes.length < HEAD) {
    const got = await link.read(Math.max(0, deadline - link.now()));
    if (!(got instanceof Uint8Array)) break;
    bytes = concat(bytes, got);
    if (Buffer.from(bytes).includes('\r\n\r\n')) break;
  }
  return { text: Buffer.from(bytes).toString('latin1').split('\r\n\r\n')[0] ?? '', bytes };
}

/** A link of which some bytes have been read already. */
class Replayed implements Link {
  readonly #link: Link;
  #first: Uint8Array | undefined;

  constructor(link: Link, first: Uint8Array) {
    this.#link = link;
    this.#first = first;
  }

  now(): number {
    return this.#link.now();
  }

  write(bytes: Uint8Array): Promise<void> | void {
    return this.#link.write(bytes);
  }

  read(milliseconds: number): Promise<Uint8Array | 'end' | 'reset' | undefined> {
    const first = this.#first;
    this.#first = undefined;
    return first === undefined || first.length === 0 ? this.#link.read(milliseconds) : Promise.resolve(first);
  }

  pass(milliseconds: number): Promise<void> {
    return this.#link.pass(milliseconds);
  }

  halfClose(): void {
    this.#link.halfClose();
  }

  drop(): void {
    this.#link.drop();
  }
}
