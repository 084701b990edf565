/** The options of a connection, with their defaults, checked. */

import type { MessageExtension } from '../deflate/extension.ts';
import { checkPolicy, type ServerPolicy } from '../handshake/server.ts';
import { host, type RandomSource, type Utf8TextDecoder } from '../host.ts';
import { CONNECTION_OPTIONS, checkNames, type Names, SERVER_OPTIONS } from '../misuse.ts';
import { shown } from '../printable.ts';
import type { RateLimit, RateLimits } from '../receive/rate-limit.ts';
import type { AtRest, Role } from './at-rest.ts';
import type { HeartbeatOptions } from './heartbeat.ts';

/** How much of a message in progress must arrive, and in what time. */
export interface MessageProgress {
  /** Bytes of payload. */
  readonly bytes: number;
  /** Milliseconds for each so many bytes. */
  readonly within: number;
}

/** The options of a connection. Sizes are in bytes, times in milliseconds; `Infinity` switches a limit off. */
export interface ConnectionOptions {
  /**
   * The longest message accepted: the payloads of its frames together. Default: 16 MiB. A text that is delivered whole
   * is never longer than the engine's strings, 512 MiB.
   */
  readonly maxMessageSize?: number | undefined;
  /** The longest frame accepted. Default: `maxMessageSize`. */
  readonly maxFrameSize?: number | undefined;
  /** The longest head of an opening handshake accepted. Default: 16 KiB. */
  readonly maxHeadSize?: number | undefined;
  /**
   * How many bytes are kept of what a client sends before its request is decided, and of the body of a response that is
   * not 101. Default: 64 KiB.
   */
  readonly maxEarlyBytes?: number | undefined;
  /** With so many bytes in the outbox, `send` and its like throw `queue-full`. Default: 16 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** Longer messages are sent in fragments of this size. Default: `Infinity`, one frame a message. */
  readonly fragmentSize?: number | undefined;
  /**
   * `'whole'`: a message is one event. `'fragments'`: its payload is delivered as it arrives, in constant memory; raise
   * `maxMessageSize` to let more through. Default: `'whole'`.
   */
  readonly messages?: 'whole' | 'fragments' | undefined;
  /** Whether Ping frames are answered by themselves. Default: true. */
  readonly autoPong?: boolean | undefined;
  /** Ping frames that ask whether the peer is there. Default: every 30,000 ms, 10,000 ms for an answer. */
  readonly heartbeat?: HeartbeatOptions | false | undefined;
  /** How long nothing at all may arrive on an open connection. Default: 120,000. */
  readonly idleTimeout?: number | undefined;
  /**
   * How much longer a message in progress must become, and in what time; what is left of it may be less. `false` switches
   * it off. Default: 1,024 bytes of payload within each 10,000 ms.
   */
  readonly messageProgress?: MessageProgress | false | undefined;
  /**
   * How long bytes may wait to leave while none does: in the outbox, and, for a caller that reports with `written` what
   * has left, behind `transmit` as well. Default: 60,000.
   */
  readonly stallTimeout?: number | undefined;
  /** How long the opening handshake may take. Default: 10,000. */
  readonly handshakeTimeout?: number | undefined;
  /**
   * How long the peer's part of the closing handshake and the end of the transport may take, from when our Close frame
   * was transmitted, the connection failed or the transport's read side ended. Default: 5,000.
   */
  readonly closeTimeout?: number | undefined;
  /** How much a peer may send per second. Default: no limits. */
  readonly rateLimits?: RateLimits | undefined;
  /** `permessageDeflate(…)` of `@sockless/core/deflate`, to compress messages (RFC 7692). Default: none. */
  readonly compression?: MessageExtension | undefined;
  /**
   * Fills bytes with unpredictable values, for keys and masks. Default: `crypto.getRandomValues` where there is one.
   */
  readonly random?: RandomSource | undefined;
  /**
   * Decodes UTF-8, fatal and keeping a byte order mark. Default: the host's `TextDecoder`, or none and core's own code.
   * It is not asked for up to 16 bytes of ASCII.
   */
  readonly textDecoder?: Utf8TextDecoder | undefined;
}

/** {@link ConnectionOptions} with every default filled in. */
export class ResolvedOptions {
  /** {@link ConnectionOptions.maxMessageSize} */
  readonly maxMessageSize: number;
  /** {@link ConnectionOptions.maxFrameSize} */
  readonly maxFrameSize: number;
  /** {@link ConnectionOptions.maxHeadSize} */
  readonly maxHeadSize: number;
  /** {@link ConnectionOptions.maxEarlyBytes} */
  readonly maxEarlyBytes: number;
  /** {@link ConnectionOptions.maxQueuedBytes} */
  readonly maxQueuedBytes: number;
  /** {@link ConnectionOptions.fragmentSize} */
  readonly fragmentSize: number;
  /** Whether messages are delivered as they arrive: `messages: 'fragments'`. */
  readonly fragments: boolean;
  /** {@link ConnectionOptions.autoPong} */
  readonly autoPong: boolean;
  /** {@link ConnectionOptions.heartbeat} */
  readonly heartbeat: HeartbeatOptions | undefined;
  /** {@link ConnectionOptions.idleTimeout} */
  readonly idleTimeout: number;
  /** {@link ConnectionOptions.messageProgress} */
  readonly messageProgress: MessageProgress | undefined;
  /** {@link ConnectionOptions.stallTimeout} */
  readonly stallTimeout: number;
  /** {@link ConnectionOptions.handshakeTimeout} */
  readonly handshakeTimeout: number;
  /** {@link ConnectionOptions.closeTimeout} */
  readonly closeTimeout: number;
  /** {@link ConnectionOptions.rateLimits} */
  readonly rateLimits: RateLimits | undefined;
  /** {@link ConnectionOptions.compression} */
  readonly compression: MessageExtension | undefined;
  /** {@link ConnectionOptions.random} */
  readonly random: RandomSource | undefined;
  /** {@link ConnectionOptions.textDecoder} */
  readonly textDecoder: Utf8TextDecoder | undefined;

  /**
   * Who has half-machines to give away, of the connections with these options.
   *
   * @internal
   */
  readonly atRest: Readonly<Record<Role, AtRest>> = {
    client: { receiver: undefined, sender: undefined },
    server: { receiver: undefined, sender: undefined },
  };

  /**
   * Checks options and fills in the defaults.
   *
   * @throws {TypeError | RangeError} when an option is not valid; the message names it
   */
  constructor(options: ConnectionOptions) {
    this.maxMessageSize = bytes(options, 'maxMessageSize', 16 * MIB);
    this.maxFrameSize = bytes(options, 'maxFrameSize', this.maxMessageSize);
    this.maxHeadSize = bytes(options, 'maxHeadSize', 16 * KIB);
    this.maxEarlyBytes = bytes(options, 'maxEarlyBytes', 64 * KIB);
    this.maxQueuedBytes = bytes(options, 'maxQueuedBytes', 16 * MIB);
    this.fragmentSize = bytes(options, 'fragmentSize', Infinity, 1);
    const messages = options.messages ?? 'whole';
    if (messages !== 'whole' && messages !== 'fragments')
      throw new TypeError(`messages: 'whole' or 'fragments', not ${shown(messages)}`);
    this.fragments = messages === 'fragments';
    this.autoPong = options.autoPong ?? true;
    if (typeof this.autoPong !== 'boolean') throw new TypeError(`autoPong: true or false, not ${shown(this.autoPong)}`);
    const heartbeat = options.heartbeat ?? { interval: 30_000, timeout: 10_000 };
    if (heartbeat !== false) {
      checkNames(heartbeat, HEARTBEAT, 'heartbeat');
      fromOne('heartbeat.interval', heartbeat.interval);
      fromOne('heartbeat.timeout', heartbeat.timeout);
    }
    this.heartbeat = heartbeat === false ? undefined : heartbeat;
    this.idleTimeout = time(options, 'idleTimeout', 120_000);
    const progress = options.messageProgress ?? { bytes: KIB, within: 10_000 };
    if (progress !== false) {
      checkNames(progress, MESSAGE_PROGRESS, 'messageProgress');
      wholeBytes('messageProgress.bytes', progress.bytes, 1);
      fromOne('messageProgress.within', progress.within);
    }
    this.messageProgress = progress === false ? undefined : progress;
    this.stallTimeout = time(options, 'stallTimeout', 60_000);
    this.handshakeTimeout = time(options, 'handshakeTimeout', 10_000);
    this.closeTimeout = time(options, 'closeTimeout', 5_000);
    this.rateLimits = options.rateLimits;
    checkNames(options.rateLimits ?? {}, RATE_LIMITS, 'rateLimits', 'limit');
    for (const [name, limit] of Object.entries(options.rateLimits ?? {})) {
      if (limit === undefined) continue;
      checkNames(limit, RATE_LIMIT, `rateLimits.${name}`);
      positive(`rateLimits.${name}.perSecond`, limit.perSecond);
      fromOne(`rateLimits.${name}.burst`, limit.burst ?? 1);
    }
    this.compression = options.compression;
    checkCompression(this.compression);
    this.random = options.random ?? host.random;
    if (this.random !== undefined && typeof this.random !== 'function') {
      throw new TypeError(`random: a function that fills a Uint8Array, not ${shown(this.random)}`);
    }
    this.textDecoder = options.textDecoder ?? host.textDecoder;
    const decoder = this.textDecoder;
    // A lenient decoder would put U+FFFD where the RFC wants the connection failed.
    const strict = typeof decoder?.decode === 'function' && decoder.fatal !== false && decoder.ignoreBOM !== false;
    if (decoder !== undefined && !strict) {
      throw new TypeError(`textDecoder: a decoder made with { fatal: true, ignoreBOM: true }, not ${shown(decoder)}`);
    }
  }
}

/**
 * Checks the options once, for all the connections that will have them; the factories take the result as well.
 *
 * @param others what names the options may have besides, of an adapter's for instance
 * @throws {TypeError | RangeError} when an option is not valid or unknown; the message names it
 */
export function resolveOptions(options: ConnectionOptions | ResolvedOptions = {}, others?: Names): ResolvedOptions {
  if (options instanceof ResolvedOptions) return options;
  checkNames(options, { ...CONNECTION_OPTIONS, ...others });
  return new ResolvedOptions(options);
}

/** {@link Connection.server}'s options. */
export interface ServerOptions extends ConnectionOptions, ServerPolicy {}

/** {@link ServerOptions} with every default filled in. */
export class ResolvedServerOptions extends ResolvedOptions {
  /** Which requests are accepted, and how. */
  readonly policy: ServerPolicy;

  /**
   * Checks options and fills in the defaults.
   *
   * @throws {TypeError | RangeError} when an option is not valid; the message names it
   */
  constructor(options: ServerOptions) {
    super(options);
    checkPolicy(options);
    const { origins, requireOrigin, subprotocols } = options;
    this.policy = { origins, requireOrigin, subprotocols };
  }
}

/** {@link resolveOptions} for servers: give the result to `Connection.server` for each connection. */
export function resolveServerOptions(
  options: ServerOptions | ResolvedServerOptions = {},
  others?: Names,
): ResolvedServerOptions {
  if (options instanceof ResolvedServerOptions) return options;
  if (!(options instanceof ResolvedOptions)) {
    checkNames(options, { ...SERVER_OPTIONS, ...others });
    return new ResolvedServerOptions(options);
  }
  // What `resolveOptions` gave means what it says, and has no policy.
  return Object.assign(new ResolvedServerOptions({}), options);
}

const KIB = 1024;
const MIB = 1024 * KIB;

type Sizes = 'maxMessageSize' | 'maxFrameSize' | 'maxHeadSize' | 'maxEarlyBytes' | 'maxQueuedBytes' | 'fragmentSize';
type Timeouts = 'idleTimeout' | 'stallTimeout' | 'handshakeTimeout' | 'closeTimeout';

function bytes(options: ConnectionOptions, name: Sizes, otherwise: number, least = 0): number {
  return wholeBytes(name, options[name] ?? otherwise, least);
}

function wholeBytes(name: string, value: number, least: number): number {
  if (value !== Infinity && !(Number.isSafeInteger(value) && value >= least)) {
    throw wrongNumber(name, `a whole number of bytes from ${least}, or Infinity`, value);
  }
  return value;
}

const time = (options: ConnectionOptions, name: Timeouts, otherwise: number): number =>
  fromOne(name, options[name] ?? otherwise);

function positive(name: string, value: number): void {
  if (!(typeof value === 'number' && value > 0)) throw wrongNumber(name, 'a number above 0', value);
}

function fromOne(name: string, value: number): number {
  if (!(typeof value === 'number' && value >= 1)) throw wrongNumber(name, 'a number from 1', value);
  return value;
}

/** A number out of range, or no number at all. */
const wrongNumber = (name: string, expected: string, value: unknown): RangeError | TypeError =>
  new (typeof value === 'number' ? RangeError : TypeError)(`${name}: ${expected}, not ${shown(value)}`);

function checkCompression(extension: MessageExtension | undefined): void {
  if (extension === undefined) return;
  // Whatever it is, `true` for instance.
  const { offer, accept, confirm } = Object(extension) as Partial<MessageExtension>;
  if ([offer, accept, confirm].some((method) => typeof method !== 'function')) {
    throw new TypeError(
      `compression: what permessageDeflate(…) of @sockless/core/deflate returns, not ${shown(extension)}`,
    );
  }
}

const HEARTBEAT: Names<HeartbeatOptions> = { interval: true, timeout: true };
const MESSAGE_PROGRESS: Names<MessageProgress> = { bytes: true, within: true };
const RATE_LIMITS: Names<RateLimits> = { messages: true, bytes: true, controlFrames: true };
const RATE_LIMIT: Names<RateLimit> = { perSecond: true, burst: true };
