/** A client, whatever it connects through; on demand one that connects again. */
import {
  type BytesLike,
  CLIENT_OPTIONS,
  type ClientOptions,
  Connection,
  decided,
  type EndEvent,
  HandshakeError,
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
import { type AbortSignalLike, host } from './host.ts';
import { KeptMessages } from './kept-messages.ts';
import { checkPolicy, clientOptions } from './names.ts';
import type { AdapterOptions, Scope } from './scope.ts';
import { normalize } from './url.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** The options of a client that are the same wherever it runs. */
export interface ReconnectingOptions extends ClientOptions, AdapterOptions {
  /** Closes the connection with 1001 when it is aborted, or gives up connecting. */
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
   * with 1000 or 1008, or the server refused the request with a status from 400 to 499 other than 408 and 429.
   */
  readonly when?: ((end: EndEvent) => boolean) | undefined;
  /** Called when a further attempt has been decided on, `delay` milliseconds from now. */
  readonly onRetry?: ((retry: { attempt: number; delay: number; end: EndEvent }) => void) | undefined;
}

/**
 * Opens a transport for a client and starts `client` with `connection` on it. It is called anew for every try, and the
 * transport may still be connecting when it returns.
 */
export type Dial<Data> = (
  client: WebSocketConnection<Data>,
  uri: WebSocketUri,
  connection: Connection,
  scope: Scope<Data>,
) => void;

/** A connection that is dialled, and dialled again when it was lost: what an adapter's `connect` returns. */
export class Client<Data> extends WebSocketConnection<Data> {
  readonly #url: string;
  readonly #options: ClientOptions;
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
  #attempt = -1;
  #openedAt = Infinity;
  #retry: Timer | undefined = undefined;
  #lastEnd: EndEvent | undefined = undefined;
  #stopped = false;

  /**
   * Dials at once.
   *
   * @throws {SyntaxError} when `url` is not a WebSocket URI
   * @throws {TypeError | RangeError} when an option is not valid; and the reason of `signal` when that is aborted already
   */
  constructor(
    url: string | { toString(): string },
    options: ReconnectingOptions,
    scope: Scope<Data>,
    dial: Dial<Data>,
  ) {
    super(scope);
    const { text, authorization } = normalize(url);
    this.#url = text;
    this.#dial = dial;
    // A snapshot: every try is made with the same options.
    this.#options = withAuthorization(clientOptions(options), authorization);
    this.#signal = options.signal;
    this.#kept = new KeptMessages(resolveOptions(this.#options, CLIENT_OPTIONS).maxQueuedBytes);
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
  protected override end(event: EndEvent): unknown {
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
    try {
      if (!decided('reconnect.when:', (policy.when ?? isWorthRetrying)(event))) return undefined;
      this.#attempt = nextAttempt(this.#attempt, this.scope.clock.now() - this.#openedAt, policy);
      this.#openedAt = Infinity;
      return backoffDelay(this.#attempt, policy, this.#random);
    } catch (error) {
      this.scope.report(this, error);
      return undefined;
    }
  }

  #connect(): void {
    const connection = Connection.client(this.#url, this.#options);
    this.#dial(this, parseUri(this.#url), connection, this.scope);
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

/** Not after a normal end, nor where trying again would only bring the same answer. */
function isWorthRetrying({ explanation }: EndEvent): boolean {
  const { sent, received, error } = explanation;
  if ([sent?.code, received?.code].some((code) => code === 1000 || code === 1008)) return false;
  const status = error instanceof HandshakeError ? error.response?.status : undefined;
  return status === undefined || status < 400 || status >= 500 || status === 408 || status === 429;
}

function withAuthorization(options: ClientOptions, authorization: string | undefined): ClientOptions {
  if (authorization === undefined) return options;
  const { headers = {} } = options;
  const fields = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  // What the application says itself counts.
  if (fields.some(([name]) => name.toLowerCase() === 'authorization')) return options;
  return { ...options, headers: [['Authorization', authorization], ...fields] };
}
