/** A WebSocket server on a TCP port, with or without TLS, or on a Unix socket. It needs no HTTP server. */
import {
  type AdapterOptions,
  type BaseServer,
  type CloseOptions,
  checkCloseOptions,
  type Handlers,
  resolveCompression,
  Scope,
  SERVED_OPTIONS,
  ServedConnections,
  type ServerBounds,
  serverUrl,
  type Timer,
  type WithCompression,
} from '@sockless/adapter';
import { Connection, checkNames, type Names, resolveServerOptions, type ServerOptions } from '@sockless/core';
import { zlib } from '@sockless/deflate/zlib';
import { drive } from './attach.ts';
import { addressOf } from './conn-driver.ts';
import { captureContext } from './context.ts';

/** Where to listen, how, and the options of every connection. */
export interface ServeOptions extends WithCompression<ServerOptions>, AdapterOptions, ServerBounds {
  /** The TCP port; 0 for any that is free. Default: 0. */
  readonly port?: number | undefined;
  /** The address to listen on. Default: `0.0.0.0`, all of IPv4. */
  readonly hostname?: string | undefined;
  /** A Unix socket to listen on instead, without TLS. */
  readonly path?: string | undefined;
  /** The certificate chain in PEM format; needs `key`. Serves wss instead of ws. */
  readonly cert?: string | undefined;
  /** The private key of `cert` in PEM format. */
  readonly key?: string | undefined;
  /** Aborting it closes the server as `close` does. */
  readonly signal?: AbortSignal | undefined;
  /** Called once the server listens. */
  readonly onListen?: ((addr: Deno.Addr) => void) | undefined;
}

const SERVE_OPTIONS: Names<ServeOptions> = {
  ...SERVED_OPTIONS,
  port: true,
  hostname: true,
  path: true,
  cert: true,
  key: true,
  signal: true,
  onListen: true,
};

/** A server that listens. */
export interface Server<Data = unknown> extends BaseServer<Data> {
  /** The connections that have not ended, including those whose request has not arrived or is undecided. */
  readonly connections: BaseServer<Data>['connections'];
  /** Where it listens. */
  readonly addr: Deno.Addr;
  /** Resolves when the server has closed. */
  readonly finished: Promise<void>;
}

/**
 * Serves WebSocket connections. Needs `--allow-net`, and for a Unix socket `--allow-read` and
 * `--allow-write` as well.
 *
 * @returns the server, which is listening
 * @throws {TypeError | RangeError} when an option is not valid; also the error of `Deno.listen`, for example when the
 * port is taken
 * @example
 * ```ts
 * serve({ port: 8080 }, { message: (ws, data) => ws.send(data) });
 * ```
 */
export function serve<Data = unknown>(options: ServeOptions, handlers: Handlers<Data> = {}): Server<Data> {
  checkNames(options, SERVE_OPTIONS);
  // Refuse invalid options now, not at the first client.
  const resolved = resolveServerOptions(resolveCompression(options, zlib), SERVE_OPTIONS);
  const { signal, path, onListen } = options;
  signal?.throwIfAborted();
  const scope = new Scope(handlers, options, captureContext());
  const connections = new ServedConnections(scope, options);
  const listener = listen(options);
  const stop = acceptAll(listener, scope as Scope<never>, (conn) => {
    if (connections.turnsAway()) {
      conn.close();
      return;
    }
    const connection = Connection.server(resolved);
    const { ws, scope: own } = connections.add(addressOf(conn));
    drive(ws, own, conn, connection);
  });
  const finished = Promise.withResolvers<void>();

  let open = true;
  const close = async (how: CloseOptions = {}): Promise<void> => {
    checkCloseOptions(how);
    signal?.removeEventListener('abort', abort);
    const isFirst = open;
    open = false;
    const stopped = stop();
    // Otherwise the next server could not listen. Remove it before that: later the path may be another server's.
    if (isFirst && path !== undefined) await Deno.remove(path).catch(() => undefined);
    await connections.close(how, stopped);
    finished.resolve();
  };
  const abort = (): void => void close();
  signal?.addEventListener('abort', abort, { once: true });

  const { addr } = listener;
  const port = 'port' in addr ? addr.port : 0;
  // An error of `onListen` must not stop the server.
  new Promise((resolve) => resolve(onListen?.(addr))).catch((error: unknown) => scope.report(undefined, error));
  return Object.assign(connections.doors(), {
    addr,
    port,
    url: path ?? serverUrl(options.cert !== undefined, options.hostname, port),
    finished: finished.promise,
    close,
    [Symbol.asyncDispose]: () => close(),
  });
}

function listen({ port = 0, hostname, path, cert, key }: ServeOptions): Deno.Listener {
  if ((cert === undefined) !== (key === undefined)) throw new TypeError('cert and key: both of them, or neither');
  if (path !== undefined) {
    if (cert !== undefined)
      throw new TypeError('path: Deno has no TLS over a Unix socket, and cert or key asks for it');
    return Deno.listen({ transport: 'unix', path });
  }
  const where = hostname === undefined ? { port } : { port, hostname };
  if (cert === undefined || key === undefined) return Deno.listen(where);
  return Deno.listenTls({ ...where, cert, key, alpnProtocols: ['http/1.1'] });
}

/** The milliseconds to wait after a connection could not be accepted, at first and at most. */
const FIRST_DELAY = 5;
const LAST_DELAY = 1000;

/**
 * Accepts connections until the returned function is called, whose promise resolves when no client can connect any
 * more. It reports an error, such as a client that left before it was accepted or no free file descriptor, and goes on.
 */
function acceptAll(listener: Deno.Listener, scope: Scope<never>, take: (conn: Deno.Conn) => void): () => Promise<void> {
  const { clock } = scope;
  let stopped = false;
  let goOn: (() => void) | undefined;
  let timer: Timer | undefined;
  const accept = async (): Promise<void> => {
    for (let delay = FIRST_DELAY; !stopped; ) {
      try {
        const conn = await listener.accept();
        if (stopped) conn.close();
        else take(conn);
        delay = FIRST_DELAY;
      } catch (error) {
        if (stopped) return;
        scope.acceptFailed(error, true);
        await new Promise<void>((resolve) => {
          goOn = resolve;
          timer = clock.setTimeout(resolve, delay);
        });
        delay = Math.min(2 * delay, LAST_DELAY);
      }
    }
  };
  const accepting = accept();
  return () => {
    if (!stopped) listener.close();
    stopped = true;
    clock.clearTimeout(timer);
    goOn?.();
    return accepting;
  };
}
