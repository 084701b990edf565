/** What an application holds of a connection: commands, promises and iteration over core, on any transport. */
import {
  type BytesLike,
  type Connection,
  type ConnectionEvent,
  type EndEvent,
  type HandshakeRequest,
  type OpenEvent,
  type SendOptions,
  type State,
  StateError,
} from '@sockless/core';
import type { Decision, Handlers } from './handlers.ts';
import { host, soon } from './host.ts';
import { ConnectionEndedError, MessageQueue } from './message-queue.ts';

/** What moves the bytes of a connection. */
export interface Driver {
  /** What the bytes go through. */
  readonly socket: unknown;
  /** How many bytes it holds that the operating system has not taken. */
  readonly queuedBytes: number;
  /** The time of the connection, in milliseconds. */
  now(): number;
  /** Writes what the connection transmits, and does as its `transport`, `paused` and `deadline` say. */
  flush(): void;
  /** Ends the transport at once, and with it the connection. */
  destroy(): void;
}

/** A WebSocket connection: what `attach`, `upgrade`, `serve` and `connect` give. */
export class WebSocketConnection<Data = unknown> implements AsyncIterable<string | Uint8Array> {
  /** For the application: whatever it wants to know of this connection. */
  data: Data = undefined as Data;
  /** The client's request: on a server, until the `open` handler has returned. What is of use later goes to `data`. */
  request: HandshakeRequest | undefined = undefined;
  /** What was negotiated, once the connection is open. */
  openEvent: OpenEvent | undefined = undefined;
  /** Why the connection ended, once it has. */
  endEvent: EndEvent | undefined = undefined;

  /** What the application reacts with. */
  protected readonly handlers: Handlers<Data>;
  /** The machine of core, while there is one. */
  protected connection: Connection | undefined = undefined;
  /** What moves its bytes, while there is one. */
  protected driver: Driver | undefined = undefined;
  #delivering = false;
  #flushPlanned = false;
  #messages: MessageQueue | undefined = undefined;
  #opened: Deferred<OpenEvent> | undefined = undefined;
  #closed: Deferred<EndEvent> | undefined = undefined;

  /** For adapters: applications get theirs from `attach`, `upgrade`, `serve` or `connect`. */
  constructor(handlers: Handlers<Data>) {
    this.handlers = handlers;
  }

  /** For adapters: begins to work with a connection. */
  start(connection: Connection, driver: Driver): void {
    this.connection = connection;
    this.driver = driver;
    this.work();
  }

  /** For adapters: delivers the events there are, then lets the driver write. */
  work(): void {
    const { connection } = this;
    if (this.#delivering || connection === undefined) return;
    this.#delivering = true;
    let delivered = false;
    try {
      for (let event = connection.poll(); event !== undefined; event = connection.poll()) this.#deliver(event);
      delivered = true;
    } finally {
      this.#delivering = false;
      this.driver?.flush();
      // What a handler throws is the process's to catch, and costs no other event.
      if (!delivered) soon(() => this.work(), undefined);
    }
  }

  /** For adapters: the socket had been full and is not any more. */
  drained(): void {
    if (this.state === 'open') this.handlers.drain?.(this);
  }

  /** The state of the connection: `'connecting'`, `'open'`, `'closing'` or `'closed'`. */
  get state(): State {
    return this.connection?.state ?? (this.endEvent === undefined ? 'connecting' : 'closed');
  }

  /** The subprotocol in use; empty when there is none. */
  get subprotocol(): string {
    return this.openEvent?.subprotocol ?? '';
  }

  /** The socket, to be looked at: what is written to it or read from it breaks the connection. */
  get socket(): unknown {
    return this.driver?.socket;
  }

  /** How many bytes have been sent and not been handed to the operating system yet. */
  get queuedBytes(): number {
    return (this.connection?.queuedBytes ?? 0) + (this.driver?.queuedBytes ?? 0);
  }

  /** Resolves when the connection is open; rejects when it ended before. */
  get opened(): Promise<OpenEvent> {
    if (this.openEvent !== undefined) return Promise.resolve(this.openEvent);
    this.#opened ??= new Deferred();
    if (this.endEvent !== undefined) this.#opened.reject(new ConnectionEndedError(this.endEvent));
    return this.#opened.promise;
  }

  /** Resolves when the connection has ended, however that came about; never rejects. */
  get closed(): Promise<EndEvent> {
    this.#closed ??= new Deferred();
    if (this.endEvent !== undefined) this.#closed.resolve(this.endEvent);
    return this.#closed.promise;
  }

  /**
   * Sends a message, a string as text and bytes as binary, and gives {@link queuedBytes}: once that is more
   * than the socket takes at a time (64 KiB; on Node its `writableHighWaterMark`), `drain` follows. Bytes are lent until
   * they have been written, and never written to.
   *
   * @throws {StateError} `not-open`, `message-in-progress`, `queue-full`
   * @throws {TypeError} when `data` is neither a string nor bytes
   */
  send(data: string | BytesLike, options?: SendOptions): number {
    this.#command().send(data, options);
    return this.#planFlush();
  }

  /**
   * Sends the next fragment of a message, and gives {@link queuedBytes}.
   *
   * @throws {StateError} `not-open`, `queue-full`
   * @throws {TypeError} when `data` is neither a string nor bytes, or of another type than the fragments before
   */
  sendFragment(data: string | BytesLike, final: boolean, options?: SendOptions): number {
    this.#command().sendFragment(data, final, options);
    return this.#planFlush();
  }

  /**
   * Sends a Ping frame.
   *
   * @throws {StateError} `not-open`, `queue-full`
   * @throws {RangeError} when `data` is longer than 125 bytes
   */
  ping(data?: string | BytesLike): void {
    this.#command().ping(data);
    this.#planFlush();
  }

  /**
   * Sends a Pong frame.
   *
   * @throws {StateError} `not-open`, `queue-full`
   * @throws {RangeError} when `data` is longer than 125 bytes
   */
  pong(data?: string | BytesLike): void {
    this.#command().pong(data);
    this.#planFlush();
  }

  /**
   * Starts the closing handshake, which `closeTimeout` limits; while connecting, gives up. Does nothing when it is
   * closing.
   *
   * @throws {RangeError} when the code may not be sent or the reason is longer than 123 bytes
   */
  close(code?: number, reason?: string): void {
    this.connection?.close(code, reason, this.driver?.now());
    this.work();
  }

  /** Ends the connection at once, without a closing handshake: what has arrived and not been delivered is dropped. */
  terminate(): void {
    this.driver?.destroy();
    this.work();
  }

  /** Stops reading: what arrives waits with the peer, and idle, message and pong timeouts stand still. */
  pause(): void {
    this.connection?.pause();
    this.work();
  }

  /** Reads again. */
  resume(): void {
    this.connection?.resume(this.driver?.now());
    this.work();
  }

  /**
   * Iterates over the messages with back-pressure: while one waits to be taken, no more is read. The iteration ends
   * when the connection was closed cleanly, and throws a `ConnectionEndedError` when it was not. Leaving it leaves the
   * connection open: further messages go to the `message` handler, or wait for the next iteration where there is none.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string | Uint8Array> {
    return this.queueMessages();
  }

  /** Closes the connection with 1000 and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close(1000);
    await this.closed;
  }

  /** From here on messages wait for an iteration and go to no handler. */
  protected queueMessages(): AsyncIterableIterator<string | Uint8Array> {
    if (this.#messages === undefined) {
      this.#messages = new MessageQueue({
        full: () => this.pause(),
        empty: () => this.resume(),
        left: () => this.#leaveMessages(),
      });
      if (this.endEvent !== undefined) this.#messages.end(this.endEvent);
    }
    return this.#messages;
  }

  /** The connection is open. */
  protected open(event: OpenEvent): void {
    this.openEvent = event;
    this.#opened?.resolve(event);
    // A client that loses the connection and connects again has another.
    this.#opened = undefined;
    try {
      this.handlers.open?.(this, event);
    } finally {
      // An idle connection would keep a few kilobytes for it.
      this.request = undefined;
    }
  }

  /** The connection ended. */
  protected end(event: EndEvent): void {
    this.settle(event);
    this.handlers.end?.(this, event);
  }

  /** The connection ended for good: whoever waits for it learns that. */
  protected settle(event: EndEvent): void {
    this.endEvent = event;
    this.#messages?.end(event);
    this.#opened?.reject(new ConnectionEndedError(event));
    this.#closed?.resolve(event);
  }

  #leaveMessages(): void {
    const messages = this.#messages;
    if (messages === undefined || this.handlers.message === undefined || this.endEvent !== undefined) return;
    this.#messages = undefined;
    for (const message of messages.release()) this.handlers.message(this, message);
    this.resume();
  }

  #command(): Connection {
    if (this.connection === undefined) throw new StateError('not-open', `the connection is ${this.state}`);
    return this.connection;
  }

  /** What is sent outside of a handler leaves in one write when the caller has finished. */
  #planFlush(): number {
    if (!(this.#delivering || this.#flushPlanned)) {
      this.#flushPlanned = true;
      host.queueMicrotask(() => {
        this.#flushPlanned = false;
        if (!this.#delivering) this.driver?.flush();
      });
    }
    return this.queuedBytes;
  }

  #deliver(event: ConnectionEvent): void {
    const { handlers } = this;
    switch (event.type) {
      case 'text':
      case 'binary':
        if (this.#messages !== undefined) this.#messages.push(event.data);
        else handlers.message?.(this, event.data);
        break;
      case 'fragment':
        handlers.fragment?.(this, event);
        break;
      case 'ping':
        handlers.ping?.(this, event.data);
        break;
      case 'pong':
        handlers.pong?.(this, event.data, event.latency);
        break;
      case 'request':
        this.request = event.request;
        this.#decide(event.request);
        break;
      case 'open':
        this.open(event);
        break;
      case 'close':
        handlers.close?.(this, event.code, event.reason);
        break;
      case 'fail':
        handlers.fail?.(this, event.error);
        break;
      case 'end':
        this.end(event);
    }
  }

  /** Asks the application; a decision that throws is a 500, and the error is not kept from the process. */
  #decide(request: HandshakeRequest): void {
    try {
      const decision = this.handlers.request?.(this, request);
      if (isPromiseLike(decision)) void this.#decideLater(decision);
      else this.#answer(decision as Decision);
    } catch (error) {
      this.#answer({ status: 500 });
      throw error;
    }
  }

  async #decideLater(decision: PromiseLike<unknown>): Promise<void> {
    try {
      this.#answer((await decision) as Decision);
    } catch (error) {
      this.#answer({ status: 500 });
      throw error;
    } finally {
      this.work();
    }
  }

  #answer(decision: Decision): void {
    const { connection } = this;
    // The client may have gone while the application was deciding.
    if (connection?.state !== 'connecting') return;
    if (decision !== undefined && 'status' in decision) {
      connection.reject(decision.status, decision.headers, decision.body, this.driver?.now());
    } else {
      connection.accept(decision, this.driver?.now());
    }
  }
}

/** Whether it is a promise, of whatever make: taken for options it would be an acceptance. */
function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** A promise that is settled from outside. */
class Deferred<T> {
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;
  readonly promise: Promise<T> = new Promise((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });

  constructor() {
    // A rejection that nobody waits for is no reason to end the process: `end` has told of it.
    this.promise.catch(() => undefined);
  }
}
