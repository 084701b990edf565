/**
 * The interface between core and an extension that transforms messages (RFC 6455 9). permessage-deflate of
 * `@sockless/core/deflate` implements it. Core imports only the interface, so a bundle without compression does not contain
 * the implementation.
 */
import type { Extension } from '../handshake/fields.ts';
import { shown } from '../printable.ts';

/** An extension that may be negotiated. */
export interface MessageExtension {
  /** Returns the offers of a client, in order of preference. */
  offer(): readonly Extension[];
  /** Returns the answer of a server to the offers of a client, or `undefined` when it declines them. */
  accept(offers: readonly Extension[]): NegotiatedExtension | undefined;
  /**
   * Checks the answer of a server for a client. Returns `undefined` when the server declined.
   *
   * @throws {HandshakeError} `response-extensions`
   */
  confirm(answer: readonly Extension[]): NegotiatedExtension | undefined;
}

/** An extension that both sides have agreed on. */
export interface NegotiatedExtension {
  /** The element of the response's Sec-WebSocket-Extensions. */
  readonly extension: Extension;
  /** The transform for the messages of the connection. */
  readonly transform: MessageTransform;
}

/** Compresses and decompresses the messages of one connection. Returned bytes are valid until the next call of any method. */
export interface MessageTransform {
  /**
   * Identifies how whole messages are compressed, if the result depends only on the message. Transforms with the same recipe compress a
   * message to the same bytes, so a prepared message is compressed once for all of them. `undefined`, the default, if the result depends
   * on earlier messages.
   */
  readonly recipe?: object | undefined;
  /** Whether to compress a message of this length when the caller did not specify `compress`. */
  wants(length: number): boolean;
  /** Compresses the next part of a sent message. */
  compress(data: Uint8Array, final: boolean): Uint8Array;
  /** Takes the next part of a received message. The caller must `read` all of it before the next part. */
  write(data: Uint8Array): void;
  /**
   * Returns the next decompressed bytes, at most 64 KiB, or `undefined` when more must be written first.
   *
   * @throws {ProtocolError} `invalid-deflate`
   */
  read(): Uint8Array | undefined;
  /** Whether the last `read` returned the last bytes of the part, so that the next one would return `undefined`. */
  readonly drained: boolean;
  /**
   * Completes a received message.
   *
   * @throws {ProtocolError} `invalid-deflate` when the compressed message is truncated or has bytes after its end
   */
  finish(): void;
  /** Releases all memory. */
  close(): void;
}

/** @throws {TypeError} when `extension` is neither `undefined` nor an extension */
export function checkCompression(extension: MessageExtension | undefined): void {
  if (extension === undefined) return;
  // `Object` makes this safe for any value, `true` for instance.
  const { offer, accept, confirm } = Object(extension) as Partial<MessageExtension>;
  if ([offer, accept, confirm].some((method) => typeof method !== 'function')) {
    throw new TypeError(
      `compression: what permessageDeflate(…) of @sockless/core/deflate returns, not ${shown(extension)}`,
    );
  }
}
