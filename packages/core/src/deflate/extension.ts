/**
 * What an extension that transforms messages is to core (RFC 6455 9): permessage-deflate of `@sockless/core/deflate`,
 * and nothing else so far. Core knows no more of it, so a bundle that does not compress does not carry it.
 */
import type { Extension } from '../handshake/fields.ts';
import { shown } from '../printable.ts';

/** An extension that may be negotiated. */
export interface MessageExtension {
  /** A client's offers, most wanted first. */
  offer(): readonly Extension[];
  /** A server's answer to the offers of a client; `undefined` when it declines them. */
  accept(offers: readonly Extension[]): NegotiatedExtension | undefined;
  /**
   * A client's check of a server's answer; `undefined` when the server declined.
   *
   * @throws {HandshakeError} `response-extensions`
   */
  confirm(answer: readonly Extension[]): NegotiatedExtension | undefined;
}

/** What both sides have agreed on, at work. */
export interface NegotiatedExtension {
  /** The element of Sec-WebSocket-Extensions that says so. */
  readonly extension: Extension;
  /** What it does to messages. */
  readonly transform: MessageTransform;
}

/** Compresses and decompresses the messages of one connection. Bytes it gives are valid until it is called again. */
export interface MessageTransform {
  /**
   * What it makes of whole messages, where that depends on nothing but the message: transforms with the same recipe compress a message to
   * the same bytes, so a prepared message is compressed once for all of them. `undefined`, the default, where it depends on the messages
   * before.
   */
  readonly recipe?: object | undefined;
  /** Whether a message of so many bytes is to be compressed, where the application has not said. */
  wants(length: number): boolean;
  /** Compresses the next piece of the message that is sent. */
  compress(data: Uint8Array, final: boolean): Uint8Array;
  /** Takes the next piece of the message that is received; `read` it all before the next. */
  write(data: Uint8Array): void;
  /**
   * Gives the next piece of what was written, decompressed, of at most 64 KiB; `undefined` when more must be written.
   *
   * @throws {ProtocolError} `invalid-deflate`
   */
  read(): Uint8Array | undefined;
  /** Whether the last `read` gave all there was: the next one gives `undefined`. */
  readonly drained: boolean;
  /**
   * The message that is received is complete.
   *
   * @throws {ProtocolError} `invalid-deflate` when it was truncated, or goes on behind its end
   */
  finish(): void;
  /** Lets go of all memory. */
  close(): void;
}

/** @throws {TypeError} when `extension` is neither `undefined` nor an extension */
export function checkCompression(extension: MessageExtension | undefined): void {
  if (extension === undefined) return;
  // Whatever it is, `true` for instance.
  const { offer, accept, confirm } = Object(extension) as Partial<MessageExtension>;
  if ([offer, accept, confirm].some((method) => typeof method !== 'function')) {
    throw new TypeError(
      `compression: what permessageDeflate(…) of @sockless/core/deflate returns, not ${shown(extension)}`,
    );
  }
}
