/** From the events of core to the handlers of the application, whatever those do. */
import type { Connection, ConnectionEvent, EndEvent, HandshakeRequest, OpenEvent } from '@sockless/core';
import { accept, Decision } from './decision.ts';
import { isRefusal } from './diagnostics.ts';
import type { Driver } from './driver.ts';
import { ConnectionEndedError } from './ended-error.ts';
import { isPromiseLike, type Scope } from './scope.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

const ACCEPT = accept();

/**
 * A connection of core, its driver, and the handlers that hear of it.
 *
 * Its methods, those of the classes that extend it, and a driver's are `private` and not `#`: with each class that has a `#` method an object
 * carries a mark that it has (benchmarks: idle).
 */
export abstract class Delivery<Data> {
  /** Why the connection ended, once it has. */
  endEvent: EndEvent | undefined = undefined;
  /** The client's request: on a server, until the `open` handler has returned. What is of use later goes to `data`. */
  request: HandshakeRequest | undefined = undefined;
  /** What it has in common with others. */
  protected readonly scope: Scope<Data>;
  /** The machine of core, while there is one. */
  protected connection: Connection | undefined = undefined;
  /** What moves its bytes, while there is one. */
  protected driver: Driver | undefined = undefined;
  /** Handlers are at work; or what was sent outside of them leaves in a microtask. */
  #busy: 'no' | 'delivering' | 'flush planned' = 'no';

  /** For adapters. */
  constructor(scope: Scope<Data>) {
    this.scope = scope;
  }

  /** {@link Delivery.start}, for drivers. */
  static start<Data>(ws: Delivery<Data>, connection: Connection, driver: Driver): void {
    ws.start(connection, driver);
  }

  /** {@link Delivery.work}, for drivers. */
  static work<Data>(ws: Delivery<Data>): void {
    ws.work();
  }

  /**
   * For drivers: some of what `driver` had has left. Goes on writing, and tells the application when it may go on.
   *
   * @param left how many bytes have just left. A transport of streams or promises has to say so: it may come between a `send`
   * and the flush that follows it, which would then not see that more had been queued than `highWaterMark`.
   */
  static proceed<Data>(ws: Delivery<Data>, driver: Driver, left = 0): void {
    // A client may have another one by now; this one still has to write what it has.
    if (ws.driver === driver) {
      ws.departed(left);
      ws.flush();
    } else driver.flush();
    ws.advanced();
  }

  /** For drivers: the deadline of `connection` has passed, unless it has moved since. Does what is due, and delivers that. */
  static expire<Data>(ws: Delivery<Data>, connection: Connection, driver: Driver): void {
    try {
      connection.timeout(driver.now());
    } catch (error) {
      // No Ping frame can be made, for instance: without deadlines the connection might never end.
      ws.failed(connection, error);
      driver.destroy();
    }
    // Where it is still open there are bytes to write, a Ping frame, and nothing to tell: no context has to be entered.
    if (connection.state === 'open' && ws.#busy !== 'delivering') ws.flush();
    else ws.scope.run(Delivery.work<Data>, ws);
  }

  /** Begins to work with a connection. */
  protected start(connection: Connection, driver: Driver): void {
    this.connection = connection;
    this.driver = driver;
    this.work();
  }

  /** Delivers the events there are, then lets the driver write. */
  protected work(): void {
    const { connection, driver } = this;
    if (this.#busy === 'delivering' || connection === undefined || driver === undefined) return;
    this.#busy = 'delivering';
    for (let event = this.poll(connection, driver); event !== undefined; event = this.poll(connection, driver)) {
      try {
        const result = this.deliver(connection, event);
        if (result !== undefined) this.watch(connection, result);
      } catch (error) {
        this.failed(connection, error);
      }
    }
    this.#busy = 'no';
    this.flush();
  }

  /** Something other than the transport has changed the connection: {@link work}, in the context of its handlers. */
  protected changed(): void {
    if (this.#busy !== 'delivering') this.scope.run(Delivery.work<Data>, this);
  }

  /** Lets the driver write. */
  protected flush(): void {
    const { state } = this;
    this.flushDriver();
    // That a borrowed payload has changed is found out when it is to be transmitted.
    if (this.state !== state) this.changed();
  }

  /** Hands the transport the bytes that wait; one that throws is destroyed. */
  private flushDriver(): void {
    try {
      this.driver?.flush();
    } catch (error) {
      // A stream may throw when it is written to. It cannot be relied upon any more.
      if (this.state === 'closed') return;
      this.scope.run(() => this.scope.report(this.self, error), undefined);
      this.driver?.destroy();
    }
  }

  /** What is sent outside of a handler leaves in one write when the caller has finished. */
  protected planFlush(): void {
    if (this.#busy !== 'no') return;
    this.#busy = 'flush planned';
    this.scope.turns.add(Delivery.#flushPlanned<Data>, this);
  }

  /**
   * What was sent to this connection as one of many leaves at once, so that the next one can use what this one has borrowed of core. What
   * is sent to it later in the same turn leaves together, when that ends.
   */
  protected flushFirst(): void {
    if (this.#busy !== 'no') return;
    this.planFlush();
    this.flush();
  }

  static #flushPlanned<Data>(ws: Delivery<Data>): void {
    if (ws.#busy !== 'flush planned') return;
    ws.#busy = 'no';
    if (ws.connection?.queuedBytes !== 0) ws.flush();
  }

  /** Calls the application outside of an event. What that throws, or rejects with, fails `connection`. */
  protected attempt(connection: Connection | undefined, call: () => unknown): void {
    try {
      const result = call();
      if (result !== undefined) this.watch(connection, result);
    } catch (error) {
      this.failed(connection, error);
      this.changed();
    }
  }

  /** The same, as handlers know it. */
  protected abstract get self(): WebSocketConnection<Data>;

  /** The key that the `request` handler has given it. */
  abstract key: unknown;

  /** The state of the connection. */
  abstract get state(): Connection['state'];

  /** So many bytes that were queued have just left. */
  protected abstract departed(count: number): void;
  /** Fewer bytes wait than before. */
  protected abstract advanced(): void;

  /** The connection is not open any more: one of the two sides has begun to close it, or it was failed. */
  protected closes(): void {
    // A server takes it from those that are open.
  }

  /** The connection is open; returns what the handler returned. */
  protected abstract open(event: OpenEvent): unknown;
  /** A whole message arrived; returns what the handler returned. */
  protected abstract message(data: string | Uint8Array): unknown;
  /** The connection ended; returns what the handler returned. */
  protected abstract end(event: EndEvent): unknown;

  /** Returns the next event of core. */
  private poll(connection: Connection, driver: Driver): ConnectionEvent | undefined {
    try {
      return connection.poll();
    } catch (error) {
      // Something that core was given, an extension or a source of random bytes, does not work: there will be no further
      // messages.
      this.failed(connection, error);
      driver.destroy();
      return connection.poll();
    }
  }

  /** Calls the handler of an event, and returns what the handler returns. */
  private deliver(connection: Connection, event: ConnectionEvent): unknown {
    const { handlers } = this.scope;
    const { self } = this;
    switch (event.type) {
      case 'text':
      case 'binary':
        return this.message(event.data);
      case 'fragment':
        return handlers.fragment?.(self, event);
      case 'ping':
        return handlers.ping?.(self, event.data);
      case 'pong':
        return handlers.pong?.(self, event.data, event.latency);
      case 'request':
        this.request = event.request;
        return this.askDecision(connection, event.request);
      case 'open':
        return this.open(event);
      case 'close':
        this.closes();
        return handlers.close?.(self, event.code, event.reason);
      case 'fail':
        this.closes();
        if (connection.role === 'server') this.tellRefusal(event.error);
        return handlers.fail?.(self, event.error);
      case 'end': {
        const { diagnostics } = this.scope;
        if (diagnostics?.end.hasSubscribers) diagnostics.end.publish({ ws: self as WebSocketConnection<never>, event });
        return this.end(event);
      }
    }
  }

  /** Publishes that a request was refused, where a program listens for that. */
  private tellRefusal(error: Error): void {
    const { diagnostics } = this.scope;
    if (!(diagnostics?.refuse.hasSubscribers && isRefusal(error))) return;
    diagnostics.refuse.publish({ ws: this.self as WebSocketConnection<never>, error });
  }

  /** Asks the application, unless it leaves that to the policy of core. */
  private askDecision(connection: Connection, request: HandshakeRequest): unknown {
    const { handlers } = this.scope;
    const decision = handlers.request === undefined ? ACCEPT : handlers.request(this.self, request);
    if (isPromiseLike(decision)) return this.decideLater(connection, decision);
    this.key = Decision.apply(decision, connection, this.time());
    return undefined;
  }

  /** Answers the request that waits, whatever the application is still to decide. */
  protected decide(decision: Decision): void {
    if (this.connection !== undefined) Decision.apply(decision, this.connection, this.time());
    this.changed();
  }

  /** Carries out the decision of the application when it comes. */
  private async decideLater(connection: Connection, decision: PromiseLike<unknown>): Promise<void> {
    this.key = Decision.apply(await decision, connection, this.time());
    this.changed();
  }

  /** Waits for the promise of a handler, if it is one, to hear of its failure. */
  private watch(connection: Connection | undefined, result: unknown): void {
    if (!isPromiseLike(result)) return;
    result.then(undefined, (error: unknown) => {
      this.failed(connection, error);
      this.changed();
    });
  }

  /** A handler threw: only its own connection fails, and the application learns of it. */
  private failed(connection: Connection | undefined, error: unknown): void {
    // A loop over the messages that was not caught says nothing that `end` does not.
    if (error instanceof ConnectionEndedError && error.end === this.endEvent) return;
    try {
      connection?.fail('handler-failed', error, this.time());
    } catch {
      // Without random bytes a client cannot even mask a Close frame, so the connection ends without one.
      this.driver?.destroy();
    }
    this.scope.report(this.self, error);
  }

  /** The time on the clock of the driver. */
  private time(): number | undefined {
    return this.driver?.now();
  }
}

/** {@link Delivery.start} */
export const start: typeof Delivery.start = Delivery.start;
/** {@link Delivery.work} */
export const work: typeof Delivery.work = Delivery.work;
/** {@link Delivery.expire} */
export const expire: typeof Delivery.expire = Delivery.expire;
/** {@link Delivery.proceed} */
export const proceed: typeof Delivery.proceed = Delivery.proceed;
