/** Delivers the events of core to the handlers of the application, and survives whatever those do. */
import type {
  BytesLike,
  Connection,
  ConnectionEvent,
  EndEvent,
  HandshakeRequest,
  OpenEvent,
  PreparedMessage,
  SendOptions,
} from '@sockless/core';
import { accept, Decision } from './decision.ts';
import { isRefusal } from './diagnostics.ts';
import type { Driver } from './driver.ts';
import { ConnectionEndedError } from './ended-error.ts';
import { isPromiseLike, type Scope } from './scope.ts';
import type { WebSocketConnection } from './websocket-connection.ts';

const ACCEPT = accept();

/**
 * The longest prepared message, in bytes, that is written as it is. A longer one is written in pieces, whose progress shows whether the peer
 * is reading.
 */
const WHOLE_UP_TO = 65_536;

/**
 * A connection of core, its driver, and the handlers that receive its events.
 *
 * The methods of this class, of its subclasses and of drivers are `private` and not `#`: an object occupies more memory
 * for each class in its chain that has a `#` method (benchmarks: idle).
 */
export abstract class Delivery<Data> {
  /** The client's request: on a server, until the `open` handler has returned. Copy what you need later to `data`. */
  request: HandshakeRequest | undefined = undefined;
  /** The object that it shares with the other connections of its server or client. */
  protected readonly scope: Scope<Data>;
  /** The connection of core, while there is one. */
  protected connection: Connection | undefined = undefined;
  /** The driver that moves its bytes, while there is one. */
  protected driver: Driver | undefined = undefined;
  /**
   * `'delivering'`: handlers are running. `'flush planned'`: bytes sent outside of handlers will be written when the
   * turn ends, or before another connection sends.
   */
  #busy: 'no' | 'delivering' | 'flush planned' = 'no';
  /** The number of the turn in which it has written at once. */
  #firstFlushIn = -1;

  /** For adapters. */
  constructor(scope: Scope<Data>) {
    this.scope = scope;
  }

  /** For drivers: the scope of a connection. */
  static scopeOf<Data>(ws: Delivery<Data>): Scope<Data> {
    return ws.scope;
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
   * For drivers: some of the bytes that `driver` held have been written. Writes more, and tells the application when it
   * may send again.
   *
   * @param left the number of bytes that have just been written. A transport of streams or promises must pass it: it
   * may call this between a `send` and the flush that follows, and that flush would then not see that the queue had
   * been above `highWaterMark`.
   */
  static proceed<Data>(ws: Delivery<Data>, driver: Driver, left = 0): void {
    // The client may have another driver by now; this one still has to write its bytes.
    if (ws.driver === driver) {
      ws.noteLevel(left);
      ws.flush();
    } else driver.flush();
    ws.advanced();
  }

  /**
   * For drivers: the deadline of `connection` has passed, unless it has moved meanwhile. Does what is due and delivers
   * the events.
   */
  static expire<Data>(ws: Delivery<Data>, connection: Connection, driver: Driver, now: number = driver.now()): void {
    try {
      connection.timeout(now);
    } catch (error) {
      // For example, no Ping frame could be masked. The connection would have no deadline any more and might never end.
      ws.failed(connection, error);
      driver.destroy();
    }
    // A connection that is still open has a Ping frame to write and no events, so no handler runs and no context is
    // needed.
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

  /**
   * Does {@link work} in the context of the handlers, after something other than the transport has changed the
   * connection.
   */
  protected changed(): void {
    if (this.#busy !== 'delivering') this.scope.run(Delivery.work<Data>, this);
  }

  /** Lets the driver write. */
  protected flush(): void {
    const { state } = this;
    this.write('all');
    // The connection fails here if core finds that a borrowed payload was changed: it checks when it transmits.
    if (this.state !== state) this.changed();
  }

  /** Whether something has been written at once in this turn. What follows then waits, so that others get theirs. */
  protected get hasFlushed(): boolean {
    return this.#firstFlushIn === this.scope.turns.number;
  }

  /**
   * Sends a long message with nothing before it: lets core borrow the bytes, writes what leaves at once, and copies the
   * rest.
   *
   * @throws what core throws, or a lack of memory; the bytes are not read any more then
   */
  protected sendThrough(connection: Connection, driver: Driver, data: BytesLike, options?: SendOptions): void {
    const { state } = this;
    this.#firstFlushIn = this.scope.turns.number;
    try {
      connection.send(data, { compress: options?.compress, text: options?.text, lend: true });
      this.noteLevel();
      this.write('copies');
      connection.endLoans();
    } catch (error) {
      if (connection.queuedBytes > 0) {
        // Some of the message has been queued, and is still borrowed.
        connection.fail('handler-failed', error, driver.now());
        driver.destroy();
        this.changed();
      }
      throw error;
    }
    if (this.state !== state) this.changed();
    // After handlers, `work` does that.
    else if (this.#busy !== 'delivering') this.flush();
  }

  /** Hands the transport the bytes that wait, as copies if need be, or a frame. One that throws is destroyed. */
  private write(what: 'all' | 'copies' | Uint8Array): boolean {
    try {
      if (what === 'all') this.driver?.flush();
      else if (what === 'copies') this.driver?.flushCopies?.();
      else return this.driver?.writeFrame?.(what) === true;
    } catch (error) {
      // A stream may throw when it is written to. Such a transport is unusable.
      if (this.state === 'closed') return false;
      // First, so that the `error` handler cannot send on it.
      this.driver?.destroy();
      this.scope.run(() => this.scope.report(this.self, error), undefined);
    }
    return false;
  }

  /**
   * Before this connection sends: lets another one write that has sent outside of handlers in this turn, so that this one
   * can reuse its sender. In a loop over connections each would need one otherwise.
   */
  protected beforeSending(): void {
    this.scope.turns.advance(this);
  }

  /**
   * Plans one write for what is sent outside of handlers: the first time in a turn before another connection sends, and
   * for all that follows in the same turn when it ends.
   */
  protected planFlush(isLent = false): void {
    if (this.#busy !== 'no') return;
    this.#busy = 'flush planned';
    if (isLent || this.hasFlushed) this.scope.turns.add(Delivery.#flushPlanned<Data>, this);
    else this.scope.turns.addFirst(Delivery.#flushFirst<Data>, this);
  }

  static #flushFirst<Data>(ws: Delivery<Data>): void {
    const { turns } = ws.scope;
    // Another connection may be sending, and no handler of this one may run meanwhile. A transport that holds nothing
    // calls none.
    if (ws.driver?.passesBytesOn) {
      ws.#firstFlushIn = turns.number;
      Delivery.#flushPlanned(ws);
    } else turns.add(Delivery.#flushPlanned<Data>, ws);
  }

  static #flushPlanned<Data>(ws: Delivery<Data>): void {
    if (ws.#busy !== 'flush planned') return;
    ws.#busy = 'no';
    if (ws.connection?.queuedBytes !== 0) ws.flush();
  }

  /**
   * Sends to this connection as one of many, the first time in a turn at once. A transport that holds nothing is given
   * the frame itself.
   *
   * @throws what core throws
   */
  protected sendShared(connection: Connection, message: PreparedMessage): void {
    const { driver } = this;
    if (this.#busy !== 'no' || this.hasFlushed) {
      connection.send(message);
      this.planFlush();
      return;
    }
    this.#firstFlushIn = this.scope.turns.number;
    let frame: Uint8Array | undefined;
    if (message.length <= WHOLE_UP_TO && driver?.writeFrame !== undefined && driver.passesBytesOn) {
      frame = connection.sendAtOnce(message);
    } else connection.send(message);
    if (frame !== undefined && this.write(frame)) {
      // Nothing else of this connection has changed. In a broadcast it is cold memory (benchmarks: broadcast).
      if (frame.length <= this.scope.highWaterMark) return;
      this.noteLevel(frame.length);
    }
    this.flush();
  }

  /** Calls the application outside of an event. If the call throws or its promise rejects, `connection` fails. */
  protected attempt(connection: Connection | undefined, call: () => unknown): void {
    try {
      const result = call();
      if (result !== undefined) this.watch(connection, result);
    } catch (error) {
      this.failed(connection, error);
      this.changed();
    }
  }

  /** This object, in the type that handlers receive. */
  protected abstract get self(): WebSocketConnection<Data>;

  /** The key from `accept({ key })`, which the `request` handler returned. */
  abstract key: unknown;

  /** Why the connection ended, once it has. */
  abstract get endEvent(): EndEvent | undefined;

  /** The state of the connection. */
  abstract get state(): Connection['state'];

  /** Notes when more than `highWaterMark` waits, together with `departed` bytes that have just been written. */
  protected abstract noteLevel(departed?: number): void;
  /** Fewer bytes wait than before. */
  protected abstract advanced(): void;

  /** The connection is not open any more: one of the two sides has begun to close it, or it was failed. */
  protected closes(): void {
    // The connections of a server override this.
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
      // An extension, a text decoder or a source of random bytes that core was given threw. There will be no further
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
      case 'end':
        return this.tellEnd(event);
    }
  }

  /** The connection ended, or a try of a client: publishes that, where a program listens for it, and calls {@link end}. */
  protected tellEnd(event: EndEvent): unknown {
    const { diagnostics } = this.scope;
    if (diagnostics?.end.hasSubscribers) {
      diagnostics.end.publish({ ws: this.self as WebSocketConnection<never>, event });
    }
    return this.end(event);
  }

  /** Publishes that a request was refused, where a program listens for that. */
  private tellRefusal(error: Error): void {
    const { diagnostics } = this.scope;
    if (!(diagnostics?.refuse.hasSubscribers && isRefusal(error))) return;
    diagnostics.refuse.publish({ ws: this.self as WebSocketConnection<never>, error });
  }

  /** Asks the `request` handler; without one, accepts what the policy of core has allowed. */
  private askDecision(connection: Connection, request: HandshakeRequest): unknown {
    const { handlers } = this.scope;
    const decision = handlers.request === undefined ? ACCEPT : handlers.request(this.self, request);
    if (isPromiseLike(decision)) return this.decideLater(connection, decision);
    this.key = Decision.apply(decision, connection, this.time());
    return undefined;
  }

  /** Answers the request that waits, although the application has not decided yet. */
  protected decide(decision: Decision): void {
    if (this.connection !== undefined) Decision.apply(decision, this.connection, this.time());
    this.changed();
  }

  /** Carries out the decision of the application when it comes. */
  private async decideLater(connection: Connection, decision: PromiseLike<unknown>): Promise<void> {
    this.key = Decision.apply(await decision, connection, this.time());
    this.changed();
  }

  /** If a handler returned a promise, waits for it and fails the connection when it rejects. */
  private watch(connection: Connection | undefined, result: unknown): void {
    if (!isPromiseLike(result)) return;
    result.then(undefined, (error: unknown) => {
      this.failed(connection, error);
      this.changed();
    });
  }

  /** A handler threw: fails its connection, no other one, and reports the error. */
  private failed(connection: Connection | undefined, error: unknown): void {
    // A loop over the messages threw because the connection ended, and the handler did not catch that. `end` has
    // reported it.
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

/** {@link Delivery.scopeOf} */
export const scopeOf: typeof Delivery.scopeOf = Delivery.scopeOf;
/** {@link Delivery.start} */
export const start: typeof Delivery.start = Delivery.start;
/** {@link Delivery.work} */
export const work: typeof Delivery.work = Delivery.work;
/** {@link Delivery.expire} */
export const expire: typeof Delivery.expire = Delivery.expire;
/** {@link Delivery.proceed} */
export const proceed: typeof Delivery.proceed = Delivery.proceed;
