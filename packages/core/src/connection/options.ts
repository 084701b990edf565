/** The options of a connection as its user writes them: what they mean, what their defaults are, which names there are. */
import type { MessageExtension } from '../deflate/extension.ts';
import { REQUEST_OPTIONS, type RequestOptions } from '../handshake/client.ts';
import { SERVER_POLICY, type ServerPolicy } from '../handshake/policy.ts';
import type { RandomSource, Utf8TextDecoder } from '../host.ts';
import type { Names } from '../misuse.ts';
import type { RateLimits } from '../receive/rate-limit.ts';

/** Which end of the connection this is: a client masks what it sends, a server does not (5.1). */
export type Role = 'client' | 'server';

/** How much of a message in progress must arrive, and in what time. */
export interface MessageProgress {
  /** Bytes of payload. */
  readonly bytes: number;
  /** The milliseconds in which they must arrive. */
  readonly within: number;
}

/** The options of a connection. Sizes are in bytes, times in milliseconds; `Infinity` switches a limit off. */
export interface ConnectionOptions {
  /**
   * The longest message accepted: the payloads of its frames together. Default: 16 MiB. A text that is delivered whole
   * is never longer than the engine's strings, 512 MiB.
   */
  readonly maxMessageSize?: number | undefined;
  /**
   * The most frames that a message may have: those without payload make it no longer, and each costs time. Default: 262,144, which 16 MiB
   * in frames of 64 bytes are; `Infinity` with `messages: 'fragments'`.
   */
  readonly maxFragments?: number | undefined;
  /** The longest frame accepted. Default: `maxMessageSize`. */
  readonly maxFrameSize?: number | undefined;
  /** The longest head of an opening handshake accepted. Default: 16 KiB. */
  readonly maxHeadSize?: number | undefined;
  /**
   * How many bytes are kept of what a client sends before its request is decided, and of the body of a response that is
   * not 101. Default: 64 KiB.
   */
  readonly maxEarlyBytes?: number | undefined;
  /** The number of bytes in the outbox from which on `send` and its like throw `queue-full`. Default: 16 MiB. */
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

/** {@link Connection.client}'s options. */
export interface ClientOptions extends ConnectionOptions, RequestOptions {}

/** {@link Connection.server}'s options. */
export interface ServerOptions extends ConnectionOptions, ServerPolicy {}

/** How often to send a Ping frame, and how long to wait for an answer (5.5.2). */
export interface HeartbeatOptions {
  /** Milliseconds from one Ping frame to the next. */
  readonly interval: number;
  /** Milliseconds to wait for bytes after a Ping frame before the connection is failed. */
  readonly timeout: number;
}

/** How to send one message. */
export interface SendOptions {
  /** Whether to compress it, where that was negotiated. Default: when it is `threshold` bytes long or longer. */
  readonly compress?: boolean | undefined;
  /**
   * Whether bytes are borrowed and not copied: they must not be written to, transferred or resized until they have left. That saves the
   * copy of a payload of 4 KiB and more that is neither masked nor compressed. If its memory has been transferred or resized by
   * the time it is transmitted, the connection fails with `loan-changed`. Default: false, and the bytes are the caller's
   * again when `send` returns.
   */
  readonly lend?: boolean | undefined;
  /**
   * Whether bytes are sent as text, by a relay for instance. They must be valid UTF-8. Default: false, and bytes are binary. A string is
   * always text.
   */
  readonly text?: boolean | undefined;
}

/** The names of {@link ConnectionOptions}. */
export const CONNECTION_OPTIONS: Names<ConnectionOptions> = {
  maxMessageSize: true,
  maxFragments: true,
  maxFrameSize: true,
  maxHeadSize: true,
  maxEarlyBytes: true,
  maxQueuedBytes: true,
  fragmentSize: true,
  messages: true,
  autoPong: true,
  heartbeat: true,
  idleTimeout: true,
  messageProgress: true,
  stallTimeout: true,
  handshakeTimeout: true,
  closeTimeout: true,
  rateLimits: true,
  compression: true,
  random: true,
  textDecoder: true,
};

/** The names of `ClientOptions`. */
export const CLIENT_OPTIONS: Names<ConnectionOptions & RequestOptions> = { ...CONNECTION_OPTIONS, ...REQUEST_OPTIONS };

/** The names of `ServerOptions`. */
export const SERVER_OPTIONS: Names<ConnectionOptions & ServerPolicy> = { ...CONNECTION_OPTIONS, ...SERVER_POLICY };
