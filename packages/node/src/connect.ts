/** A client over `net` or `tls`, or a Unix socket; on demand one that connects again. */
import { connect as connectTcp, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls, type ConnectionOptions as TlsOptions } from 'node:tls';
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
import { drive } from './attach.ts';
import { resolveCompression, type WithCompression } from './compression.ts';
import type { Handlers } from './handlers.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** How to connect, and the options of the connection. */
export interface ConnectOptions extends WithCompression<ClientOptions> {
  /** What `tls.connect` takes besides host and port: `ca`, `cert`, `key`, `rejectUnauthorized`. */
  readonly tls?: TlsOptions | undefined;
  /** A Unix socket to connect to; the URL then only gives the Host and the resource. */
  readonly socketPath?: string | undefined;
  /** Gives the transport instead: through a proxy, for instance. It may still be connecting. */
  readonly createSocket?: ((uri: WebSocketUri) => Duplex) | undefined;
  /** Closes the connection with 1001 when it is aborted, or gives up connecting. */
  readonly signal?: AbortSignal | undefined;
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
 * Connects to a WebSocket server. Returns at once; `opened` says how it went.
 *
 * Without a `message` or `fragment` handler messages wait to be iterated over, and while one waits no more is read.
 *
 * @throws {SyntaxError} when `url` is not a WebSocket URI
 * @throws {TypeError | RangeError} when an option is not valid; and the reason of `signal` when that is aborted already
 * @example
 * ```ts
 * const ws = connect('wss://example.com/chat');
 * await ws.opened;
 * ws.send('hello');
 * for await (const message of ws) console.log(message);
 * ```
 */
export function connect<Data = unknown>(
  url: string | URL,
  options: ConnectOptions = {},
  handlers: Handlers<Data> = {},
): WebSocketConnection<Data> {
  return new Client(url, options, handlers);
}

type ResolvedConnectOptions = ReturnType<typeof resolveCompression<ConnectOptions>>;

class Client<Data> extends WebSocketConnection<Data> {
  readonly #url: string;
  readonly #options: ResolvedConnectOptions;
  readonly #policy: ReconnectPolicy | undefined;
  readonly #random: RandomSource;
  readonly #maxQueuedBytes: number;
  readonly #abort = (): void => this.close(1001);

  // The present try, and the wait for the next one.
  #attempt = -1;
  #openedAt = Infinity;
  #retry: NodeJS.Timeout | undefined = undefined;
  #lastEnd: EndEvent | undefined = undefined;
  #stopped = false;

  // What was sent while there was no connection.
  #kept: { data: string | Uint8Array; options: SendOptions | undefined }[] = [];
  #keptBytes = 0;

  constructor(url: string | URL, options: ConnectOptions, handlers: Handlers<Data>) {
    super(handlers);
    const { text, authorization } = normalize(url);
    this.#url = text;
    // A snapshot: every try is made with the same options.
    this.#options = resolveCompression(withAuthorization({ ...options }, authorization));
    this.#maxQueuedBytes = resolveOptions(this.#options).maxQueuedBytes;
    this.#policy = options.reconnect === true ? {} : options.reconnect || undefined;
    this.#random = options.random ?? ((bytes) => crypto.getRandomValues(bytes));
    // A policy that is not valid is refused now and not after the first connection.
    if (this.#policy !== undefined) backoffDelay(0, this.#policy, this.#random);
    if (handlers.message === undefined && handlers.fragment === undefined) this.queueMessages();
    options.signal?.throwIfAborted();
    this.#dial();
    options.signal?.addEventListener('abort', this.#abort, { once: true });
  }

  override get queuedBytes(): number {
    return super.queuedBytes + this.#keptBytes;
  }

  override send(data: string | BytesLike, options?: SendOptions): number {
    if (this.#policy === undefined || this.#stopped || this.state === 'open') return super.send(data, options);
    if (this.#policy.messages !== 'drop') this.#keep(data, options);
    return this.queuedBytes;
  }

  override close(code?: number, reason?: string): void {
    this.connection?.close(code, reason, this.driver?.now());
    this.#stop();
    this.work();
  }

  override terminate(): void {
    this.#stop();
    super.terminate();
  }

  protected override open(event: OpenEvent): void {
    this.#openedAt = performance.now();
    try {
      super.open(event);
    } finally {
      const kept = this.#kept;
      this.#kept = [];
      this.#keptBytes = 0;
      for (const { data, options } of kept) if (this.state === 'open') super.send(data, options);
    }
  }

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
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#dial();
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
    clearTimeout(this.#retry);
    this.#retry = undefined;
    if (this.state === 'closed') this.#options.signal?.removeEventListener('abort', this.#abort);
  }

  #nextDelay(event: EndEvent): number | undefined {
    const policy = this.#policy;
    if (policy === undefined || !(policy.when ?? isWorthRetrying)(event)) return undefined;
    this.#attempt = nextAttempt(this.#attempt, performance.now() - this.#openedAt, policy);
    this.#openedAt = Infinity;
    return backoffDelay(this.#attempt, policy, this.#random);
  }

  #dial(): void {
    const connection = Connection.client(this.#url, this.#options);
    drive(this, createSocket(parseUri(this.#url), this.#options), connection);
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
    this.#keptBytes += MAX_HEADER_SIZE + Buffer.byteLength(copy);
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

function createSocket(uri: WebSocketUri, options: ResolvedConnectOptions): Duplex {
  if (options.createSocket !== undefined) return options.createSocket(uri);
  const host = uri.host.replace(/^\[|\]$/g, '');
  const where = options.socketPath === undefined ? { host, port: uri.port } : { path: options.socketPath };
  if (!uri.secure) return connectTcp(where);
  // 4.1: "Clients MUST use the Server Name Indication extension in the TLS handshake"; an address is no server name.
  const servername = isIP(host) === 0 ? host : '';
  return connectTls({ ALPNProtocols: ['http/1.1'], servername, ...options.tls, ...where });
}

/** Lets a WHATWG URL write host and path in ASCII; what it cannot read is left to core, which says why. */
function normalize(url: string | URL): { text: string; authorization: string | undefined } {
  if (!URL.canParse(String(url))) return { text: String(url), authorization: undefined };
  const { protocol, host, pathname, search, hash, username, password } = new URL(url);
  // The characters that a URL may have and a URI (RFC 3986) may not.
  const resource = (pathname + search).replace(/[[\]|^`{}\\]/g, encodeURIComponent);
  const credentials = `${decode(username)}:${decode(password)}`;
  const authorization = credentials === ':' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`;
  return { text: `${protocol}//${host}${resource}${hash}`, authorization };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    throw new SyntaxError('the user name and password of the URL are not percent-encoded UTF-8', { cause: error });
  }
}

function withAuthorization(options: ConnectOptions, authorization: string | undefined): ConnectOptions {
  if (authorization === undefined) return options;
  const { headers = {} } = options;
  const fields = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  // What the application says itself counts.
  if (fields.some(([name]) => name.toLowerCase() === 'authorization')) return options;
  return { ...options, headers: [['Authorization', authorization], ...fields] };
}
