/** A client over any transport, which connects again if asked to. */
import {
  type BytesLike,
  CLIENT_OPTIONS,
  type ClientOptions,
  Connection,
  decided,
  type EndEvent,
  HandshakeError,
  type HeaderFieldsInit,
  type OpenEvent,
  type PreparedMessage,
  parseUri,
  type RandomSource,
  resolveOptions,
  type SendOptions,
  type WebSocketUri,
} from '@sockless/core';
import { type BackoffPolicy, backoffDelay, nextAttempt } from './backoff.ts';
import { MAX_DELAY, type Timer } from './clock.ts';
import { type AbortSignalLike, type HostAbortSignal, host } from './host.ts';
import { KeptMessages } from './kept-messages.ts';
import { checkPolicy } from './names.ts';
import { startLater } from './pending.ts';
import { isWorthRetrying, retryAfter } from './retry.ts';
import type { AdapterOptions, Scope } from './scope.ts';
import { type Asked, type Fresh, Target, type UrlInit } from './target.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** The options of a client that are the same on every host. */
export interface ReconnectingOptions extends Omit<ClientOptions, 'headers' | 'subprotocols'>, AdapterOptions {
  /** More header fields for the request, such as Authorization or Cookie; a function is called for each attempt. */
  readonly headers?: Fresh<HeaderFieldsInit | undefined>;
  /** The subprotocols to offer, in order of preference; a function is called for each attempt. Default: none. */
  readonly subprotocols?: Fresh<readonly string[] | undefined>;
  /**
   * Aborting it closes the connection with 1001, or gives up connecting. Its `reason` becomes the `cause` of the end.
   */
  readonly signal?: AbortSignalLike | undefined;
  /** Whether and when to connect again. Default: false. `true` stands for `{}`. */
  readonly reconnect?: ReconnectPolicy | boolean | undefined;
}

/** When to connect again after a connection was lost or could not be opened. */
export interface ReconnectPolicy extends BackoffPolicy {
  /**
   * What happens to messages sent while there is no connection: `'keep'` keeps up to `maxQueuedBytes` of them and sends
   * them when there is one; `'drop'` drops them. Messages sent on a connection that is then lost are not sent again.
   * Default: `'keep'`.
   */
  readonly messages?: 'keep' | 'drop' | undefined;
  /**
   * Returns whether to connect again after this end. Default: yes, unless this side closed the connection, either side
   * closed it with 1000 or 1008, or the server refused the request with a status from 400 to 499 other than 408, 429
   * and `refusals`.
   */
  readonly when?: ((end: EndEvent) => boolean) | undefined;
  /**
   * Statuses from 400 to 499 after which to try again: 403 and 404 during a rolling deployment, or 401 if `headers` is
   * a function that fetches a fresh token. 408 and 429 are always among them. Default: none.
   */
  readonly refusals?: readonly number[] | undefined;
  /**
   * The longest wait in milliseconds that a server can ask for with Retry-After. The delay of the policy is added, so
   * that not all clients come back at once. 0 ignores the field. Default: 300,000.
   */
  readonly maxRetryAfter?: number | undefined;
  /** Called when another attempt is planned, `delay` milliseconds from now. */
  readonly onRetry?: ((retry: { attempt: number; delay: number; end: EndEvent }) => void) | undefined;
}

/** One attempt to connect. */
export interface Attempt {
  /** The address to connect to. */
  readonly uri: WebSocketUri;
  /** The connection of core to start the client with. */
  readonly connection: Connection;
  /** The time on the scope's clock at which the attempt began, before any function of the application was called. */
  readonly startedAt: number;
  /** Aborted when the attempt ends before the connection is open. */
  readonly signal: HostAbortSignal;
}

/**
 * Opens a transport and starts `client` on it with the connection of this attempt. It is called for each attempt, and may
 * return while the transport is still connecting.
 */
export type Dial<Data> = (client: WebSocketConnection<Data>, attempt: Attempt) => void;

/** A connection that dials, and dials again after it was lost: what `connect` of an adapter returns. */
export class Client<Data> extends WebSocketConnection<Data> {
  readonly #target: Target;
  readonly #signal: AbortSignalLike | undefined;
  readonly #dial: Dial<Data>;
  readonly #policy: ReconnectPolicy | undefined;
  readonly #random: RandomSource;
  readonly #kept: KeptMessages;
  readonly #abort = (): void => {
    try {
      this.close(1001);
    } catch (error) {
      // The Close frame cannot be masked without random bytes. There is no caller to throw to, so the error is
      // reported.
      this.scope.report(this, error);
      this.terminate();
    }
  };

  // The current attempt, and the wait for the next one.
  #pending: PendingAttempt | undefined = undefined;
  #attempt = -1;
  #openedAt = Infinity;
  #retry: Timer | undefined = undefined;
  #lastEnd: EndEvent | undefined = undefined;
  #stopped = false;

  /**
   * Starts the first attempt.
   *
   * @throws {SyntaxError} when `url` is neither a WebSocket URI nor a function
   * @throws {TypeError | RangeError} when an option is not valid; and the reason of `signal` when that is aborted already
   */
  constructor(url: Fresh<UrlInit>, options: ReconnectingOptions, scope: Scope<Data>, dial: Dial<Data>) {
    super(scope);
    this.#target = new Target(url, options);
    this.#dial = dial;
    this.#signal = options.signal;
    this.#kept = new KeptMessages(resolveOptions(this.#target.known.options, CLIENT_OPTIONS).maxQueuedBytes);
    this.#policy = options.reconnect === true ? {} : options.reconnect || undefined;
    this.#random = options.random ?? ((bytes) => host.crypto.getRandomValues(bytes));
    // Refuse an invalid policy now, not after the first connection.
    if (this.#policy !== undefined) {
      checkPolicy(this.#policy);
      backoffDelay(0, this.#policy, this.#random);
    }
    this.#signal?.throwIfAborted();
    this.#connect();
    this.#signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** The number of bytes that wait, including messages kept while there is no connection. */
  override get queuedBytes(): number {
    return this.seen(super.queuedBytes + this.#kept.size);
  }

  /**
   * Like {@link WebSocketConnection.send}. While there is no connection, the message is kept or dropped, as the option
   * `messages` says: returns true if it is kept, false if it is dropped or `maxQueuedBytes` are kept already.
   */
  override send(data: string | BytesLike | PreparedMessage, options?: SendOptions): boolean {
    if (this.#policy === undefined || this.#stopped || this.state === 'open') return super.send(data, options);
    if (this.#policy.messages === 'drop' || !this.#kept.add(data, options)) return false;
    // A kept message counts for `drain` like a queued one.
    this.noteLevel();
    return true;
  }

  /** Closes the connection, and does not connect again. */
  override close(code?: number, reason?: string): void {
    this.connection?.close(code, reason, this.driver?.now());
    this.#stop();
    this.changed();
  }

  /** Ends the connection at once, and does not connect again. */
  override terminate(): void {
    this.#stop();
    super.terminate();
  }

  /** Calls the `open` handler, then sends the messages that were kept. */
  protected override open(event: OpenEvent): unknown {
    this.#pending = undefined;
    this.#openedAt = this.scope.clock.now();
    try {
      return super.open(event);
    } finally {
      // Compare with `highWaterMark` now, while kept messages and those sent by `open` both count. A kept message counts
      // with the longest header, so the sum falls when it is sent.
      this.noteLevel();
      this.#kept.send((data, options) => super.send(data, options));
    }
  }

  /** The connection ended: plans another attempt, or ends for good. */
  protected override end(ended: EndEvent): unknown {
    const event = this.#withReason(ended);
    // An attempt that ends before it is open has broken a rule of the handshake.
    this.#pending?.giveUp(this.#signal?.aborted ? this.#signal.reason : event.explanation.error);
    this.#pending = undefined;
    const delay = this.#stopped ? undefined : this.#nextDelay(event);
    if (delay === undefined) {
      this.#stop();
      return super.end(event);
    }
    this.giveBack();
    this.connection = undefined;
    this.openEvent = undefined;
    this.#lastEnd = event;
    this.#retry = this.scope.clock.setTimeout(() => this.scope.run(() => this.#connectAgain(), undefined), delay);
    try {
      return this.scope.handlers.end?.(this, event);
    } finally {
      // Unless the `end` handler has closed the client.
      const retry = { attempt: this.#attempt, delay, end: event };
      if (this.#retry !== undefined) this.attempt(undefined, () => this.#policy?.onRetry?.(retry));
      // The queue of the lost connection is gone, so `drained` may resolve.
      this.advanced();
    }
  }

  /** Returns the event with the signal's reason as its cause, if the signal was aborted and there is no other cause. */
  #withReason(event: EndEvent): EndEvent {
    const { explanation } = event;
    const { error, summary } = explanation;
    if (!this.#signal?.aborted || explanation.cause !== undefined) return event;
    const cause = this.#signal.reason;
    if (error?.rule === 'handshake-abandoned') error.cause = cause;
    const said = cause instanceof Error || typeof cause === 'string' ? `${summary} (${cause})` : summary;
    return { ...event, explanation: { ...explanation, cause, summary: said } };
  }

  /** Allows no further attempt. If one was planned, the client ends now. */
  #stop(): void {
    this.#stopped = true;
    this.#kept.drop();
    if (this.#retry !== undefined) this.settle(this.#lastEnd as EndEvent);
    this.scope.clock.clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.state === 'closed') this.#signal?.removeEventListener('abort', this.#abort);
  }

  /** Returns the milliseconds to wait before the next attempt, or `undefined` for no further attempt. */
  #nextDelay(event: EndEvent): number | undefined {
    const policy = this.#policy;
    if (policy === undefined) return undefined;
    const { when = (end) => isWorthRetrying(end, policy.refusals), maxRetryAfter = MAX_RETRY_AFTER } = policy;
    try {
      if (!decided('reconnect.when:', when(event))) return undefined;
      this.#attempt = nextAttempt(this.#attempt, this.scope.clock.now() - this.#openedAt, policy);
      this.#openedAt = Infinity;
      const delay = backoffDelay(this.#attempt, policy, this.#random);
      return delay === undefined ? undefined : Math.min(delay + Math.min(retryAfter(event), maxRetryAfter), MAX_DELAY);
    } catch (error) {
      this.scope.report(this, error);
      return undefined;
    }
  }

  /** Begins an attempt: at once, or after the functions of the application have returned the URL and the fields. */
  #connect(): void {
    const { known, isKnown } = this.#target;
    const startedAt = this.scope.clock.now();
    const pending = new PendingAttempt();
    this.#pending = pending;
    // If functions must be called first, this connection is never opened. It only runs the deadline meanwhile, and
    // reports the end if they fail.
    const connection = Connection.client(known.url, known.options);
    if (isKnown) this.#dial(this, pending.with(known, connection, startedAt));
    else {
      startLater(
        this,
        this.scope,
        connection,
        this.#target.ask(pending.signal),
        {
          open: (asked) =>
            this.#dial(this, pending.with(asked, Connection.client(asked.url, asked.options), startedAt)),
          discard: () => undefined,
        },
        startedAt,
      );
    }
  }

  /** Begins a further attempt. If that throws, it is an end like any other. */
  #connectAgain(): void {
    this.#retry = undefined;
    try {
      this.#connect();
    } catch (error) {
      this.attempt(undefined, () => this.tellEnd(neverBegan(error)));
    }
  }
}

/** The default of {@link ReconnectPolicy.maxRetryAfter}. */
const MAX_RETRY_AFTER = 300_000;

/** An attempt that has not led to an open connection yet. Its signal is created on demand. */
class PendingAttempt {
  #controller: InstanceType<typeof host.AbortController> | undefined = undefined;

  get signal(): HostAbortSignal {
    this.#controller ??= new host.AbortController();
    return this.#controller.signal;
  }

  giveUp(reason: unknown): void {
    this.#controller?.abort(reason);
  }

  with({ url }: Asked, connection: Connection, startedAt: number): Attempt {
    const own = (): HostAbortSignal => this.signal;
    return {
      uri: parseUri(url),
      connection,
      startedAt,
      get signal() {
        return own();
      },
    };
  }
}

/** Returns the end of an attempt that failed before its request, for example because the source of random bytes threw. */
function neverBegan(cause: unknown): EndEvent {
  const error = new HandshakeError('handshake-interrupted', String(cause));
  error.cause = cause;
  return {
    type: 'end',
    code: 1006,
    reason: '',
    clean: false,
    explanation: {
      summary: `the opening handshake failed, ${error.rule}: ${error.message}`,
      sent: undefined,
      received: undefined,
      initiator: 'local',
      error,
      bytesReceived: 0,
      unsentBytes: 0,
      endedEarly: true,
      cause,
    },
    statistics: {
      ...{ openedAt: undefined, lastReceivedAt: undefined },
      ...{ bytesReceived: 0, bytesSent: 0, messagesReceived: 0, messagesSent: 0 },
    },
  };
}
