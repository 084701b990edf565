/**
 * The object with which an application uses a connection of core, on any transport: commands, promises and iteration.
 */
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

/**
 * The fields that few connections need, or that none needs for long. They are in an object of their own, so that other
 * connections do not pay for them (benchmarks: idle).
 */
interface Extras {
  opened?: Deferred<OpenEvent> | undefined;
  closed?: Deferred<EndEvent> | undefined;
  drained?: Deferred<void> | undefined;
  written?: Deferred<void> | undefined;
  /** Whether the application has lent bytes, to which `written` promises an end. */
  lent?: boolean | undefined;
  readable?: HostReadableStream | undefined;
  writable?: HostWritableStream | undefined;
  /** {@link WebSocketConnection.endEvent} */
  endEvent?: EndEvent | undefined;
  /** {@link WebSocketConnection.key} */
  key?: unknown;
  /** The reasons for not reading: {@link BY_APPLICATION}, {@link BY_INBOX}. */
  pausedBy?: number | undefined;
  /** The groups that the connection is a member of. */
  memberships?: Set<Membership> | undefined;
}

/**
 * From this length on, a second copy of a message, or memory for it, costs more than a write of its own (benchmarks:
 * echo).
 */
const DIRECT_FROM = 65_536;

/** The reasons for not reading: the application has paused, or too much waits for a loop. */
const BY_APPLICATION = 1;
const BY_INBOX = 2;

/** A group, as far as its members need it. */
interface Membership {
  /** Removes a connection that leaves or has ended. */
  delete(ws: WebSocketConnection<never>): void;
}

/** For groups: adds and removes a connection's memberships. It leaves its groups when it ends. */
export let memberships: {
  add(ws: WebSocketConnection<never>, membership: Membership): void;
  delete(ws: WebSocketConnection<never>, membership: Membership): void;
};

/** Sends a message to one of many; returns the result, and never throws. */
export let sendPrepared: <Data>(
  ws: WebSocketConnection<Data>,
  message: PreparedMessage,
  slow: 'close' | 'skip' | ((ws: WebSocketConnection<Data>) => unknown),
) => 'sent' | 'skipped' | 'closed';

/** Fails a connection whose peer reads too slowly. */
export let failSlow: (ws: WebSocketConnection<never>) => void;

/** A WebSocket connection: what `attach`, `upgrade`, `serve` and `connect` return. */
export class WebSocketConnection<Data = unknown> extends Delivery<Data> implements AsyncIterable<string | Uint8Array> {
  /** Data that the application keeps with this connection. */
  data: Data = undefined as Data;
  /** The `open` event, with the result of the negotiation; undefined while the connection is not open yet. */
  openEvent: OpenEvent | undefined = undefined;
  /**
   * Where `queuedBytes` is, relative to `highWaterMark`. `'fallen'`: it is low again, and `drain` has not been called
   * yet.
   */
  #level: 'low' | 'high' | 'fallen' = 'low';
  /** The inbox for messages that no handler takes. `'unwanted'`: no loop began in time, so messages are dropped. */
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

  /** Why the connection ended, once it has. */
  get endEvent(): EndEvent | undefined {
    return this.#extras?.endEvent;
  }

  /** The state of the connection: `'connecting'`, `'open'`, `'closing'` or `'closed'`. */
  get state(): State {
    return this.connection?.state ?? (this.endEvent === undefined ? 'connecting' : 'closed');
  }

  /** The subprotocol in use; empty when there is none. */
  get subprotocol(): string {
    return this.openEvent?.subprotocol ?? '';
  }

  /** The socket, for looking at: writing to it or reading from it breaks the connection. */
  get socket(): unknown {
    return this.driver?.socket;
  }

  /**
   * The address of the peer, if the transport has one. Node forgets it when the socket closes, unless it was read
   * before: read it in `open` to know it in `end`.
   */
  get remoteAddress(): string | undefined {
    return this.driver?.remoteAddress;
  }

  /**
   * The statistics so far; undefined before there is a transport. Times are in milliseconds since the connection was
   * accepted or its attempt began.
   */
  get statistics(): ConnectionStatistics | undefined {
    return this.connection?.statistics ?? this.endEvent?.statistics;
  }

  /** The number of bytes that have been sent and not yet handed to the operating system. */
  get queuedBytes(): number {
    const { connection, driver } = this;
    if (connection === undefined || this.endEvent !== undefined) return 0;
    return this.seen(connection.queuedBytes + (driver?.queuedBytes ?? 0));
  }

  /** Returns the number of bytes that wait. Who sees that it is above the mark waits for `drain`, even if bytes leave before the next flush. */
  protected seen(queuedBytes: number): number {
    if (this.#level === 'low' && queuedBytes > this.scope.highWaterMark) this.#level = 'high';
    return queuedBytes;
  }

  /** The number of messages that were dropped because there was neither a `message` handler nor a loop to take them. */
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

  /** Resolves when the connection has ended, for any reason; never rejects. */
  get closed(): Promise<EndEvent> {
    this.#extras ??= {};
    this.#extras.closed ??= new Deferred();
    if (this.endEvent !== undefined) this.#extras.closed.resolve(this.endEvent);
    return this.#extras.closed.promise;
  }

  /**
   * Resolves when {@link queuedBytes} is at most `highWaterMark`, or when the connection has ended: at once, or in a
   * later turn, even if a long message has just left as a whole. Never rejects.
   */
  get drained(): Promise<void> {
    // 'fallen': much has just left at once. Wait for a later turn then, so that other connections get theirs.
    if (this.#level !== 'fallen' && this.queuedBytes <= this.scope.highWaterMark) return Promise.resolve();
    this.#level = 'high';
    this.#extras ??= {};
    this.#extras.drained ??= new Deferred();
    return this.#extras.drained.promise;
  }

  /**
   * Resolves when everything that was sent has been written: at once if nothing waits, and also when the connection has
   * ended. From then on lent bytes are the application's again; bytes that were not written before the end will never
   * be. Never rejects.
   */
  get written(): Promise<void> {
    if (this.queuedBytes === 0) return Promise.resolve();
    this.#extras ??= {};
    this.#extras.written ??= new Deferred();
    this.driver?.watch?.();
    return this.#extras.written.promise;
  }

  /**
   * Sends a message: a string as text, bytes as binary (as text with `text`), or what `prepare` returned. It never
   * changes the bytes, and they are the application's again when it returns. With `lend` they are not copied: they must
   * not change until {@link written} resolves, and are the application's again then.
   *
   * @returns true when the message is on its way. False when the connection is not open (yet, or any more), or when
   * `maxQueuedBytes` are waiting already: then the peer reads too slowly, and the connection is failed with 1013. To
   * stay below that, look at {@link queuedBytes}, await {@link drained}, or go on in the `drain` handler.
   * @throws {TypeError} when `data` is none of these, when bytes sent with `text` are not valid UTF-8, or when a
   * prepared message is given options
   * @throws {StateError} `message-in-progress`: `sendFragment` has begun a message and not finished it
   */
  send(data: string | BytesLike | PreparedMessage, options?: SendOptions): boolean {
    this.beforeSending();
    const { connection, driver } = this;
    const isDirect = driver !== undefined && this.leavesDirectly(driver, data, options);
    try {
      if (isDirect) this.sendThrough(connection as Connection, driver, data as BytesLike, options);
      else connection?.send(data, options);
    } catch (error) {
      return this.refused(data, error);
    }
    if (connection === undefined) return this.refused(data);
    if (isDirect) return true;
    if (options?.lend) this.lend();
    this.planFlush(options?.lend);
    return true;
  }

  /**
   * Sends the next fragment of a message.
   *
   * @returns as {@link send}
   * @throws {TypeError} when `data` is neither a string nor bytes, or its type differs from that of the earlier
   * fragments
   */
  sendFragment(data: string | BytesLike, final: boolean, options?: SendOptions): boolean {
    if (options?.lend) this.lend();
    return this.command(data, (connection) => connection.sendFragment(data, final, options), options?.lend);
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
   * Starts the closing handshake, which `closeTimeout` limits. While connecting, gives up instead. Does nothing when
   * the connection is closing.
   *
   * @throws {RangeError} when the code may not be sent or the reason is longer than 123 bytes
   */
  close(code?: number, reason?: string): void {
    this.connection?.close(code, reason, this.driver?.now());
    this.changed();
  }

  /** Ends the connection at once, without a closing handshake. Messages that have arrived and were not delivered are dropped. */
  terminate(): void {
    this.driver?.destroy();
    this.changed();
  }

  /**
   * Stops reading. Further data waits at the peer, and the idle, message and pong timeouts are suspended: what would
   * show that the peer is alive is not read. So a peer that vanishes without closing may be noticed only after
   * {@link resume}.
   */
  pause(): void {
    this.pauseFor(BY_APPLICATION);
  }

  /** Resumes reading. */
  resume(): void {
    this.resumeFor(BY_APPLICATION);
  }

  /**
   * Iterates over the messages with back-pressure: when more than 1 MiB waits for the loop, reading stops until the
   * loop has taken half of it. The iteration ends when the connection is closed with 1000, 1001 or no code, and throws
   * a `ConnectionEndedError` when it ends in another way. Leaving the loop leaves the connection open: further messages
   * go to the `message` handler; without one, up to 1 MiB waits for the next loop.
   *
   * Begin in time. Without a `message` handler, a client keeps up to 1 MiB for a loop, and a server keeps messages only
   * until `open` has returned and its promise has settled. Then messages are dropped.
   *
   * @throws {StateError} `messages-dropped` when messages were dropped for that reason
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<string | Uint8Array> {
    const inbox = this.ownInbox();
    const iterator = inbox.iterate();
    if (this.endEvent !== undefined) inbox.end(this.endEvent);
    return iterator;
  }

  /**
   * The messages as a `ReadableStream` of strings and bytes, created on demand. It replaces a loop and has the same
   * back-pressure. It closes when a loop would end, and fails with a `ConnectionEndedError` when a loop would throw.
   * Cancelling it closes the connection with 1000.
   *
   * @throws {StateError} `messages-dropped`, as for a loop
   */
  get readable(): HostReadableStream {
    this.#extras ??= {};
    this.#extras.readable ??= readableOf(this);
    return this.#extras.readable;
  }

  /**
   * A `WritableStream` that sends each chunk, a string or bytes, as a message; created on demand. It is ready while at
   * most `highWaterMark` bytes wait. Closing it closes the connection with 1000 and waits for its end, which must be
   * clean; aborting it closes with 1011. It fails with a `ConnectionEndedError` when the connection ends in another
   * way.
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

  /** This object, in the type that handlers receive. */
  protected override get self(): this {
    return this;
  }

  /** Begins to work with a connection. */
  protected override start(connection: Connection, driver: Driver): void {
    if (this.#extras !== undefined) this.#extras.pausedBy = 0;
    // The application may have asked for `written` before there was a driver.
    if (this.#extras?.written !== undefined) driver.watch?.();
    super.start(connection, driver);
  }

  /** Lets the driver write. */
  protected override flush(): void {
    this.noteLevel();
    super.flush();
    const hasFallen = this.#level === 'high' && this.queuedBytes <= this.scope.highWaterMark;
    const hasLeft = this.#extras?.written !== undefined && this.queuedBytes === 0;
    if (!(hasFallen || hasLeft)) return;
    // Everything was written at once. Tell the application in a later turn: if it sends more each time, other
    // connections still get theirs.
    if (hasFallen) this.#level = 'fallen';
    soon(this.scope.clock, () => this.scope.run((ws: this) => ws.advanced(), this));
  }

  /** Notes when more than `highWaterMark` waits, together with `departed` bytes that have just been written. */
  protected override noteLevel(departed = 0): void {
    this.seen(this.queuedBytes + departed);
  }

  /** Fewer bytes wait than before: resolves `written` and `drained` and calls `drain` if they are due. */
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
    // A client that is not connected keeps messages, and `drain` must still be called when it has sent them.
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
    // The transport has ended since another program made the handshake (`Connection.opened`), so there is nothing to
    // open.
    if (this.state === 'closed') return undefined;
    this.openEvent = event;
    const { diagnostics } = this.scope;
    if (diagnostics?.open.hasSubscribers) diagnostics.open.publish({ ws: this.asAny, event });
    this.#extras?.opened?.resolve(event);
    // After a client has reconnected, `opened` is a new promise.
    if (this.#extras !== undefined) this.#extras.opened = undefined;
    const { handlers } = this.scope;
    let result: unknown;
    try {
      result = handlers.open?.(this, event);
    } finally {
      // Otherwise an idle connection would keep a few kilobytes.
      this.request = undefined;
      if (handlers.message === undefined && this.connection?.role === 'server') this.untilSettled(result);
    }
    return result;
  }

  /** The connection has ended for good: settles its promises, then calls the handler. */
  protected override end(event: EndEvent): unknown {
    this.settle(event);
    return this.scope.handlers.end?.(this, event);
  }

  /** The connection has ended for good: settles everything that waits for it. */
  protected settle(event: EndEvent): void {
    this.giveBack();
    this.#extras ??= {};
    this.#extras.endEvent = event;
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
   * The connection has ended, so lent bytes are the application's again. If some of them still wait, destroys the
   * transport: a peer that has ended only its own side would otherwise still receive them, after the application may
   * have overwritten them.
   */
  protected giveBack(): void {
    const { connection, driver } = this;
    if (this.#extras?.lent && (connection?.queuedBytes ?? 0) + (driver?.queuedBytes ?? 0) > 0) driver?.destroy();
  }

  /** This object, for code that does not use `data`. */
  private get asAny(): WebSocketConnection<never> {
    return this as unknown as WebSocketConnection<never>;
  }

  /** Notes that bytes of the application are borrowed. */
  private lend(): void {
    this.#extras ??= {};
    this.#extras.lent = true;
  }

  /** On a server, messages wait for a loop until the `open` handler has finished. */
  private untilSettled(result: unknown): void {
    const settled = (): void => {
      if (this.#inbox instanceof Inbox) this.#inbox.drop();
      else this.#inbox = 'unwanted';
    };
    // In a microtask, because the caller of `upgrade` may begin a loop after it returns.
    if (isPromiseLike(result)) result.then(settled, settled);
    else this.scope.clock.queueMicrotask(settled);
  }

  /** Returns the inbox, created for the first message or the first loop. */
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
    // Only an open connection can be paused.
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

  /**
   * Whether a message is written before `send` returns: a long one that is not masked, the first in its turn, with
   * nothing before it, to a transport that says what it keeps. Then only what the transport keeps needs new memory
   * (benchmarks: echo, 1 MiB).
   */
  private leavesDirectly(driver: Driver, data: unknown, options: SendOptions | undefined): boolean {
    if (!isLong(data)) return false;
    const isCopied = this.connection?.role === 'server' && options?.lend !== true;
    return isCopied && driver.passesBytesOn === true && this.queuedBytes === 0 && !this.hasFlushed;
  }

  /** Lets core send something, and returns whether it did. */
  private command(data: string | BytesLike, call: (connection: Connection) => void, isLent = false): boolean {
    this.beforeSending();
    const { connection } = this;
    if (connection === undefined) return this.refused(data);
    try {
      call(connection);
    } catch (error) {
      return this.refused(data, error);
    }
    this.planFlush(isLent);
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
      this.sendShared(connection, message);
    } catch (error) {
      // A StateError: a message in fragments is unfinished. Otherwise the source of random bytes or the compression
      // failed.
      if (!(error instanceof StateError)) this.scope.report(this, error);
      return 'skipped';
    }
    return 'sent';
  }

  /** Applies the policy for a member whose queue is full. */
  private isSlow(slow: 'close' | 'skip' | ((ws: this) => unknown)): 'skipped' | 'closed' {
    let policy: unknown = slow;
    if (typeof slow === 'function') {
      policy = undefined;
      // An error in the function concerns this connection only.
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
    // Deliver the events later: the caller may be a handler that is in the middle of something.
    this.scope.clock.queueMicrotask(() => this.changed());
  }

  /** Throws the caller's mistakes. Other errors can be caused by the peer at any time, so they only return false. */
  private refused(data: string | BytesLike | PreparedMessage, error?: unknown): false {
    if (error !== undefined && !(error instanceof StateError && error.rule !== 'message-in-progress')) throw error;
    // Data of a wrong type throws here too, as it would on an open connection.
    if (typeof data !== 'string' && !(data instanceof PreparedMessage)) toBytes(data);
    if (error?.rule === 'queue-full') this.tooSlow();
    return false;
  }
}

/** Whether `data` is bytes, and at least {@link DIRECT_FROM} of them. */
function isLong(data: unknown): boolean {
  // To read `byteLength` would take longer (benchmarks: echo, 16 B).
  if (data instanceof Uint8Array) return data.length >= DIRECT_FROM;
  return (((data ?? '') as Partial<BytesLike>).byteLength ?? 0) >= DIRECT_FROM;
}

/** @throws {TypeError} always, because `answer` is neither of the two allowed */
function refuse(answer: unknown): never {
  // Its rejection no longer matters, and must not end the process.
  if (isPromiseLike(answer)) answer.then(undefined, () => undefined);
  throw new TypeError(`slow returns 'close' or 'skip', not ${isPromiseLike(answer) ? 'a promise' : String(answer)}`);
}
