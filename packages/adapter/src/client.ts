/** A client, whatever it connects through; on demand one that connects again. */
import {
  type BackoffPolicy,
  type BytesLike,
  backoffDelay,
  type ClientOptions,
  Connection,
  type EndEvent,
  HandshakeError,
  nextAttempt,
  type OpenEvent,
  parseUri,
  type RandomSource,
  resolveOptions,
  type SendOptions,
  StateError,
  toBytes,
  type WebSocketUri,
} from '@sockless/core';
import type { Handlers } from './handlers.ts';
import { type AbortSignalLike, host, type Timer } from './host.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** The options of a client that are the same wherever it runs. */
export interface ReconnectingOptions extends ClientOptions {
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
 * Opens a transport for a client and lets `client` work with `connection` on it, by `client.start`. It is called anew for
 * every try, and the transport may still be connecting when it returns.
 */
export type Dial<Data> = (client: WebSocketConnection<Data>, uri: WebSocketUri, connection: Connection) => void;

/** A connection that is dialled, and dialled again when it was lost: what an adapter's `connect` gives. */
export class Client<Data> extends WebSocketConnection<Data> {
  readonly #url: string;
  readonly #options: ReconnectingOptions;
  readonly #dial: Dial<Data>;
  readonly #policy: ReconnectPolicy | undefined;
  readonly #random: RandomSource;
  readonly #maxQueuedBytes: number;
  readonly #abort = (): void => this.close(1001);

  // The present try, and the wait for the next one.
  #attempt = -1;
  #openedAt = Infinity;
  #retry: Timer | undefined = undefined;
  #lastEnd: EndEvent | undefined = undefined;
  #stopped = false;

  // What was sent while there was no connection.
  #kept: { data: string | Uint8Array; options: SendOptions | undefined }[] = [];
  #keptBytes = 0;

  /**
   * Dials at once.
   *
   * @throws {SyntaxError} when `url` is not a WebSocket URI
   * @throws {TypeError | RangeError} when an option is not valid; and the reason of `signal` when that is aborted already
   */
  constructor(
    url: string | { toString(): string },
    options: ReconnectingOptions,
    handlers: Handlers<Data>,
    dial: Dial<Data>,
  ) {
    super(handlers);
    const { text, authorization } = normalize(url);
    this.#url = text;
    this.#dial = dial;
    // A snapshot: every try is made with the same options.
    this.#options = withAuthorization({ ...options }, authorization);
    this.#maxQueuedBytes = resolveOptions(this.#options).maxQueuedBytes;
    this.#policy = options.reconnect === true ? {} : options.reconnect || undefined;
    this.#random = options.random ?? ((bytes) => host.crypto.getRandomValues(bytes));
    // A policy that is not valid is refused now and not after the first connection.
    if (this.#policy !== undefined) backoffDelay(0, this.#policy, this.#random);
    if (handlers.message === undefined && handlers.fragment === undefined) this.queueMessages();
    options.signal?.throwIfAborted();
    this.#connect();
    options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** What was kept while there is no connection counts as well. */
  override get queuedBytes(): number {
    return super.queuedBytes + this.#keptBytes;
  }

  /** {@link WebSocketConnection.send}; while there is no connection, as `messages` says. */
  override send(data: string | BytesLike, options?: SendOptions): number {
    if (this.#policy === undefined || this.#stopped || this.state === 'open') return super.send(data, options);
    if (this.#policy.messages !== 'drop') this.#keep(data, options);
    return this.queuedBytes;
  }

  /** Closes the connection, and makes no further one. */
  override close(code?: number, reason?: string): void {
    this.connection?.close(code, reason, this.driver?.now());
    this.#stop();
    this.work();
  }

  /** Ends the connection at once, and makes no further one. */
  override terminate(): void {
    this.#stop();
    super.terminate();
  }

  /** The connection is open: what was kept is sent. */
  protected override open(event: OpenEvent): void {
    this.#openedAt = host.performance.now();
    try {
      super.open(event);
    } finally {
      const kept = this.#kept;
      this.#kept = [];
      this.#keptBytes = 0;
      for (const { data, options } of kept) if (this.state === 'open') super.send(data, options);
    }
  }

  /** The connection ended: makes another one, or that was all. */
  protected override end(event: EndEvent): void {
    const delay = this.#stopped ? undefined : this.#nextDelay(event);
    if (delay === undefined) {
      this.#stop();
      super.end(event);
      return;
    }
    this.connection = undefined;
    this.openEvent = undefined;
    this.#lastEnd = event;
    this.#retry = host.setTimeout(() => {
      this.#retry = undefined;
      this.#connect();
    }, delay);
    this.handlers.end?.(this, event);
    // The application may have closed the connection in `end`.
    if (this.#retry !== undefined) this.#policy?.onRetry?.({ attempt: this.#attempt, delay, end: event });
  }

  /** There will be no further try; if one was being waited for, this is the end. */
  #stop(): void {
    this.#stopped = true;
    this.#kept = [];
    this.#keptBytes = 0;
    if (this.#retry !== undefined) this.settle(this.#lastEnd as EndEvent);
    host.clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.state === 'closed') this.#options.signal?.removeEventListener('abort', this.#abort);
  }

  #nextDelay(event: EndEvent): number | undefined {
    const policy = this.#policy;
    if (policy === undefined || !(policy.when ?? isWorthRetrying)(event)) return undefined;
    this.#attempt = nextAttempt(this.#attempt, host.performance.now() - this.#openedAt, policy);
    this.#openedAt = Infinity;
    return backoffDelay(this.#attempt, policy, this.#random);
  }

  #connect(): void {
    const connection = Connection.client(this.#url, this.#options);
    this.#dial(this, parseUri(this.#url), connection);
  }

  #keep(data: string | BytesLike, options: SendOptions | undefined): void {
    if (this.#keptBytes >= this.#maxQueuedBytes) {
      throw new StateError(
        'queue-full',
        `${this.#keptBytes} bytes wait for a connection, which is maxQueuedBytes or more`,
      );
    }
    // The caller may write to its bytes before there is a connection.
    const copy = typeof data === 'string' ? data : new Uint8Array(toBytes(data));
    this.#kept.push({ data: copy, options });
    // As in the outbox, headers count: all that is kept fits into it.
    this.#keptBytes += MAX_HEADER_SIZE + toBytes(copy).length;
  }
}

/** Of a frame of a client's (RFC 6455 5.2). */
const MAX_HEADER_SIZE = 14;

/** Not after a normal end, nor where trying again would only bring the same answer. */
function isWorthRetrying({ explanation }: EndEvent): boolean {
  const { sent, received, error } = explanation;
  if ([sent?.code, received?.code].some((code) => code === 1000 || code === 1008)) return false;
  const status = error instanceof HandshakeError ? (error.response?.status ?? 0) : 0;
  return !(status >= 400 && status < 500 && status !== 408 && status !== 429);
}

/** Lets a WHATWG URL write host and path in ASCII; what it cannot read is left to core, which says why. */
function normalize(url: string | { toString(): string }): { text: string; authorization: string | undefined } {
  if (!host.URL.canParse(String(url))) return { text: String(url), authorization: undefined };
  const parsed = new host.URL(String(url));
  const { protocol, pathname, search, hash, username, password } = parsed;
  // The characters that a URL may have and a URI (RFC 3986) may not.
  const resource = (pathname + search).replace(/[[\]|^`{}\\]/g, encodeURIComponent);
  const credentials = `${decode(username)}:${decode(password)}`;
  const authorization = credentials === ':' ? undefined : `Basic ${base64(credentials)}`;
  return { text: `${protocol}//${parsed.host}${resource}${hash}`, authorization };
}

const base64 = (text: string): string => host.btoa(String.fromCharCode(...toBytes(text)));

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new SyntaxError('the user name and password of the URL are not percent-encoded UTF-8', { cause: error });
  }
}

function withAuthorization(options: ReconnectingOptions, authorization: string | undefined): ReconnectingOptions {
  if (authorization === undefined) return options;
  const { headers = {} } = options;
  const fields = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  // What the application says itself counts.
  if (fields.some(([name]) => name.toLowerCase() === 'authorization')) return options;
  return { ...options, headers: [['Authorization', authorization], ...fields] };
}
