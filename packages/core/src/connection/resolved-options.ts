/** The options of a connection after they have been checked, with every default filled in. */
import { checkCompression, type MessageExtension } from '../deflate/extension.ts';
import { checkPolicy, type ServerPolicy } from '../handshake/policy.ts';
import { host, type RandomSource, type Utf8TextDecoder } from '../host.ts';
import { checkNames, type Names } from '../misuse.ts';
import { shown } from '../printable.ts';
import type { RateLimit, RateLimits } from '../receive/rate-limit.ts';
import {
  CLIENT_OPTIONS,
  type ClientOptions,
  CONNECTION_OPTIONS,
  type ConnectionOptions,
  type HeartbeatOptions,
  type MessageProgress,
  SERVER_OPTIONS,
  type ServerOptions,
} from './options.ts';

/** {@link ConnectionOptions} with every default filled in. */
export class ResolvedOptions {
  /** {@link ConnectionOptions.maxMessageSize} */
  readonly maxMessageSize: number;
  /** {@link ConnectionOptions.maxFragments} */
  readonly maxFragments: number;
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
  /** Whether messages are delivered in parts as they arrive: `messages: 'fragments'`. */
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
  /** At a server, the policy that decides which requests may be accepted. */
  readonly policy: ServerPolicy;

  /**
   * Checks options and fills in the defaults.
   *
   * @throws {TypeError | RangeError} when an option is not valid; the message names it
   */
  constructor(options: ConnectionOptions, policy: ServerPolicy = {}) {
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
    this.maxFragments = count('maxFragments', options.maxFragments ?? (this.fragments ? Infinity : 262_144));
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
    // A lenient decoder would return U+FFFD for bytes at which the RFC requires us to fail the connection.
    const strict = typeof decoder?.decode === 'function' && decoder.fatal !== false && decoder.ignoreBOM !== false;
    if (decoder !== undefined && !strict) {
      throw new TypeError(`textDecoder: a decoder made with { fatal: true, ignoreBOM: true }, not ${shown(decoder)}`);
    }
    checkPolicy(policy);
    const { origins, publicOrigins, trustForwarded, requireOrigin, subprotocols } = policy;
    this.policy = { origins, publicOrigins, trustForwarded, requireOrigin, subprotocols };
  }
}

/** {@link ServerOptions} with every default filled in. */
export type ResolvedServerOptions = ResolvedOptions;

/**
 * Checks the options once for many connections: `Connection.client`, `server` and `opened` accept the result too.
 *
 * @param others the names of further options that are allowed, an adapter's for instance
 * @throws {TypeError | RangeError} when an option is not valid or unknown; the message names it
 */
export function resolveOptions(options: ConnectionOptions | ResolvedOptions = {}, others?: Names): ResolvedOptions {
  if (options instanceof ResolvedOptions) return options;
  checkNames(options, { ...CONNECTION_OPTIONS, ...others });
  return new ResolvedOptions(options);
}

/**
 * Checks the names of a client's options, and resolves those that are not only for its request.
 *
 * @throws {TypeError | RangeError} when an option is not valid or unknown; the message names it
 */
export function resolveClientOptions(options: ClientOptions): ResolvedOptions {
  checkNames(options, CLIENT_OPTIONS);
  return new ResolvedOptions(options);
}

/** Does {@link resolveOptions} for servers. Give the result to `Connection.server` for each connection. */
export function resolveServerOptions(
  options: ServerOptions | ResolvedServerOptions = {},
  others?: Names,
): ResolvedServerOptions {
  if (options instanceof ResolvedOptions) return options;
  checkNames(options, { ...SERVER_OPTIONS, ...others });
  return new ResolvedOptions(options, options);
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

function count(name: string, value: number): number {
  if (value !== Infinity && !(Number.isSafeInteger(value) && value >= 1)) {
    throw wrongNumber(name, 'a whole number from 1, or Infinity', value);
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

/** Returns the error for a number that is out of range, or for a value that is not a number. */
const wrongNumber = (name: string, expected: string, value: unknown): RangeError | TypeError =>
  new (typeof value === 'number' ? RangeError : TypeError)(`${name}: ${expected}, not ${shown(value)}`);

const HEARTBEAT: Names<HeartbeatOptions> = { interval: true, timeout: true };
const MESSAGE_PROGRESS: Names<MessageProgress> = { bytes: true, within: true };
const RATE_LIMITS: Names<RateLimits> = { messages: true, bytes: true, inflatedBytes: true, controlFrames: true };
const RATE_LIMIT: Names<RateLimit> = { perSecond: true, burst: true };
