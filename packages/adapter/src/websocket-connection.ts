/** What an application holds of a connection: commands, promises and iteration over core, on any transport. */
import {
  type BytesLike,
  type Connection,
  type ConnectionStatistics,
  type EndEvent,
  type OpenEvent,
  PreparedMessage,
  type SendOptions,
  type State,
  StateError,
  toBytes,
} from '@sockless/core';
import { soon } from './clock.ts';
import { Deferred } from './deferred.ts';
import { Delivery } from './delivery.ts';
import type { Driver } from './driver.ts';
import { ConnectionEndedError } from './ended-error.ts';
import type { HostReadableStream, HostWritableStream } from './host.ts';
import { Inbox } from './inbox.ts';
import { isPromiseLike } from './scope.ts';
import { readableOf, writableOf } from './streams.ts';

/** What few connections need, or none for long: an object of its own, so that the others need not carry it (benchmarks: idle). */
interface Extras {
  opened?: Deferred<OpenEvent> | undefined;
  closed?: Deferred<EndEvent> | undefined;
  drained?: Deferred<void> | undefined;
  written?: Deferred<void> | undefined;
  /** Bytes have been lent: that they are the application's again is a promise too. */
  lent?: boolean | undefined;
  readable?: HostReadableStream | undefined;
  writable?: HostWritableStream | undefined;
  /** {@link WebSocketConnection.key} */
  key?: unknown;
  /** Who has stopped reading. */
  pausedBy?: number | undefined;
  /** The groups that the connection is a member of. */
  memberships?: Set<Membership> | undefined;
}

/** Who has stopped reading: the application, a loop with too much waiting for it. */
const BY_APPLICATION = 1;
const BY_INBOX = 2;

/** What a connection is a member of. */
interface Membership {
  /** The connection leaves, or has ended. */
  delete(ws: WebSocketConnection<never>): void;
}

/** For groups: what a connection is a member of. It leaves when it ends. */
export let memberships: {
  add(ws: WebSocketConnection<never>, membership: Membership): void;
  delete(ws: WebSocketConnection<never>, membership: Membership): void;
};

/** Sends a message that many get; returns what became of it, and never throws. */
export let sendPrepared: <Data>(
  ws: WebSocketConnection<Data>,
  message: PreparedMessage,
  slow: 'close' | 'skip' | ((ws: WebSocketConnection<Data>) => unknown),
) => 'sent' | 'skipped' | 'closed';

/** Fails a connection whose peer reads too slowly. */
export let failSlow: (ws: WebSocketConnection<never>) => void;

/** A WebSocket connection: what `attach`, `upgrade`, `serve` and `connect` return. */
export class WebSocketConnection<Data = unknown> extends Delivery<Data> implements AsyncIterable<string | Uint8Array> {
  /** For the application: whatever it wants to know of this connection. */
  data: Data = undefined as Data;
  /** What was negotiated, once the connection is open. */
  openEvent: OpenEvent | undefined = undefined;
  /** Where `queuedBytes` is, seen from `highWaterMark`: `'fallen'` has to be told yet. */
  #level: 'low' | 'high' | 'fallen' = 'low';
  /** Messages go to an inbox when no handler takes them; `'unwanted'` when nobody has asked for them by now. */
  #inbox: Inbox | 'unwanted' | undefined = undefined;
  #extras: Extras | undefined = undefined;

  static {
    failSlow = (ws) => ws.tooSlow();
    sendPrepared = (ws, message, slow) => ws.sendPrepared(message, slow as (ws: unknown) => unknown);
    memberships = {
      add(ws, membership) {
        ws.#extras ??= {};
        ws.#extras.memberships ??= new Set();
        ws.#extras.memberships.add(membership);
      },
      delete(ws, membership) {
        const { memberships } = ws.#extras ?? {};
        memberships?.delete(membership);
        if (ws.#extras !== undefined && memberships?.size === 0) ws.#extras.memberships = undefined;
      },
    };
  }

  /** On a server: the key that the `request` handler has given it by `accept({ key })`. */
  get key(): unknown {
    return this.#extras?.key;
  }

  override set key(key: unknown) {
    if (key === undefined && this.#extras === undefined) return;
    this.#extras ??= {};
    this.#extras.key = key;
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

  /**
   * The address of the peer, where the transport has one. Node forgets it with the socket unless somebody has asked before: ask in `open` to know
   * it in `end`.
   */
  get remoteAddress(): string | undefined {
    return this.driver?.remoteAddress;
  }

  /** What has passed so far. Times are in milliseconds since the connection came. Undefined before there is a transport. */
  get statistics(): ConnectionStatistics | undefined {
    return this.connection?.statistics ?? this.endEvent?.statistics;
  }

  /** How many bytes have been sent and not been handed to the operating system yet. */
  get queuedBytes(): number {
    const { connection, driver } = this;
    if (connection === undefined || this.endEvent !== undefined) return 0;
    return connection.queuedBytes + (driver?.queuedBytes ?? 0);
  }

  /** How many messages were dropped because there was neither a `message` handler nor a loop to take them. */
  get droppedMessages(): number {
    return this.#inbox instanceof Inbox ? this.#inbox.dropped : 0;
  }

  /** Resolves when the connection is open; rejects when it ended before. */
  get opened(): Promise<OpenEvent> {
    if (this.openEvent !== undefined) return Promise.resolve(this.openEvent);
    this.#extras ??= {};
    this.#extras.opened ??= new Deferred();
    if (this.endEvent !== undefined) this.#extras.opened.reject(new ConnectionEndedError(this.endEvent));
    return this.#extras.opened.promise;
  }

  /** Resolves when the connection has ended, however that came about; never rejects. */
  get closed(): Promise<EndEvent> {
    this.#extras ??= {};
    this.#extras.closed ??= new Deferred();
    if (this.endEvent !== undefined) this.#extras.closed.resolve(this.endEvent);
    return this.#extras.closed.promise;
  }

  /**
   * Resolves when {@link queuedBytes} is not above `highWaterMark` (any more): at once, or when enough has been written,
   * or when the connection has ended. Never rejects.
   */
  get drained(): Promise<void> {
    if (this.queuedBytes <= this.scope.highWaterMark) return Promise.resolve();
    this.#level = 'high';
    this.#extras ??= {};
    this.#extras.drained ??= new Deferred();
    return this.#extras.drained.promise;
  }

  /**
   * Resolves when all that has been sent has left: at once when nothing waits, or when the connection has ended. Then bytes
   * that were lent are the application's again; what of them had not left by the end does not leave any more. Never rejects.
   */
  get written(): Promise<void> {
    if (this.queuedBytes === 0) return Promise.resolve();
    this.#extras ??= {};
    this.#extras.written ??= new Deferred();
    this.driver?.watch?.();
    return this.#extras.written.promise;
  }

  /**
   * Sends a message: a string as text, bytes as binary (with `text` as text), and what `prepare` returned as it was prepared.
   * Bytes are never written to, and the application's again when this returns; with `lend` they are not copied, must not
   * change meanwhile, and are the application's again when {@link written} resolves.
   *
   * @returns true when it is on its way. False when the connection is not open (yet, or any more), or when as much as
   * `maxQueuedBytes` waits: then the peer reads too slowly, and the connection is failed with 1013. To keep below that,
   * look at {@link queuedBytes}, await {@link drained}, or go on in the `drain` handler.
   * @throws {TypeError} when `data` is none of these, when with `text` the bytes are not valid UTF-8, and when there are options for a
   * prepared message
   * @throws {StateError} `message-in-progress`: `sendFragment` has begun a message and not finished it
   */
  send(data: string | BytesLike | PreparedMessage, options?: SendOptions): boolean {
    const { connection } = this;
    try {
      connection?.send(data, options);
    } catch (error) {
      return this.refused(data, error);
    }
    if (connection === undefined) return this.refused(data);
    if (options?.lend) this.lend();
    this.planFlush();
    return true;
  }

  /**
   * Sends the next fragment of a message.
   *
   * @returns as {@link send}
   * @throws {TypeError} when `data` is neither a string nor bytes, or of another type than the fragments before
   */
  sendFragment(data: string | BytesLike, final: boolean, options?: SendOptions): boolean {
    if (options?.lend) this.lend();
    return this.command(data, (connection) => connection.sendFragment(data, final, options));
  }

  /**
   * Sends a Ping frame.
   *
   * @returns as {@link send}
   * @throws {RangeError} when `data` is longer than 125 bytes
   */
  ping(data: string | BytesLike = ''): boolean {
    return this.command(data, (connection) => connection.ping(data));
  }

  /**
   * Sends a Pong frame.
   *
   * @returns as {@link send}
   * @throws {RangeError} when `data` is longer than 125 bytes
   */
  pong(data: string | BytesLike = ''): boolean {
    return this.command(data, (connection) => connection.pong(data));
  }

  /**
   * Starts the closing handshake, which `closeTimeout` limits; while connecting, gives up. Does nothing when it is
   * closing.
   *
   * @throws {RangeError} when the code may not be sent or the reason is longer than 123 bytes
   */
  close(code?: number, reason?: string): void {
    this.connection?.close(code, reason, this.driver?.now());
    this.changed();
  }

  /** Ends the connection at once, without a closing handshake: what has arrived and not been delivered is dropped. */
  terminate(): void {
    this.driver?.destroy();
    this.changed();
  }

  /** Stops reading: what arrives waits with the peer, and idle, message and pong timeouts stand still. */
  pause(): void {
    this.pauseFor(BY_APPLICATION);
  }

  /** Reads again. */
  resume(): void {
    this.resumeFor(BY_APPLICATION);
  }

  /**
   * Iterates over the messages with back-pressure: up to 1 MiB waits for the loop, then no more is read until it has taken
   * half of that. The iteration ends when the connection was closed with 1000, 1001 or no code, and throws a
   * `ConnectionEndedError` when it ended otherwise. Leaving it leaves the connection open: further messages go to the
   * `message` handler, or wait for the next iteration where there is none, up to 1 MiB.
   *
   * Begin in time: without a `message` handler messages wait for a loop on a client, up to 1 MiB, and on a server until
   * `open` has returned and its promise has settled. Then they are dropped.
   *
   * @throws {StateError} `messages-dropped` when that has happened
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string | Uint8Array> {
    const inbox = this.ownInbox();
    const iterator = inbox.iterate();
    if (this.endEvent !== undefined) inbox.end(this.endEvent);
    return iterator;
  }

  /**
   * The messages as a `ReadableStream`, strings and bytes, made when it is asked for: instead of a loop, and with the same back-pressure.
   * It closes where a loop would end, and fails with a `ConnectionEndedError` where that would throw. Cancelling it closes the
   * connection with 1000.
   *
   * @throws {StateError} `messages-dropped`, as for a loop
   */
  get readable(): HostReadableStream {
    this.#extras ??= {};
    this.#extras.readable ??= readableOf(this);
    return this.#extras.readable;
  }

  /**
   * A `WritableStream` that sends each chunk, a string or bytes, as a message, made when it is asked for. It is ready when no more than
   * `highWaterMark` bytes wait. Closing it closes the connection with 1000 and waits for its end, which has to be clean; aborting
   * it closes with 1011. It fails with a `ConnectionEndedError` when the connection ends otherwise.
   */
  get writable(): HostWritableStream {
    this.#extras ??= {};
    this.#extras.writable ??= writableOf(this);
    return this.#extras.writable;
  }

  /** Closes the connection with 1000 and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close(1000);
    await this.closed;
  }

  /** The same, as handlers know it. */
  protected override get self(): this {
    return this;
  }

  /** Begins to work with a connection. */
  protected override start(connection: Connection, driver: Driver): void {
    if (this.#extras !== undefined) this.#extras.pausedBy = 0;
    // Somebody may have asked before there was a driver to tell.
    if (this.#extras?.written !== undefined) driver.watch?.();
    super.start(connection, driver);
  }

  /** Lets the driver write. */
  protected override flush(): void {
    if (this.#level === 'low' && this.queuedBytes > this.scope.highWaterMark) this.#level = 'high';
    super.flush();
    const hasFallen = this.#level === 'high' && this.queuedBytes <= this.scope.highWaterMark;
    const hasLeft = this.#extras?.written !== undefined && this.queuedBytes === 0;
    if (!(hasFallen || hasLeft)) return;
    // All has left at once: whoever sends more whenever told so lets the others have their turn.
    if (hasFallen) this.#level = 'fallen';
    soon(this.scope.clock, () => this.scope.run((ws: this) => ws.advanced(), this));
  }

  /** Bytes that were queued until now have left. */
  protected override departed(count: number): void {
    if (this.#level === 'low' && this.queuedBytes + count > this.scope.highWaterMark) this.#level = 'high';
  }

  /** Fewer bytes wait than before: tells those who wait for that. */
  protected override advanced(): void {
    if (this.#extras?.written !== undefined) {
      if (this.queuedBytes > 0) this.driver?.watch?.();
      else {
        this.#extras.written.resolve();
        this.#extras.written = undefined;
      }
    }
    if (this.#level === 'low') return;
    this.#level = this.queuedBytes > this.scope.highWaterMark ? 'high' : 'low';
    if (this.#level === 'high') return;
    this.#extras?.drained?.resolve();
    if (this.#extras !== undefined) this.#extras.drained = undefined;
    // What a client keeps for its next connection counts as well: it goes on when there is one.
    if (this.state === 'connecting') this.#level = 'high';
    const { handlers } = this.scope;
    if (handlers.drain !== undefined && this.state === 'open')
      this.attempt(this.connection, () => handlers.drain?.(this));
  }

  /** A whole message arrived: it goes to the handler, or waits for a loop. */
  protected override message(data: string | Uint8Array): unknown {
    const { handlers } = this.scope;
    if (this.#inbox === undefined && handlers.message !== undefined) return handlers.message(this, data);
    const inbox = this.ownInbox();
    if (inbox.isHandled) return handlers.message?.(this, data);
    inbox.push(data);
    return undefined;
  }

  /** The connection is open. */
  protected override open(event: OpenEvent): unknown {
    // Somebody else's handshake, on a transport that has ended since: nobody can do anything with it.
    if (this.state === 'closed') return undefined;
    this.openEvent = event;
    const { diagnostics } = this.scope;
    if (diagnostics?.open.hasSubscribers) diagnostics.open.publish({ ws: this.asAny, event });
    this.#extras?.opened?.resolve(event);
    // A client that loses the connection and connects again has another.
    if (this.#extras !== undefined) this.#extras.opened = undefined;
    const { handlers } = this.scope;
    let result: unknown;
    try {
      result = handlers.open?.(this, event);
    } finally {
      // An idle connection would keep a few kilobytes for it.
      this.request = undefined;
      if (handlers.message === undefined && this.connection?.role === 'server') this.untilSettled(result);
    }
    return result;
  }

  /** The connection ended, for good. */
  protected override end(event: EndEvent): unknown {
    this.settle(event);
    return this.scope.handlers.end?.(this, event);
  }

  /** The connection ended for good: whoever waits for it learns that. */
  protected settle(event: EndEvent): void {
    this.giveBack();
    this.endEvent = event;
    for (const each of this.#extras?.memberships ?? []) each.delete(this.asAny);
    if (this.#extras !== undefined) this.#extras.memberships = undefined;
    this.#level = 'low';
    if (this.#inbox instanceof Inbox) this.#inbox.end(event);
    this.#extras?.opened?.reject(new ConnectionEndedError(event));
    this.#extras?.closed?.resolve(event);
    this.#extras?.drained?.resolve();
    this.#extras?.written?.resolve();
  }

  /**
   * The connection has ended, and what was lent is the application's again. A peer that has only ended its own side would still
   * take what waits, whatever the application has made of it by then: so what has not left does not leave any more.
   */
  protected giveBack(): void {
    const { connection, driver } = this;
    if (this.#extras?.lent && (connection?.queuedBytes ?? 0) + (driver?.queuedBytes ?? 0) > 0) driver?.destroy();
  }

  /** The same, for those to whom its data are nothing. */
  private get asAny(): WebSocketConnection<never> {
    return this as unknown as WebSocketConnection<never>;
  }

  /** Notes that bytes of the application are borrowed. */
  private lend(): void {
    this.#extras ??= {};
    this.#extras.lent = true;
  }

  /** A server's messages wait for a loop until the `open` handler is done. */
  private untilSettled(result: unknown): void {
    const settled = (): void => {
      if (this.#inbox instanceof Inbox) this.#inbox.drop();
      else this.#inbox = 'unwanted';
    };
    // Whoever has called `upgrade` may begin a loop behind that.
    if (isPromiseLike(result)) result.then(settled, settled);
    else this.scope.clock.queueMicrotask(settled);
  }

  /** Returns the inbox, which is made when there is something for it, or somebody waits at it. */
  private ownInbox(): Inbox {
    if (this.#inbox instanceof Inbox) return this.#inbox;
    const inbox = new Inbox(
      {
        full: () => this.pauseFor(BY_INBOX),
        ready: () => this.resumeFor(BY_INBOX),
        handle: (messages) => {
          if (this.endEvent === undefined) this.scope.run(() => this.handle(messages), undefined);
        },
      },
      this.scope.handlers.message !== undefined,
    );
    if (this.#inbox === 'unwanted') inbox.drop();
    this.#inbox = inbox;
    return inbox;
  }

  /** Calls the `message` handler for messages that waited. */
  private handle(messages: readonly (string | Uint8Array)[]): void {
    for (const message of messages) {
      this.attempt(this.connection, () => this.scope.handlers.message?.(this, message));
    }
  }

  /** Pauses the connection for one of the reasons that there are. */
  private pauseFor(by: number): void {
    const { connection } = this;
    connection?.pause();
    // Nothing but an open connection can be paused.
    if (connection?.paused) {
      this.#extras ??= {};
      this.#extras.pausedBy = (this.#extras.pausedBy ?? 0) | by;
    }
    this.changed();
  }

  /** Resumes the connection when no reason for the pause is left. */
  private resumeFor(by: number): void {
    if (this.#extras?.pausedBy) {
      this.#extras.pausedBy &= ~by;
      if (this.#extras.pausedBy !== 0) return;
    }
    this.connection?.resume(this.driver?.now());
    this.changed();
  }

  /** Lets core send something, and returns whether it did. */
  private command(data: string | BytesLike, call: (connection: Connection) => void): boolean {
    const { connection } = this;
    if (connection === undefined) return this.refused(data);
    try {
      call(connection);
    } catch (error) {
      return this.refused(data, error);
    }
    this.planFlush();
    return true;
  }

  /** Sends a message that is prepared for many connections. */
  private sendPrepared(
    message: PreparedMessage,
    slow: 'close' | 'skip' | ((ws: this) => unknown),
  ): 'sent' | 'skipped' | 'closed' {
    const { connection } = this;
    if (connection?.state !== 'open') return 'skipped';
    const { queuedBytes, maxQueuedBytes } = connection;
    const isFull = queuedBytes >= maxQueuedBytes || (queuedBytes > 0 && queuedBytes + message.length > maxQueuedBytes);
    if (isFull) return this.isSlow(slow);
    try {
      connection.send(message);
    } catch (error) {
      // It is being sent a message in fragments; or else its source of random bytes or its compression does not work.
      if (!(error instanceof StateError)) this.scope.report(this, error);
      return 'skipped';
    }
    this.flushFirst();
    return 'sent';
  }

  /** As much waits as may. */
  private isSlow(slow: 'close' | 'skip' | ((ws: this) => unknown)): 'skipped' | 'closed' {
    let policy: unknown = slow;
    if (typeof slow === 'function') {
      policy = undefined;
      // What it throws is an error of this connection alone.
      this.attempt(this.connection, () => {
        const answer = slow(this);
        if (answer === 'skip' || answer === 'close') policy = answer;
        else return refuse(answer);
        return undefined;
      });
    }
    if (policy === 'skip') return 'skipped';
    if (policy === 'close') this.tooSlow();
    return 'closed';
  }

  /** Fails the connection, since its peer does not read. */
  private tooSlow(): void {
    this.connection?.fail('reader-too-slow', undefined, this.driver?.now());
    // Not at once: a handler may be in the middle of something when it calls.
    this.scope.clock.queueMicrotask(() => this.changed());
  }

  /** Throws what is the caller's mistake; the rest is what a peer may lead to at any time. */
  private refused(data: string | BytesLike | PreparedMessage, error?: unknown): false {
    if (error !== undefined && !(error instanceof StateError && error.rule !== 'message-in-progress')) throw error;
    // What would be a mistake on an open connection is one here.
    if (typeof data !== 'string' && !(data instanceof PreparedMessage)) toBytes(data);
    if (error?.rule === 'queue-full') this.tooSlow();
    return false;
  }
}

/** @throws {TypeError} always: it is neither of the answers that there are */
function refuse(answer: unknown): never {
  // That it rejects is of no interest any more, and must not end the process.
  if (isPromiseLike(answer)) answer.then(undefined, () => undefined);
  throw new TypeError(`slow returns 'close' or 'skip', not ${isPromiseLike(answer) ? 'a promise' : String(answer)}`);
}
