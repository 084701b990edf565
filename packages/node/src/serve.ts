/** A server of its own: `http` or `https` on a TCP port or a Unix socket. */
import { createServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer, type ServerOptions as TlsOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
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
  type WithCompression,
} from '@sockless/adapter';
import { checkNames, type Names, resolveServerOptions, type ServerOptions } from '@sockless/core';
import { zlib } from '@sockless/deflate/zlib';
import { Arrivals } from './arrivals.ts';
import { serverContext } from './context.ts';
import { asksForWebSocket, ignoreUpgrade, shouldUpgrade } from './other-upgrades.ts';
import { takeOver } from './upgrade.ts';

/** Where to listen, how, and the options of every connection. */
export interface ServeOptions extends WithCompression<ServerOptions>, AdapterOptions, ServerBounds {
  /** The TCP port; 0 for any that is free. Default: 0. */
  readonly port?: number | undefined;
  /** The address to listen on. Default: all. */
  readonly host?: string | undefined;
  /** A Unix socket to listen on instead. */
  readonly path?: string | undefined;
  /** The certificate and key, and other options of `https.createServer`: serves wss instead of ws. */
  readonly tls?: TlsOptions | undefined;
  /** The number of connections that the operating system keeps until they are accepted. Default: Node's, 511. */
  readonly backlog?: number | undefined;
  /**
   * How long a client may take to send the head of any request, including an ordinary HTTP request, in milliseconds.
   * Default: Node's, 60,000. The first head of a socket must also arrive within `handshakeTimeout`.
   */
  readonly headersTimeout?: number | undefined;
  /**
   * Answers the requests that do not ask for WebSocket, including those that ask for another protocol. Default: 426
   * Upgrade Required.
   */
  readonly http?: RequestListener | undefined;
}

const SERVE_OPTIONS: Names<ServeOptions> = {
  ...SERVED_OPTIONS,
  port: true,
  host: true,
  path: true,
  tls: true,
  http: true,
  backlog: true,
  headersTimeout: true,
};

/** A server that listens. */
export interface Server<Data = unknown> extends BaseServer<Data> {
  /** The server underneath. */
  readonly http: HttpServer;
}

/**
 * Serves WebSocket connections.
 *
 * @returns a promise of the server, which resolves once it listens; rejects if it cannot, for example because the port
 * is taken
 * @throws {TypeError | RangeError} when an option is not valid (the promise rejects with it)
 * @example
 * ```ts
 * const server = await serve({ port: 8080 }, { message: (ws, data) => ws.send(data) });
 * ```
 */
export async function serve<Data = unknown>(
  options: ServeOptions,
  handlers: Handlers<Data> = {},
): Promise<Server<Data>> {
  checkNames(options, SERVE_OPTIONS);
  const { port = 0, host, path, tls, http: listener = upgradeRequired, headersTimeout } = options;
  const { backlog } = options;
  if (backlog !== undefined && !(Number.isSafeInteger(backlog) && backlog >= 1)) {
    throw new RangeError(`backlog: a whole number from 1, not ${String(backlog)}`);
  }
  // Refuse invalid options now, not at the first client.
  const resolved = resolveServerOptions(resolveCompression(options, zlib), SERVE_OPTIONS);
  const limits = { shouldUpgradeCallback: shouldUpgrade, ...(headersTimeout === undefined ? {} : { headersTimeout }) };
  const http = tls === undefined ? createServer(limits, listener) : createSecureServer({ ...limits, ...tls }, listener);
  const scope = new Scope(handlers, options, serverContext(http));
  const connections = new ServedConnections(scope, options);
  const arrivals = new Arrivals(http, scope as Scope<never>, resolved.handshakeTimeout, tls !== undefined, (count) =>
    connections.turnsAway(count),
  );
  http.on('upgrade', (request, socket, head) => {
    // Where a body has not arrived yet, Node passes a stream of its own in place of the socket.
    const startedAt = arrivals.arrived(request.socket);
    if (!asksForWebSocket(request)) {
      ignoreUpgrade(http, request, socket, head);
      return;
    }
    const address = connections.asksAddress ? request.socket.remoteAddress : undefined;
    const { ws, scope: own } = connections.add(address);
    takeOver(ws, own, request, socket, head, resolved, startedAt);
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen({ ...(path === undefined ? { port, host } : { path }), ...(backlog && { backlog }) }, () => {
      http.off('error', reject);
      // An error while accepting, for example because no file descriptor is free, must not end the server.
      http.on('error', (error) => scope.acceptFailed(error, true));
      resolve();
    });
  });
  const address = http.address() as AddressInfo | string;

  const close = async (how: CloseOptions = {}): Promise<void> => {
    checkCloseOptions(how);
    const stopped = new Promise((resolve) => http.close(resolve));
    http.closeIdleConnections();
    arrivals.close();
    http.keepAliveTimeout = 1;
    // A socket whose request is being answered now is idle after that. Node would wait a second more for another request.
    const idle = setInterval(() => http.closeIdleConnections(), 20);
    try {
      await connections.close(how, stopped, () => http.closeAllConnections());
    } finally {
      clearInterval(idle);
    }
  };
  return Object.assign(
    connections.doors(() => arrivals.count),
    {
      port: typeof address === 'string' ? 0 : address.port,
      url: typeof address === 'string' ? address : serverUrl(tls !== undefined, host, address.port),
      http,
      close,
      [Symbol.asyncDispose]: () => close(),
    },
  );
}

const upgradeRequired: RequestListener = (_, response) => {
  const connection = response.shouldKeepAlive ? 'Upgrade' : 'close, Upgrade';
  response.writeHead(426, { Connection: connection, Upgrade: 'websocket', 'Content-Type': 'text/plain' });
  response.end('This is a WebSocket server: connect with a WebSocket client.\n');
};
