/** A client, whatever it connects through; on demand one that connects again. */
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
import type { Timer } from './clock.ts';
import { type AbortSignalLike, type HostAbortSignal, host } from './host.ts';
import { KeptMessages } from './kept-messages.ts';
import { checkPolicy } from './names.ts';
import { startLater } from './pending.ts';
import { isWorthRetrying, retryAfter } from './retry.ts';
import type { AdapterOptions, Scope } from './scope.ts';
import { type Asked, type Fresh, Target, type UrlInit } from './target.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** The options of a client that are the same wherever it runs. */
export interface ReconnectingOptions extends Omit<ClientOptions, 'headers' | 'subprotocols'>, AdapterOptions {
  /** Further header fields of the request, such as Authorization or Cookie; a function is called for each try. */
  readonly headers?: Fresh<HeaderFieldsInit | undefined>;
  /** The subprotocols to offer, most wanted first; a function is called for each try. Default: none. */
  readonly subprotocols?: Fresh<readonly string[] | undefined>;
  /** Closes the connection with 1001 when it is aborted, or gives up connecting; its `reason` is the `cause` of the end. */
  readonly signal?: AbortSignalLike | undefined;
  /** Whether and when to connect again. Default: false. `true` stands for `{}`. */
  readonly reconnect?: ReconnectPolicy | boolean | undefined;
}

/** When to connect again after a connection was lost or could not be opened. */
export interface ReconnectPolicy extends BackoffPolicy {
  /**
   * What happens to messages that are sent while there is no connection: `'keep'` sends them when there is one, up to
   * `maxQueuedBytes`; `'drop'` forgets them. What had been sent when a connection was lost is lost. Default: `'keep'`.
   */
  readonly messages?: 'keep' | 'drop' | undefined;
  /**
   * Whether to connect again after this end. Default: unless this side closed the connection, either side closed it
   * with 1000 or 1008, or the server refused the request with a status from 400 to 499 other than 408, 429 and `refusals`.
   */
  readonly when?: ((end: EndEvent) => boolean) | undefined;
  /**
   * Statuses from 400 to 499 that are no answer for good: 403 and 404 during a rolling deployment, 401 where `headers` is a
   * function that finds a fresh token. Default: none, besides 408 and 429.
   */
  readonly refusals?: readonly number[] | undefined;
  /**
   * The longest wait in milliseconds that a refusal can ask for by Retry-After; the delay of the policy comes on top, so that not
   * all clients come back at once. 0 takes no notice of the field. Default: 300,000.
   */
  readonly maxRetryAfter?: number | undefined;
  /** Called when a further attempt has been decided on, `delay` milliseconds from now. */
  readonly onRetry?: ((retry: { attempt: number; delay: number; end: EndEvent }) => void) | undefined;
}

/** One try to connect. */
export interface Try {
  /** Where to. */
  readonly uri: WebSocketUri;
  /** The connection of core to start the client with. */
  readonly connection: Connection;
  /** When its time began, on the clock of the scope: before the functions of the application were asked. */
  readonly startedAt: number;
  /** Is aborted when the try ends before the connection is open. */
  readonly signal: HostAbortSignal;
}

/**
 * Opens a transport for a client and starts `client` with the connection of this try on it. It is called anew for every try,
 * and the transport may still be connecting when it returns.
 */
export type Dial<Data> = (client: WebSocketConnection<Data>, attempt: Try) => void;

/** A connection that is dialled, and dialled again when it was lost: what an adapter's `connect` returns. */
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
      // Without random bytes there is no Close frame. Nobody has called here who could be told by throwing.
      this.scope.report(this, error);
      this.terminate();
    }
  };

  // The present try, and the wait for the next one.
  #trial: Trial | undefined = undefined;
  #attempt = -1;
  #openedAt = Infinity;
  #retry: Timer | undefined = undefined;
  #lastEnd: EndEvent | undefined = undefined;
  #stopped = false;

  /**
   * Dials at once.
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
    // A policy that is not valid is refused now and not after the first connection.
    if (this.#policy !== undefined) {
      checkPolicy(this.#policy);
      backoffDelay(0, this.#policy, this.#random);
    }
    this.#signal?.throwIfAborted();
    this.#connect();
    this.#signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** What was kept while there is no connection counts as well. */
  override get queuedBytes(): number {
    return super.queuedBytes + this.#kept.size;
  }

  /**
   * {@link WebSocketConnection.send}; while there is no connection, as `messages` says: true when it is kept, false when it
   * is dropped, or when as much as `maxQueuedBytes` is kept already.
   */
  override send(data: string | BytesLike | PreparedMessage, options?: SendOptions): boolean {
    if (this.#policy === undefined || this.#stopped || this.state === 'open') return super.send(data, options);
    if (this.#policy.messages === 'drop' || !this.#kept.add(data, options)) return false;
    // It counts for `drain`, as what a connection has queued does.
    this.departed(0);
    return true;
  }

  /** Closes the connection, and makes no further one. */
  override close(code?: number, reason?: string): void {
    this.connection?.close(code, reason, this.driver?.now());
    this.#stop();
    this.changed();
  }

  /** Ends the connection at once, and makes no further one. */
  override terminate(): void {
    this.#stop();
    super.terminate();
  }

  /** The connection is open: what was kept is sent. */
  protected override open(event: OpenEvent): unknown {
    this.#trial = undefined;
    this.#openedAt = this.scope.clock.now();
    try {
      return super.open(event);
    } finally {
      // What was kept takes less from here on, and what `open` has sent counted beside it.
      this.departed(0);
      for (const { data, options } of this.#kept.take()) super.send(data, options);
    }
  }

  /** The connection ended: makes another one, or that was all. */
  protected override end(ended: EndEvent): unknown {
    const event = this.#withReason(ended);
    const { error, cause } = event.explanation;
    this.#trial?.giveUp(this.#signal?.aborted ? this.#signal.reason : (error ?? cause));
    this.#trial = undefined;
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
      // The application may have closed the connection in `end`.
      const retry = { attempt: this.#attempt, delay, end: event };
      if (this.#retry !== undefined) this.attempt(undefined, () => this.#policy?.onRetry?.(retry));
      // What was queued has gone with the connection.
      this.advanced();
    }
  }

  /** The same with the reason of the signal, where that is why the connection ended and nothing else is known. */
  #withReason(event: EndEvent): EndEvent {
    const { explanation } = event;
    const { error, summary } = explanation;
    if (!this.#signal?.aborted || explanation.cause !== undefined) return event;
    const cause = this.#signal.reason;
    if (error?.rule === 'handshake-abandoned') error.cause = cause;
    const said = cause instanceof Error || typeof cause === 'string' ? `${summary} (${cause})` : summary;
    return { ...event, explanation: { ...explanation, cause, summary: said } };
  }

  /** There will be no further try; if one was being waited for, this is the end. */
  #stop(): void {
    this.#stopped = true;
    this.#kept.take();
    if (this.#retry !== undefined) this.settle(this.#lastEnd as EndEvent);
    this.scope.clock.clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.state === 'closed') this.#signal?.removeEventListener('abort', this.#abort);
  }

  /** How long to wait before the next try; `undefined` when there will be none. */
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

  /** Begins a try: at once, or when the application has said where to and with what. */
  #connect(): void {
    const { known, isKnown } = this.#target;
    const startedAt = this.scope.clock.now();
    const trial = new Trial();
    this.#trial = trial;
    // Where functions are asked this one is never sent: it has the deadline meanwhile, and tells of the end if they fail.
    const connection = Connection.client(known.url, known.options);
    if (isKnown) this.#dial(this, trial.with(known, connection, startedAt));
    else {
      startLater(
        this,
        this.scope,
        connection,
        this.#target.ask(trial.signal),
        {
          open: (asked) => this.#dial(this, trial.with(asked, Connection.client(asked.url, asked.options), startedAt)),
          discard: () => undefined,
        },
        startedAt,
      );
    }
  }

  /** That a try cannot begin is an end like any other. */
  #connectAgain(): void {
    this.#retry = undefined;
    try {
      this.#connect();
    } catch (error) {
      this.attempt(undefined, () => this.end(neverBegan(error)));
    }
  }
}

/** How long a refusal can put off the next try, in milliseconds, unless the policy says otherwise. */
const MAX_RETRY_AFTER = 300_000;

/** The longest delay that `setTimeout` takes. */
const MAX_DELAY = 2 ** 31 - 1;

/** A try that has not led to an open connection; its signal is made when it is asked for. */
class Trial {
  #controller: InstanceType<typeof host.AbortController> | undefined = undefined;

  get signal(): HostAbortSignal {
    this.#controller ??= new host.AbortController();
    return this.#controller.signal;
  }

  giveUp(reason: unknown): void {
    this.#controller?.abort(reason);
  }

  with({ url }: Asked, connection: Connection, startedAt: number): Try {
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

/** The end of a try for which there was not even a request, since the source of random bytes failed for instance. */
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
