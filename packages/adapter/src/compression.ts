/** The option `compression` of adapters: on, off, or how. */
import type { ConnectionOptions } from '@sockless/core';
import {
  type DeflateEngine,
  type DeflateOptions,
  type MessageExtension,
  permessageDeflate,
} from '@sockless/core/deflate';

/**
 * Whether and how to compress messages (RFC 7692): `true` for the defaults, or options, or an extension of your own.
 * Default: false, because compression costs a server memory for each connection (see `DeflateOptions`) and time for
 * each message. It is worth it when messages are long or resemble each other, and the network is slow.
 */
export type Compression = boolean | DeflateOptions | MessageExtension | undefined;

/** The options of a connection, with {@link Compression}. */
export type WithCompression<Options extends ConnectionOptions> = Omit<Options, 'compression'> & {
  readonly compression?: Compression;
};

/** Returns the options in the form that core takes, with `engine` for the compression. */
export function resolveCompression<Options extends { readonly compression?: Compression }>(
  options: Options,
  engine: DeflateEngine,
): Omit<Options, 'compression'> & { readonly compression: MessageExtension | undefined } {
  const { compression } = options;
  // Return the same object: core recognises options that it has already resolved.
  if (isResolved(options)) return options;
  if (compression === false) return { ...options, compression: undefined };
  return {
    ...options,
    compression: permessageDeflate(engine, compression === true ? {} : (compression as DeflateOptions)),
  };
}

function isResolved<Options extends { readonly compression?: Compression }>(
  options: Options,
): options is Options & { readonly compression: MessageExtension | undefined } {
  const { compression } = options;
  return (
    compression === undefined || (typeof compression === 'object' && compression !== null && 'offer' in compression)
  );
}
