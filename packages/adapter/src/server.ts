/** What servers do alike: they know their connections, and close them in good order. */
import { Connection, checkNames, type EndEvent, type Names } from '@sockless/core';
import { reject } from './decision.ts';
import type { Scope } from './scope.ts';
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

const CLOSE_OPTIONS: Names<CloseOptions> = { code: true, reason: true, timeout: true };

/**
 * Checks how a server is to be closed, before it begins with that.
 *
 * @throws {TypeError | RangeError} when an option is unknown, or not valid
 */
export function checkCloseOptions(options: CloseOptions): void {
  checkNames(options, CLOSE_OPTIONS);
  const { code = 1001, reason, timeout = 0 } = options;
  if (!(typeof timeout === 'number' && timeout >= 0)) throw new RangeError(`timeout: a number from 0, not ${timeout}`);
  // What a Close frame may not say, one to nobody may not say either.
  Connection.opened('server').close(code, reason);
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
  readonly #scope: Scope<Data>;
  readonly #unavailable: Scope<Data>;
  #closing = false;

  /** None yet; those to come will have this in common. */
  constructor(scope: Scope<Data>) {
    this.#scope = scope;
    // What a request meets that comes while the server closes, on a socket from before.
    this.#unavailable = scope.with({ request: () => reject(503) });
  }

  /**
   * Returns a connection for somebody who has come; while the server closes, one that is refused with 503.
   *
   * @param scope where it is not that of all
   */
  add(scope: Scope<Data> = this.#scope): { readonly ws: WebSocketConnection<Data>; readonly scope: Scope<Data> } {
    if (this.#closing) return { ws: new WebSocketConnection(this.#unavailable), scope: this.#unavailable };
    const ws = new ServedConnection(scope, this.all);
    this.all.add(ws);
    return { ws, scope };
  }

  /**
   * Closes every connection, waits for their ends, and terminates those that do not end in time.
   *
   * @param options as {@link checkCloseOptions} has checked them
   * @param stopped resolves when what else the server has is closed
   * @param late is called when the time is over
   */
  async close(options: CloseOptions, stopped?: PromiseLike<unknown>, late?: () => void): Promise<void> {
    const { code = 1001, reason, timeout = 5000 } = options;
    this.#closing = true;
    const ended = [...this.all].map((ws) => {
      (ws as ServedConnection<Data>).dismiss(code, reason);
      return ws.closed;
    });
    const { clock } = this.#scope;
    const timer = clock.setTimeout(() => {
      for (const ws of this.all) ws.terminate();
      late?.();
    }, timeout);
    await Promise.all([...ended, stopped]);
    clock.clearTimeout(timer);
  }
}

class ServedConnection<Data> extends WebSocketConnection<Data> {
  readonly #all: Set<WebSocketConnection<Data>>;

  constructor(scope: Scope<Data>, all: Set<WebSocketConnection<Data>>) {
    super(scope);
    this.#all = all;
  }

  /** The server closes: a request that waits for its decision is answered, whatever that will be. */
  dismiss(code: number, reason: string | undefined): void {
    if (this.state === 'connecting' && this.request !== undefined) this.decide(reject(503));
    else this.close(code, reason);
  }

  protected override end(event: EndEvent): unknown {
    this.#all.delete(this);
    return super.end(event);
  }
}

/** Gives where a client on this machine finds a server that listens on `host`, or on all addresses. */
export function serverUrl(secure: boolean, host: string | undefined, port: number): string {
  const authority = host?.includes(':') ? `[${host}]` : (host ?? 'localhost');
  return `${secure ? 'wss' : 'ws'}://${authority}:${port}`;
}
