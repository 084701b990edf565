/** The options of a connection as the application gives them, with their defaults and their names. */
import type { MessageExtension } from '../deflate/extension.ts';
import { REQUEST_OPTIONS, type RequestOptions } from '../handshake/client.ts';
import { SERVER_POLICY, type ServerPolicy } from '../handshake/policy.ts';
import type { RandomSource, Utf8TextDecoder } from '../host.ts';
import type { Names } from '../misuse.ts';
import type { RateLimits } from '../receive/rate-limit.ts';

/** The role of an endpoint: a client masks its frames, a server does not (5.1). */
export type Role = 'client' | 'server';

/** How fast a message in progress must arrive. */
export interface MessageProgress {
  /** A number of payload bytes. */
  readonly bytes: number;
  /** The number of milliseconds within which they must arrive. */
  readonly within: number;
}

/** The options of a connection. Sizes are in bytes, times in milliseconds; `Infinity` switches a limit off. */
export interface ConnectionOptions {
  /**
   * The longest message accepted: the sum of the payloads of its frames. Default: 16 MiB. A text that is delivered whole
   * can never be longer than the longest string of the engine, 512 MiB.
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
   * The greatest number of bytes that are kept before the connection is open: of those that a client sends before its
   * request is decided, and of the body of a response that refuses. Default: 64 KiB.
   */
  readonly maxEarlyBytes?: number | undefined;
  /** `send`, `sendFragment`, `ping` and `pong` throw `queue-full` when this many bytes wait for `transmit`. Default: 16 MiB. */
  readonly maxQueuedBytes?: number | undefined;
  /** Longer messages are sent in fragments of this size. Default: `Infinity`, so that each message is one frame. */
  readonly fragmentSize?: number | undefined;
  /**
   * `'whole'`: each message is one event. `'fragments'`: the payload is delivered in parts as it arrives, which takes
   * constant memory; `maxMessageSize` still applies. Default: `'whole'`.
   */
  readonly messages?: 'whole' | 'fragments' | undefined;
  /** Whether Ping frames are answered automatically. Default: true. */
  readonly autoPong?: boolean | undefined;
  /** Ping frames that check whether the peer is still there. Default: one every 30,000 ms, with 10,000 ms for an answer. */
  readonly heartbeat?: HeartbeatOptions | false | undefined;
  /** The longest time without any received bytes on an open connection. Default: 120,000. */
  readonly idleTimeout?: number | undefined;
  /**
   * How fast a message in progress must arrive; its last part may be shorter. `false` switches this off. Default: 1,024
   * bytes of payload within each 10,000 ms.
   */
  readonly messageProgress?: MessageProgress | false | undefined;
  /**
   * The longest time in which bytes wait to be written and none are. Bytes wait until `transmit` has returned them, or, if the caller
   * reports with `written`, until they have been reported. Default: 60,000.
   */
  readonly stallTimeout?: number | undefined;
  /** The longest time for the opening handshake. Default: 10,000. */
  readonly handshakeTimeout?: number | undefined;
  /**
   * The longest time for the rest of the closing handshake and the end of the transport. It begins when our Close frame has
   * been transmitted, the connection has failed, or the read side of the transport has ended. After a fault that `poll` has
   * found it begins again, once, with the next time that is given. Default: 5,000.
   */
  readonly closeTimeout?: number | undefined;
  /** Limits for what a peer sends per second. Default: none. */
  readonly rateLimits?: RateLimits | undefined;
  /** `permessageDeflate(…)` of `@sockless/core/deflate`, to compress messages (RFC 7692). Default: none. */
  readonly compression?: MessageExtension | undefined;
  /**
   * Fills bytes with unpredictable values, for Sec-WebSocket-Key and masking keys. Default: `crypto.getRandomValues`, if
   * the host has it.
   */
  readonly random?: RandomSource | undefined;
  /**
   * Decodes UTF-8; it must throw on invalid bytes, and keep a byte order mark. It is not called for ASCII of up to 16 bytes.
   * Default: the host's `TextDecoder`, or core's own code if the host has none.
   */
  readonly textDecoder?: Utf8TextDecoder | undefined;
}

/** The options of {@link Connection.client}. */
export interface ClientOptions extends ConnectionOptions, RequestOptions {}

/** The options of {@link Connection.server}. */
export interface ServerOptions extends ConnectionOptions, ServerPolicy {}

/** How often to send a Ping frame, and how long to wait for an answer (5.5.2). */
export interface HeartbeatOptions {
  /** The milliseconds from one Ping frame to the next. */
  readonly interval: number;
  /** The milliseconds after a Ping frame within which any bytes must arrive. Otherwise the connection is failed. */
  readonly timeout: number;
}

/** The options for sending one message. */
export interface SendOptions {
  /** Whether to compress it, if that was negotiated. Default: true if it is at least `threshold` bytes long. */
  readonly compress?: boolean | undefined;
  /**
   * Whether bytes are borrowed instead of copied. They must not change, nor be transferred or resized, until `written` has covered
   * them.
   * This saves the copy of a payload of 4 KiB or more that is neither masked nor compressed. If its memory has been
   * transferred or resized before it was transmitted, the connection fails with `loan-changed`. Default: false, and the
   * bytes belong to the caller again when `send` returns.
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
