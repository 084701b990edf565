// Helpers of this package's tests: tests with a timeout, and servers and clients that are gone after their test.
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Server as NetServer } from 'node:net';
import type { HandshakeError, ProtocolError } from '@sockless/core';
import { type Test, suite as uvuSuite } from 'uvu';
import { deferred, delay, until, within } from '../../tools/testing.ts';
import {
  type ConnectOptions,
  connect,
  type Handlers,
  type ServeOptions,
  type Server,
  serve,
  type WebSocketConnection,
} from '../src/index.ts';

/** How long a test may take in milliseconds, unless its suite says otherwise. */
const PATIENCE = 30_000;

/** The things that a test works with. All are gone when the test ends, however it ends. */
export class Bench {
  readonly #undo: (() => unknown)[] = [];

  /** Registers a function to call after the test. */
  after(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Starts a server on 127.0.0.1. */
  async serve<Data = unknown>(handlers: Handlers<Data> = {}, options: ServeOptions = {}): Promise<Server<Data>> {
    const server = await serve({ host: '127.0.0.1', ...options }, handlers);
    this.after(() => server.close({ timeout: 1 }));
    return server;
  }

  connect<Data = unknown>(
    url: Parameters<typeof connect>[0],
    handlers: Handlers<Data> = {},
    options: ConnectOptions = {},
  ): WebSocketConnection<Data> {
    const ws = connect(url, options, handlers);
    this.after(() => ws.terminate());
    return ws;
  }

  /** Returns an open client and its counterpart on a new server. */
  async pair({ client, server, clientOptions, serverOptions }: PairInit = {}): Promise<Pair> {
    const accepted = deferred<WebSocketConnection>();
    const open = (ws: WebSocketConnection): void => accepted.resolve(ws);
    const host = await this.serve({ open, ...server }, serverOptions);
    const ws = this.connect(host.url, { message: () => undefined, ...client }, clientOptions);
    if (server?.open !== undefined) return { client: ws, server: await first(host.connections), host };
    return { client: ws, server: await accepted.promise, host };
  }

  /** Lets a server listen on a free port of 127.0.0.1; returns the port. */
  async listen(server: NetServer): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.after(() => {
      server.close();
      if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    });
    return port(server);
  }

  /** Collects uncaught errors until the end of the test; without this call they end the process. */
  uncaught(): unknown[] {
    const errors: unknown[] = [];
    const onError = (error: unknown): number => errors.push(error);
    process.on('uncaughtException', onError);
    this.after(() => process.off('uncaughtException', onError));
    return errors;
  }

  async clear(): Promise<void> {
    for (const undo of this.#undo.reverse()) await undo();
  }
}

interface PairInit {
  readonly client?: Handlers;
  readonly server?: Handlers;
  readonly clientOptions?: ConnectOptions;
  readonly serverOptions?: ServeOptions;
}

interface Pair {
  readonly client: WebSocketConnection;
  readonly server: WebSocketConnection;
  readonly host: Server;
}

async function first<T>(set: ReadonlySet<T>): Promise<T> {
  await until(() => set.size > 0);
  return [...set][0] as T;
}

/** Returns a suite whose tests get a {@link Bench}, and fail when they hang. */
export function suite(name: string, patience = PATIENCE): Test<Bench> {
  const tests = uvuSuite(name);
  const add = (title: string, body: (bench: Bench) => unknown): void => {
    tests(title, async () => {
      const bench = new Bench();
      try {
        await within(patience, title, body(bench));
      } finally {
        await within(PATIENCE, `to clear up after "${title}"`, bench.clear());
      }
    });
  };
  return Object.assign(add, tests) as unknown as Test<Bench>;
}

export { collectGarbage } from '../../core/test/garbage.ts';
export { type Deferred, deferred, delay, until, within } from '../../tools/testing.ts';

/** Waits for some turns of the event loop, in which peers handle bytes on their way. */
export const soon = (): Promise<void> => delay(20);

/** Returns the error that a call throws, which must be of that class. (uvu's `throws` accepts any class but ES classes.) */
export function thrown<E extends Error>(kind: new (...args: never[]) => E, call: () => unknown): E {
  try {
    call();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`nothing was thrown, ${kind.name} expected`);
}

/** Returns the TCP port of a server. */
export function port(server: NetServer): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('listens on no port');
  return address.port;
}

/** Returns handlers that record their calls. */
export function recorder(): { log: string[]; handlers: Required<Omit<Handlers, 'request' | 'drain' | 'error'>> } {
  const log: string[] = [];
  const text = (data: string | Uint8Array): string => (typeof data === 'string' ? data : Buffer.from(data).toString());
  return {
    log,
    handlers: {
      open: (_, { subprotocol }) => void log.push(`open ${subprotocol}`.trim()),
      message: (_, data) => void log.push(`${typeof data === 'string' ? 'text' : 'binary'} ${text(data)}`),
      fragment: (_, { data, final }) => void log.push(`fragment ${text(data)}${final ? ' final' : ''}`),
      ping: (_, data) => void log.push(`ping ${text(data)}`),
      pong: (_, data) => void log.push(`pong ${text(data)}`),
      close: (_, code, reason) => void log.push(`close ${code} ${reason}`.trim()),
      fail: (_, error: ProtocolError | HandshakeError) => void log.push(`fail ${error.rule}`),
      end: (_, { code, clean }) => void log.push(`end ${code}${clean ? ' clean' : ''}`),
    },
  };
}

/** Sends a message over a connection once it is open, and returns the next message that arrives. */
export async function exchange(ws: WebSocketConnection, message = 'hello'): Promise<string | Uint8Array | undefined> {
  await ws.opened;
  ws.send(message);
  return (await ws[Symbol.asyncIterator]().next()).value;
}

/** Returns the body of a response. */
export async function bodyOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}
