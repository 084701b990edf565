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
 * Default: false, as compression costs a server memory for each connection (see `DeflateOptions`) and time for each
 * message, and pays only where messages are long and alike, and the network is slow.
 */
export type Compression = boolean | DeflateOptions | MessageExtension | undefined;

/** The options of a connection, with {@link Compression}. */
export type WithCompression<Options extends ConnectionOptions> = Omit<Options, 'compression'> & {
  readonly compression?: Compression;
};

/** Gives options as core takes them, for messages to be compressed by `engine`. */
export function resolveCompression<Options extends { readonly compression?: Compression }>(
  options: Options,
  engine: DeflateEngine,
): Omit<Options, 'compression'> & { readonly compression: MessageExtension | undefined } {
  const { compression } = options;
  // That core has resolved them is to be seen still.
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
