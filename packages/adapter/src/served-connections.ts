/**
 * The connections of a server: which there are, how many there may be, their statistics, and how they are closed
 * together.
 */
import type { ConnectionStatistics, EndEvent, OpenEvent } from '@sockless/core';
import { networkOf, resolveBounds, type ServerBounds } from './bounds.ts';
import { MAX_DELAY } from './clock.ts';
import { reject } from './decision.ts';
import { isRefusal } from './diagnostics.ts';
import { Groups, sendToAll } from './group.ts';
import type { Scope } from './scope.ts';
import type { BaseServer, CloseOptions, ServerStatistics } from './server.ts';
import { failSlow, WebSocketConnection } from './websocket-connection.ts';

/** A new connection, and the scope to start it with. */
export interface Served<Data> {
  /** The connection. */
  readonly ws: WebSocketConnection<Data>;
  /** Its scope. */
  readonly scope: Scope<Data>;
}

const SUMS = ['bytesReceived', 'bytesSent', 'messagesReceived', 'messagesSent'] as const;

/** A connection that is failed for `maxTotalQueuedBytes` and still holds more bytes than this is terminated. A socket may hold half of it. */
const MOST_LEFT = 524_288;

/** The connections of a server. */
export class ServedConnections<Data = unknown> {
  /** The connections that have not ended, including those with an undecided request. */
  readonly all: Set<WebSocketConnection<Data>> = new Set();
  readonly #open: Set<WebSocketConnection<Data>> = new Set();
  readonly #groups: Groups<Data> = new Groups();
  readonly #byKey: Map<unknown, Set<WebSocketConnection<Data>>> = new Map();
  readonly #byNetwork: Map<string, number> = new Map();
  readonly #bounds: ReturnType<typeof resolveBounds>;
  readonly #scope: Scope<Data>;
  readonly #unavailable: Scope<Data>;
  readonly #tooMany: Scope<Data>;
  // Sums over the connections that have ended.
  readonly #past = {
    opened: 0,
    ended: 0,
    refused: 0,
    bytesReceived: 0,
    bytesSent: 0,
    messagesReceived: 0,
    messagesSent: 0,
  };
  readonly #pending: Set<WebSocketConnection<Data>> = new Set();
  // Those that are refused. They are no connections of the server, but it waits for their ends when it closes.
  readonly #refused: Set<WebSocketConnection<Data>> = new Set();
  // Only with a bound: the network from which each connection comes, the number of bytes that wait in each, and in all
  // together, without those that were failed for it.
  readonly #networks: Map<WebSocketConnection<Data>, string> = new Map();
  readonly #queues: Map<WebSocketConnection<Data>, number> = new Map();
  readonly #failed: Set<WebSocketConnection<Data>> = new Set();
  #queuedBytes = 0;
  #closing = false;

  /**
   * Starts without connections. `scope` is for those that will be accepted.
   *
   * @throws {TypeError | RangeError} when a bound is not valid
   */
  constructor(scope: Scope<Data>, bounds: ServerBounds = {}) {
    this.#scope = scope;
    this.#bounds = resolveBounds(bounds);
    // The scopes of connections that are refused: with 503 while the server closes or is full, with 429 for their
    // address.
    this.#unavailable = scope.with({ request: () => reject(503) });
    this.#tooMany = scope.with({ request: () => reject(429) });
  }

  /** Whether `add` needs the client's address. Asking for it costs a call to the operating system. */
  get asksAddress(): boolean {
    return this.#bounds.maxConnectionsPerAddress !== Infinity;
  }

  /**
   * Returns true when `maxPendingHandshakes` is reached, and reports that a client was turned away.
   *
   * @param others the number of clients that are waited for and have not been added yet
   */
  turnsAway(others = 0): boolean {
    if (this.#pending.size + others < this.#bounds.maxPendingHandshakes) return false;
    this.#scope.acceptFailed(
      new Error('maxPendingHandshakes: a client was turned away, because so many handshakes are pending'),
      false,
    );
    return true;
  }

  /**
   * Returns a connection for a new client. When there are too many, or the server closes, its scope refuses every
   * request.
   *
   * @param address the client's address, for `maxConnectionsPerAddress`
   * @param scope the scope for this connection, if it is not the server's
   */
  add(address?: string, scope: Scope<Data> = this.#scope): Served<Data> {
    const network = address === undefined || !this.asksAddress ? undefined : networkOf(address);
    const { maxConnections, maxConnectionsPerAddress } = this.#bounds;
    const same = network === undefined ? 0 : (this.#byNetwork.get(network) ?? 0);
    const isFull = this.#closing || this.all.size >= maxConnections;
    const refusal = isFull ? this.#unavailable : same >= maxConnectionsPerAddress ? this.#tooMany : undefined;
    const served = { ws: new ServedConnection(refusal ?? scope, this), scope: refusal ?? scope };
    this.#pending.add(served.ws);
    if (refusal !== undefined) {
      this.#refused.add(served.ws);
      return served;
    }
    this.all.add(served.ws);
    if (network !== undefined) {
      this.#networks.set(served.ws, network);
      this.#byNetwork.set(network, same + 1);
    }
    return served;
  }

  /** Returns the members of a server object that reach its connections and watch them. */
  doors(
    arrivals: () => number = () => 0,
  ): Pick<BaseServer<Data>, 'connections' | 'open' | 'group' | 'broadcast' | 'find' | 'statistics'> {
    const statistics = (): ServerStatistics => this.#statistics(arrivals());
    return {
      connections: this.all,
      open: this.#open,
      group: (name) => this.#groups.group(name),
      broadcast: (data, options = {}) => sendToAll(this.#open, data, options),
      find: (key) => [...(this.#byKey.get(key) ?? [])],
      get statistics() {
        return statistics();
      },
    };
  }

  /** A connection is open. */
  opened(ws: WebSocketConnection<Data>): void {
    this.#open.add(ws);
    this.#past.opened++;
    if (ws.key === undefined) return;
    const same = this.#byKey.get(ws.key) ?? new Set();
    this.#byKey.set(ws.key, same.add(ws));
  }

  /** The request of a connection has been decided, or will never be. */
  decided(ws: WebSocketConnection<Data>): void {
    this.#pending.delete(ws);
  }

  /** A connection is not open any more. */
  closed(ws: WebSocketConnection<Data>): void {
    if (!this.#open.delete(ws)) return;
    const same = this.#byKey.get(ws.key);
    same?.delete(ws);
    if (same?.size === 0) this.#byKey.delete(ws.key);
  }

  /** A connection has ended. */
  ended(ws: WebSocketConnection<Data>, { statistics, explanation }: EndEvent): void {
    this.all.delete(ws);
    this.#refused.delete(ws);
    this.#failed.delete(ws);
    this.#note(ws, 0);
    this.decided(ws);
    this.closed(ws);
    if (statistics.openedAt !== undefined) this.#past.ended++;
    if (isRefusal(explanation.error)) this.#past.refused++;
    for (const name of SUMS) this.#past[name] += statistics[name];
    const network = this.#networks.get(ws);
    if (network === undefined) return;
    this.#networks.delete(ws);
    const same = (this.#byNetwork.get(network) ?? 0) - 1;
    if (same > 0) this.#byNetwork.set(network, same);
    else this.#byNetwork.delete(network);
  }

  /**
   * With a bound: counts the bytes that wait in a connection. If all together exceed the bound, those with the most are
   * failed until the rest fits. One that closes already is failed as well: its messages are dropped. What is left of
   * these no longer counts: the rest of a frame that has begun to leave, and what the transport holds.
   */
  count(ws: WebSocketConnection<Data>): void {
    const { maxTotalQueuedBytes } = this.#bounds;
    // One that is refused is not in `all`, and does not count either.
    if (maxTotalQueuedBytes === Infinity || this.#failed.has(ws) || !this.all.has(ws)) return;
    if (this.#note(ws, ws.queuedBytes) <= 0 || this.#queuedBytes <= maxTotalQueuedBytes) return;
    // Bytes may have left without notice.
    for (const each of this.#queues.keys()) this.#note(each, each.queuedBytes);
    for (const [slowest] of [...this.#queues].sort(([, one], [, other]) => other - one)) {
      if (this.#queuedBytes <= maxTotalQueuedBytes) break;
      this.#note(slowest, 0);
      this.#failed.add(slowest);
      this.closed(slowest);
      failSlow(slowest as WebSocketConnection<never>);
      // The rest of a long message: it would stay until closeTimeout, or for stallTimeout if the connection closes already.
      if (slowest.queuedBytes > MOST_LEFT) this.#scope.clock.queueMicrotask(() => slowest.terminate());
    }
  }

  /** Notes the number of bytes that wait in a connection, and returns how many more these are. */
  #note(ws: WebSocketConnection<Data>, queuedBytes: number): number {
    const more = queuedBytes - (this.#queues.get(ws) ?? 0);
    if (queuedBytes > 0) this.#queues.set(ws, queuedBytes);
    else this.#queues.delete(ws);
    this.#queuedBytes += more;
    return more;
  }

  /**
   * Closes every connection, waits for their ends and for those of refused ones, and terminates what does not end in
   * time.
   *
   * @param options as `checkCloseOptions` has checked them
   * @param stopped resolves when everything else of the server is closed
   * @param late is called when the timeout has passed
   */
  async close(options: CloseOptions, stopped?: PromiseLike<unknown>, late?: () => void): Promise<void> {
    const { code = 1001, reason, timeout = 5000 } = options;
    this.#closing = true;
    const ended = [...this.all, ...this.#refused].map((ws) => {
      (ws as ServedConnection<Data>).dismiss(code, reason);
      return ws.closed;
    });
    const { clock } = this.#scope;
    const terminate = (): void => {
      for (const ws of [...this.all, ...this.#refused]) ws.terminate();
      late?.();
    };
    const timer = timeout === Infinity ? undefined : clock.setTimeout(terminate, Math.min(timeout, MAX_DELAY));
    await Promise.all([...ended, stopped]);
    clock.clearTimeout(timer);
  }

  #statistics(arrivals: number): ServerStatistics {
    const now = {
      ...this.#past,
      ...{ connections: this.all.size, open: this.#open.size, pending: this.#pending.size + arrivals, queuedBytes: 0 },
    };
    for (const ws of this.all) {
      now.queuedBytes += ws.queuedBytes;
      const statistics: ConnectionStatistics | undefined = ws.statistics;
      if (statistics !== undefined) for (const name of SUMS) now[name] += statistics[name];
    }
    return now;
  }
}

class ServedConnection<Data> extends WebSocketConnection<Data> {
  readonly #served: ServedConnections<Data>;

  constructor(scope: Scope<Data>, served: ServedConnections<Data>) {
    super(scope);
    this.#served = served;
  }

  override close(code?: number, reason?: string): void {
    super.close(code, reason);
    this.closes();
  }

  /**
   * The server closes: answers a request that is undecided with 503, and closes any other connection. It does not wait
   * for a request that has not arrived, since a browser may have connected in advance.
   */
  dismiss(code: number, reason: string | undefined): void {
    if (this.state !== 'connecting') this.close(code, reason);
    else if (this.request === undefined) this.terminate();
    else this.decide(reject(503));
  }

  protected override flush(): void {
    super.flush();
    this.#served.count(this);
  }

  protected override advanced(): void {
    super.advanced();
    this.#served.count(this);
  }

  protected override open(event: OpenEvent): unknown {
    this.#served.decided(this);
    // Before the `open` handler, which expects to find it in `server.open`.
    if (this.state === 'open') this.#served.opened(this);
    return super.open(event);
  }

  protected override closes(): void {
    this.#served.closed(this);
  }

  protected override end(event: EndEvent): unknown {
    this.#served.ended(this, event);
    return super.end(event);
  }
}
