/** What servers do alike: they know their connections, and close them in good order. */
import type { EndEvent } from '@sockless/core';
import type { Handlers } from './handlers.ts';
import { host } from './host.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** How to shut a server down. */
export interface CloseOptions {
  /** The code of the Close frames. Default: 1001, going away. */
  readonly code?: number | undefined;
  /** The reason of the Close frames. Default: none. */
  readonly reason?: string | undefined;
  /** How long to wait for clients before their sockets are destroyed, in milliseconds. Default: 5,000. */
  readonly timeout?: number | undefined;
}

/** A server that listens, wherever it runs. */
export interface BaseServer<Data = unknown> extends AsyncDisposable {
  /** The connections that have not ended, those with an undecided request among them. */
  readonly connections: ReadonlySet<WebSocketConnection<Data>>;
  /** The port; 0 on a Unix socket. */
  readonly port: number;
  /** Where a client on this machine finds it; the path of the socket where it listens on one. */
  readonly url: string;
  /** Listens no more, closes every connection with 1001, waits, and destroys those that do not answer. */
  close(options?: CloseOptions): Promise<void>;
}

/** The connections of a server. */
export class ServedConnections<Data = unknown> {
  /** Those that have not ended, those with an undecided request among them. */
  readonly all: Set<WebSocketConnection<Data>> = new Set();
  readonly #handlers: Handlers<Data>;
  #closing = false;

  /** None yet; those to come will have these handlers. */
  constructor(handlers: Handlers<Data>) {
    this.#handlers = handlers;
  }

  /** Gives a connection for somebody who has come; while the server closes, one that is refused with 503. */
  add(): WebSocketConnection<Data> {
    if (this.#closing) return new WebSocketConnection(UNAVAILABLE);
    const ws = new ServedConnection(this.#handlers, this.all);
    this.all.add(ws);
    return ws;
  }

  /**
   * Closes every connection, waits for their ends, and terminates those that do not end in time.
   *
   * @param stopped resolves when what else the server has is closed
   * @param late is called when the time is over
   */
  async close(options: CloseOptions, stopped?: PromiseLike<unknown>, late?: () => void): Promise<void> {
    const { code = 1001, reason, timeout = 5000 } = options;
    this.#closing = true;
    const ended = [...this.all].map((ws) => {
      ws.close(code, reason);
      return ws.closed;
    });
    const timer = host.setTimeout(() => {
      for (const ws of this.all) ws.terminate();
      late?.();
    }, timeout);
    await Promise.all([...ended, stopped]);
    host.clearTimeout(timer);
  }
}

class ServedConnection<Data> extends WebSocketConnection<Data> {
  readonly #all: Set<WebSocketConnection<Data>>;

  constructor(handlers: Handlers<Data>, all: Set<WebSocketConnection<Data>>) {
    super(handlers);
    this.#all = all;
  }

  protected override end(event: EndEvent): void {
    this.#all.delete(this);
    super.end(event);
  }
}

/** What a request meets that comes while the server closes, on a socket from before. */
const UNAVAILABLE: Handlers<never> = { request: () => ({ status: 503 }) };

/** Gives where a client on this machine finds a server that listens on `host`, or on all addresses. */
export function serverUrl(secure: boolean, host: string | undefined, port: number): string {
  const authority = host?.includes(':') ? `[${host}]` : (host ?? 'localhost');
  return `${secure ? 'wss' : 'ws'}://${authority}:${port}`;
}
