/** The driver of a connection that waits for its transport, which a promise will deliver, or not. */
import type { Connection } from '@sockless/core';
import type { Sleeper } from './alarms.ts';
import { type Delivery, expire, start, work } from './delivery.ts';
import type { Driver } from './driver.ts';
import type { Scope } from './scope.ts';

/** The methods of an adapter that are called when its transport arrives, or is no longer wanted. */
export interface Arrival<Transport> {
  /** Starts `ws` with a connection on the transport. The connection's time began at `start` on the clock. */
  open(transport: Transport, start: number): void;
  /** The connection has ended meanwhile: closes the transport. */
  discard(transport: Transport): void;
  /** The connection has ended: cancels the attempt to open the transport, if that is possible. */
  giveUp?(): void;
}

/**
 * Makes `ws` wait for its transport. If the promise rejects, the connection ends.
 *
 * @param startedAt when the time of the connection began, on the clock of `scope`
 */
export function startLater<Transport, Data>(
  ws: Delivery<Data>,
  scope: Scope<Data>,
  connection: Connection,
  transport: PromiseLike<Transport>,
  arrival: Arrival<Transport>,
  startedAt: number = scope.clock.now(),
): void {
  start(
    ws,
    connection,
    new Pending(ws as Delivery<never>, scope as Scope<never>, connection, transport, arrival, startedAt),
  );
}

class Pending<Transport> implements Driver, Sleeper {
  readonly socket = undefined;
  readonly queuedBytes = 0;
  wakeAt = 0;
  alarm = 0;
  readonly #ws: Delivery<never>;
  readonly #scope: Scope<never>;
  readonly #connection: Connection;
  readonly #arrival: Arrival<Transport>;
  readonly #start: number;
  #over = false;

  constructor(
    ws: Delivery<never>,
    scope: Scope<never>,
    connection: Connection,
    transport: PromiseLike<Transport>,
    arrival: Arrival<Transport>,
    startedAt: number,
  ) {
    this.#ws = ws;
    this.#scope = scope;
    this.#connection = connection;
    this.#arrival = arrival;
    this.#start = Math.floor(startedAt);
    transport.then(
      (it) => scope.run(() => this.#arrived(it), undefined),
      (error: unknown) => scope.run(() => this.#fail(error), undefined),
    );
  }

  now(): number {
    return this.#scope.clock.now() - this.#start;
  }

  flush(): void {
    if (this.#over) return;
    if (this.#connection.transport !== 'open') this.#fail(undefined);
    else this.#scope.alarms.follow(this, this.#connection, this.#start);
  }

  wake(): void {
    expire(this.#ws, this.#connection, this);
    // The client may already be waiting for another transport; this driver still has its own deadline.
    this.flush();
  }

  destroy(): void {
    this.#stop('terminate was called');
    this.#connection.close();
  }

  #arrived(transport: Transport): void {
    if (this.#over) {
      this.#discard(transport);
      return;
    }
    this.#over = true;
    this.#scope.alarms.clear(this);
    try {
      this.#arrival.open(transport, this.#start);
    } catch (error) {
      this.#connection.receiveEnd(this.now(), error);
      work(this.#ws);
    }
  }

  #discard(transport: Transport): void {
    try {
      this.#arrival.discard(transport);
    } catch (error) {
      this.#scope.report(undefined, error);
    }
  }

  #fail(cause: unknown): void {
    this.#stop(cause);
    work(this.#ws);
  }

  #stop(cause: unknown): void {
    if (!this.#over) this.#arrival.giveUp?.();
    this.#over = true;
    this.#scope.alarms.clear(this);
    this.#connection.receiveEnd(this.now(), cause);
  }
}
